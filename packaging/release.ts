import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { complaintAboutNpmOptions } from './npm-options.ts';
import { sbom } from './sbom.ts';

const root = join(import.meta.dirname, '..');
const serverless = join(root, 'node_modules/serverless/bin/serverless.js');

const usage = 'npm run release -- --out <folder>';

/** Where Serverless writes the template of an existing stack, which has all resources. */
const template = 'cloudformation-template-update-stack.json';

/**
 * Writes a release into a folder: `template.json`, a zip for each function, `sbom.json`, and `checksums.txt` with the SHA-256 of each
 * of them, as `sha256sum --check` reads it.
 *
 * @param folder of the project, which Serverless packages
 * @throws Error if the folder exists and has files: a release must not keep any of an earlier one
 */
export async function release(out: string, folder = root): Promise<void> {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0)
    throw new Error(`${out} is not empty; --out must name a new or an empty folder. Choose a new folder.`);
  const packaged = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    const args = [serverless, 'package', '--package', packaged];
    await promisify(execFile)(process.execPath, args, { cwd: folder });
    await copyFile(join(packaged, template), join(out, 'template.json'));
    const zips = (await readdir(packaged)).filter((name) => name.endsWith('.zip'));
    for (const name of zips) await copyFile(join(packaged, name), join(out, name));
  } finally {
    await rm(packaged, { recursive: true });
  }
  await writeFile(join(out, 'sbom.json'), `${JSON.stringify(await sbom(), undefined, 2)}\n`);
  await writeFile(join(out, 'checksums.txt'), await checksums(out));
}

async function checksums(folder: string): Promise<string> {
  const lines = (await readdir(folder)).sort().map(async (name) => {
    const content = await readFile(join(folder, name));
    return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
}

/** @returns the folder @throws Error if the arguments are wrong */
function readOut(args: string[]): string {
  const complaint = complaintAboutNpmOptions(['out', 'stage', 'region', 'param'], process.env);
  if (complaint) throw new Error(complaint);
  const out = parse(args);
  if (!out) throw new Error(`The folder of the release is missing: ${usage}`);
  return out;
}

function parse(args: string[]): string | undefined {
  try {
    return parseArgs({ args, options: { out: { type: 'string' } } }).values.out;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return undefined;
    // Only the first sentence: the others are about positional arguments, which do not exist here.
    const [sentence] = message.split(/\.\s|\.$|\n/);
    throw new Error(`${sentence}; the only option is --out: ${usage}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    const path = resolve(readOut(process.argv.slice(2)));
    await release(path);
    console.log(`The release is in ${path}.`);
  } catch (error) {
    // Serverless prints its own errors on standard output, and our plugin what is wrong with the settings on standard error.
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    console.error((stdout || stderr || message).trimEnd());
    process.exitCode = 1;
  }
}
