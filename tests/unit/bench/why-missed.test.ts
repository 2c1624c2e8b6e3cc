import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Figure } from '../../../bench/figures.ts';
import { whyMissed } from '../../../bench/why-missed.ts';

suite('why first answers miss their goal', () => {
  /** The figures of a function whose clients take 100 ms. */
  function cold(subject: string, answeredMs: number, requestsMs: number): Figure[] {
    const cell = { part: 'cold', subject, unit: 'ms' } as const;
    const builds = { name: 'builds kafka', value: 100 };
    const goal = { of: 'ratio', max: 1.25 } as const;
    return [
      { ...cell, name: 'answered', value: answeredMs, baseline: builds, goal },
      { ...cell, name: 'requests', value: requestsMs, baseline: builds },
      { ...cell, name: '÷ requests', value: answeredMs, baseline: { name: 'calls kafka:2', value: requestsMs }, goal },
    ];
  }

  test('is explained by figures of the same run', () => {
    const text = whyMissed([...cold('A', 132, 120), ...cold('B', 143, 130), ...cold('C', 110, 105)]);
    assert.match(text, /^2 first answers miss 1\.25:/);
    assert.match(text, /cost 1\.20 to 1\.30 \(1 of them miss the goal\)/);
    assert.match(text, /multiplies that by\n1\.10 to 1\.10\./);
  });

  test('is not explained if no first answer misses it', () => {
    assert.equal(whyMissed(cold('C', 110, 105)), '');
    assert.equal(whyMissed([]), '');
  });
});
