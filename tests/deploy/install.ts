import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const requirements = join(import.meta.dirname, 'requirements.txt');
/** Where npm packages keep what they can make again: `npm ci` empties it. */
const venv = join(import.meta.dirname, '../../node_modules/.cache/ministack');
/** A copy of the requirements, written last: what is in the virtual environment. */
const installed = join(venv, 'installed.txt');

/** Why there is no MiniStack on this machine: Python is missing, or PyPI out of reach. */
export class Unavailable extends Error {}

/** Installs MiniStack from PyPI into a virtual environment of its own, once. @returns the command that starts it */
export async function install(): Promise<string> {
  if (!(await isInstalled())) {
    await rm(venv, { recursive: true, force: true });
    await attempt('python3', ['-m', 'venv', venv]);
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries=1', '--timeout=10'];
    // Wheels only, so that nothing of the packages runs before it is asked to.
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
    // pip's last error is its verdict; venv begins with the reason and goes on with advice. A pin that PyPI does not have is a
    // mistake of ours, and no reason to skip.
    const lines = `${stdout}${stderr}`.trim().split('\n');
    if (args.includes('install') && !/Retrying|require a different python/i.test(stderr)) throw error;
    throw new Unavailable(lines.findLast((line) => line.startsWith('ERROR')) ?? (lines[0] || message), {
      cause: error,
    });
  }
}
