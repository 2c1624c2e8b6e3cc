import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Capacity } from '../../../emulators/lambda/capacity.ts';

/** A capacity of two, and what has begun so far: each name takes one. */
function capacityOfTwo(...names: string[]) {
  const capacity = new Capacity(2);
  const begun: string[] = [];
  for (const name of names) void capacity.take().then(() => begun.push(name));
  return { capacity, begun: () => new Promise<string[]>((resolve) => setImmediate(() => resolve([...begun]))) };
}

suite('the capacity of the local Lambda', () => {
  test('is exhausted while others wait', async () => {
    const { capacity, begun } = capacityOfTwo('a', 'b');
    assert.equal(capacity.isExhausted, false);
    void capacity.take();
    assert.equal(capacity.isExhausted, true);
    assert.deepEqual(await begun(), ['a', 'b']);
  });

  test('goes to those that wait in the order of their arrival', async () => {
    const { capacity, begun } = capacityOfTwo('a', 'b', 'c', 'd');
    assert.deepEqual(await begun(), ['a', 'b']);
    capacity.release();
    assert.deepEqual(await begun(), ['a', 'b', 'c']);
    capacity.release();
    assert.deepEqual(await begun(), ['a', 'b', 'c', 'd']);
    assert.equal(capacity.isExhausted, false);
  });

  test('is exceeded by a function that works again, and then admits nothing until it is free', async () => {
    const { capacity, begun } = capacityOfTwo('a', 'b', 'c', 'd');
    capacity.release();
    capacity.takeBack();
    capacity.release();
    assert.deepEqual(await begun(), ['a', 'b', 'c']);
    capacity.release();
    assert.deepEqual(await begun(), ['a', 'b', 'c', 'd']);
  });
});
