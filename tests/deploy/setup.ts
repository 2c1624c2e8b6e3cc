import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { install, Unavailable } from './install.ts';
import type { MiniStack } from './ministack.ts';

/** What the journeys share. */

const installed = await install().catch((error: unknown) => {
  if (error instanceof Unavailable) return error;
  throw error;
});

/** Starts MiniStack. */
export const command = String(installed);

/** Checks templates, with what AWS publishes about its resources. It is installed beside MiniStack. */
export const cfnLint = join(dirname(command), 'cfn-lint');

/** Why the journeys cannot run on this machine, or false. */
export const unavailable =
  installed instanceof Unavailable && `MiniStack cannot be installed here: ${installed.message}`;

// All temporary files are in one folder, which is removed however this process ends.
const temporary = mkdtempSync(join(tmpdir(), 'deploy-test-'));
process.env.TMPDIR = temporary;
process.once('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
// Without a listener, a signal would end the process without its exit handlers, and MiniStack would keep running.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Runs the steps of a journey. Each one starts from the result of the one before, so after a failure all others are skipped. */
export function steps(t: TestContext, ministack: MiniStack) {
  let failed = false;
  return (sentence: string, work: () => Promise<void>) =>
    t.test(sentence, { skip: failed && 'an earlier step has failed' }, async () => {
      failed = true;
      await work().catch(async (error: unknown) => {
        t.diagnostic((await ministack.log()).split('\n').slice(-200).join('\n'));
        throw error;
      });
      failed = false;
    });
}
