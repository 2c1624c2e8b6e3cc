import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Figure, interleaved, isMet, median, quantile, ratioOf } from '../../../bench/figures.ts';

const figure = (overrides: Partial<Figure> = {}): Figure => ({
  part: 'warm',
  subject: 'CheckConnection',
  name: 'own time',
  value: 3,
  unit: 'ms',
  baseline: { name: 'fetch', value: 2 },
  ...overrides,
});

suite('a figure', () => {
  test('has a ratio to its baseline', () => {
    assert.equal(ratioOf(figure()), 1.5);
    assert.equal(ratioOf(figure({ baseline: { name: 'nothing', value: 0 } })), undefined);
  });

  test('meets a goal for its value or for its ratio', () => {
    assert.equal(isMet(figure()), undefined);
    assert.equal(isMet(figure({ goal: { of: 'value', max: 3 } })), true);
    assert.equal(isMet(figure({ goal: { of: 'ratio', max: 1.5 } })), true);
    assert.equal(isMet(figure({ goal: { of: 'ratio', max: 1.4 } })), false);
  });

  test('that could not be measured misses its goal', () => {
    const baseline = { name: 'fetch', value: Number.NaN };
    assert.equal(isMet(figure({ baseline, goal: { of: 'ratio', max: 2 } })), false);
    assert.equal(isMet(figure({ value: Number.NaN, goal: { of: 'value', max: 2 } })), false);
  });
});

suite('the median', () => {
  test('is the middle, in any order', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  test('is a quantile', () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index);
    assert.equal(quantile(values, 0.95), 95);
    assert.equal(quantile([7], 0.95), 7);
  });
});

test('each round measures every subject once and starts with another one', async () => {
  const order: string[] = [];
  const samples = await interleaved(['a', 'b', 'c'], 3, async (name) => order.push(name));
  assert.equal(order.join(''), 'abcbcacab');
  assert.deepEqual(samples.get('a'), [1, 6, 8]);
});
