import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOnce } from '../../../cli/preflight/read-once.ts';
import { AwsRefused, AwsUnavailable } from '../../../shared/errors.ts';

/** A client whose calls fail with an error after some time by its own clock. */
function failing(error: Error, afterMs: number) {
  const called: string[] = [];
  let now = 0;
  const read = async (name: string) => {
    called.push(name);
    now += afterMs;
    throw error;
  };
  return { called, client: readOnce({ read }, () => now) };
}

test('readOnce asks no more of a service that does not answer', async () => {
  const error = new AwsUnavailable('No answer.');
  const { called, client } = failing(error, 7_000);
  for (const name of ['a', 'a', 'b']) await assert.rejects(client.read(name), error);
  assert.deepEqual(called, ['a']);
});

test('readOnce asks on after any other error', async () => {
  for (const [error, afterMs] of [
    [new AwsUnavailable('HTTP 503'), 300],
    [new AwsRefused('No.', { code: 'AccessDenied', said: '' }), 7_000],
  ] as const) {
    const { called, client } = failing(error, afterMs);
    for (const name of ['a', 'a', 'b']) await assert.rejects(client.read(name), error);
    assert.deepEqual(called, ['a', 'b']);
  }
});
