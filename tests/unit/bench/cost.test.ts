import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dollars } from '../../../bench/cost.ts';

test('a thousand transitions cost two and a half cents, and the functions almost nothing', () => {
  assert.equal(dollars({ transitions: 1000, invocations: 0, lambdaMs: 0 }), 0.025);
  assert.ok(dollars({ transitions: 0, invocations: 200, lambdaMs: 2000 }) < 0.0001);
});
