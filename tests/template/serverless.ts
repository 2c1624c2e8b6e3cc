import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from '../fixtures/loopback.ts';
import { noMaglev, withoutBuild } from '../fixtures/node-options.ts';

const project = join(import.meta.dirname, '../..');
const cli = join(project, 'node_modules/serverless/bin/serverless.js');

/**
 * The project as a folder of its own, by links: Serverless empties and fills `.serverless/` where it runs, and here no other
 * test does so. It has no settings yet.
 */
export function serviceFolder(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'serverless-'));
  test.after(() => rmSync(folder, { recursive: true }));
  for (const name of [
    'dist',
    'functions',
    'infrastructure',
    'node_modules',
    'package.json',
    'packaging',
    'statemachine',
  ])
    symlinkSync(join(project, name), join(folder, name));
  // Serverless does not follow a link to its configuration.
  copyFileSync(join(project, 'serverless.yml'), join(folder, 'serverless.yml'));
  mkdirSync(join(folder, 'stages'));
  return folder;
}

export function writeStageFile(folder: string, stage: string, settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(folder, `stages/${stage}.yml`), lines.join(''));
}

interface Surroundings {
  environment?: Record<string, string>;
  signal?: AbortSignal;
}

/** Runs the Serverless command, without the AWS environment and the AWS profiles of the person who runs the test. */
export const serverless = (folder: string, args: string[], surroundings: Surroundings = {}) =>
  run([cli, ...args], folder, surroundings);

/** Runs the Serverless command in the same way, but with the bundles of `npm run build`. */
export const serverlessWithoutBuild = (folder: string, args: string[], surroundings: Surroundings = {}) =>
  run([...withoutBuild, cli, ...args], folder, surroundings);

/** Runs the command line of `npm run remove`, without the AWS environment and the AWS profiles of the person who runs the test. */
export const remove = (folder: string, args: string[], surroundings: Surroundings = {}) =>
  run([join(project, 'cli/remove/main.ts'), ...args], folder, surroundings);

function run(
  args: string[],
  folder: string,
  { environment = {}, signal }: Surroundings,
): Promise<{ code: number; output: string }> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull, ...environment };
  return new Promise((resolve) =>
    execFile(process.execPath, [noMaglev, ...args], { cwd: folder, env, signal }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    ),
  );
}

/** The names of the files in a zip, from its central directory. */
export function namesInZip(file: string): string[] {
  const zip = readFileSync(file);
  const end = zip.lastIndexOf('PK\x05\x06');
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, nameEnd);
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    return name;
  });
}
