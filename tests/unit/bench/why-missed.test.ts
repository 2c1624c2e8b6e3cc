import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Figure } from '../../../bench/figures.ts';
import { whyMissed } from '../../../bench/why-missed.ts';

suite('why first answers miss their goal', () => {
  /** Of a function whose clients take 100 ms. */
  function cold(subject: string, answeredMs: number, callsMs: number): Figure[] {
    const cell = { part: 'cold', subject, unit: 'ms' } as const;
    const builds = { name: 'builds kafka', value: 100 };
    const goal = { of: 'ratio', most: 1.25 } as const;
    return [
      { ...cell, name: 'answered', value: answeredMs, baseline: builds, goal },
      { ...cell, name: 'its calls', value: callsMs, baseline: builds },
      { ...cell, name: '÷ its calls', value: answeredMs, baseline: { name: 'calls kafka:2', value: callsMs }, goal },
    ];
  }

  test('is told in figures of the same run, of those that miss it', () => {
    const text = whyMissed([...cold('A', 132, 120), ...cold('B', 143, 130), ...cold('C', 110, 105)]);
    assert.match(text, /^2 first answers miss 1\.25:/);
    assert.match(text, /come to 1\.20 to 1\.30 \(1 of them over the goal\)/);
    assert.match(text, /multiplies that by 1\.10 to 1\.10\./);
  });

  test('is not told where all is well, or nothing was started', () => {
    assert.equal(whyMissed(cold('C', 110, 105)), '');
    assert.equal(whyMissed([]), '');
  });
});
