import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { thirdPartyNotices } from './notices.ts';
import { complaintAboutNpmOptions } from './npm-options.ts';
import { releaseTemplate } from './release-template.ts';
import { sbom } from './sbom.ts';

const root = join(import.meta.dirname, '..');
const serverless = join(root, 'node_modules/serverless/bin/serverless.js');

const usage = 'npm run release -- --out <folder>';

/** A stage without a file in `stages/`, because a release has no values. */
const stage = 'release-template';

/** Where Serverless writes the template of an existing stack, which has all resources. */
const packagedTemplate = 'cloudformation-template-update-stack.json';

/** The default of the parameter `prefix`. A stage of a clone appends its name to it, and a release has no stage. */
const prefix = 'msk-atlas-privatelink';

/**
 * Writes a release into a folder: `template.json`, a zip for each function, `sbom.json`, `THIRD-PARTY-NOTICES.txt`, and `checksums.txt`
 * with the SHA-256 of each of them, as `sha256sum --check` reads it. Two releases of the same code have the same bytes.
 *
 * @param folder of the project, which Serverless packages
 * @throws Error if the folder exists and has files: a release must not keep any of an earlier one
 */
export async function release(out: string, folder = root): Promise<void> {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0)
    throw new Error(`${out} is not empty; --out must name a new or an empty folder. Choose a new folder.`);
  const notices = await thirdPartyNotices();
  const packaged = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    const args = [serverless, 'package', '--stage', stage, '--package', packaged];
    await promisify(execFile)(process.execPath, args, { cwd: folder });
    const files = await copyZips(packaged, out);
    const template = JSON.parse(await readFile(join(packaged, packagedTemplate), 'utf8'));
    await writeJson(join(out, 'template.json'), releaseTemplate(template, prefix, files));
  } finally {
    await rm(packaged, { recursive: true });
  }
  await writeJson(join(out, 'sbom.json'), await sbom());
  await writeFile(join(out, 'THIRD-PARTY-NOTICES.txt'), notices);
  await writeFile(join(out, 'checksums.txt'), await checksums(out));
}

const writeJson = (file: string, value: unknown) => writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);

/** Copies the zips under names that end with a hash of their content, so that new code is at a new key. @returns the new name of each */
async function copyZips(from: string, to: string): Promise<Record<string, string>> {
  const zips = (await readdir(from)).filter((name) => name.endsWith('.zip'));
  const copies = zips.map(async (zip) => {
    const content = await readFile(join(from, zip));
    const name = `${basename(zip, '.zip')}-${sha256(content).slice(0, 16)}.zip`;
    await writeFile(join(to, name), content);
    return [zip, name];
  });
  return Object.fromEntries(await Promise.all(copies));
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

async function checksums(folder: string): Promise<string> {
  const lines = (await readdir(folder)).sort().map(async (name) => {
    return `${sha256(await readFile(join(folder, name)))}  ${name}\n`;
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
