import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import './bad-input/events.ts';
import './bad-input/inputs.ts';
import './bad-input/policies.ts';
import './bad-input/secrets.ts';
import './bad-input/size.ts';
import './bad-input/tags.ts';
import './bad-input/unusual-inputs.ts';
import { secret } from './bad-input/rejection.ts';
import { logged } from './local-cloud.ts';

// All of these tests run in one process, so that this suite can check what they have logged together.
suite('the runs above log', () => {
  test('each failure, in a line that is short enough for CloudWatch', () => {
    assert.ok(logged.some((line) => line.includes('InvalidRequest')));
    assert.deepEqual(
      logged.filter((line) => line.length > 20_000).map((line) => line.slice(0, 200)),
      [],
    );
  });

  test('no secret', () => {
    assert.deepEqual(
      logged.filter((line) => line.includes(secret)),
      [],
    );
  });
});
