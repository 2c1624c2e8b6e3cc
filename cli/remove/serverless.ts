import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const projectFile = (path: string): URL => new URL(`../../${path}`, import.meta.url);

/** The command line of Serverless. */
const serverless = fileURLToPath(projectFile('node_modules/serverless/bin/serverless.js'));

/**
 * Lets Serverless remove the stack, with the same checks of its arguments as `npm run deploy`.
 *
 * @param executable for tests
 * @returns its exit code, or 128 and the number of the signal that has ended it, as a shell says it
 */
export function removeStack(args: string[], executable = serverless): Promise<number> {
  const checks = projectFile('packaging/check-arguments.ts').href;
  const child = spawn(process.execPath, ['--import', checks, executable, 'remove', ...args], { stdio: 'inherit' });
  // Ctrl-C reaches Serverless, too. This process waits for its end.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) =>
    child
      .once('error', reject)
      .once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))),
  ).finally(() => process.off('SIGINT', ignore));
}
