import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const requirements = join(import.meta.dirname, 'requirements.txt');
/** A cache, which `npm ci` empties. */
const venv = join(import.meta.dirname, '../../node_modules/.cache/ministack');
/** A copy of the requirements, written last: it says what is installed. */
const installed = join(venv, 'installed.txt');

/** MiniStack cannot be installed on this machine: Python is missing, or PyPI cannot be reached. */
export class Unavailable extends Error {}

/** Installs MiniStack from PyPI into its own virtual environment, once. @returns the command that starts it */
export async function install(): Promise<string> {
  if (!(await isInstalled())) {
    await rm(venv, { recursive: true, force: true });
    await attempt('python3', ['-m', 'venv', venv]);
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries=1', '--timeout=10'];
    // Wheels only: the packages run no code at installation.
    await attempt(join(venv, 'bin/pip'), ['install', ...options, '--only-binary=:all:', '--requirement', requirements]);
    await copyFile(requirements, installed);
  }
  return join(venv, 'bin/ministack');
}

async function isInstalled(): Promise<boolean> {
  return existsSync(installed) && (await readFile(installed, 'utf8')) === (await readFile(requirements, 'utf8'));
}

async function attempt(command: string, args: string[]): Promise<void> {
  try {
    await run(command, args);
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      message,
    } = error as ExecFileException & { stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Unavailable(`there is no ${basename(command)}`, { cause: error });
    // pip ends with its error; venv starts with the reason, followed by advice. A version that PyPI does not have is our own
    // mistake and must fail.
    const lines = `${stdout}${stderr}`.trim().split('\n');
    if (args.includes('install') && !/Retrying|require a different python/i.test(stderr)) throw error;
    throw new Unavailable(lines.findLast((line) => line.startsWith('ERROR')) ?? (lines[0] || message), {
      cause: error,
    });
  }
}
