import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Figure } from '../../../bench/figures.ts';
import { amount, table } from '../../../bench/table.ts';

suite('the table', () => {
  const loaded = (subject: string, value: number): Figure => ({
    part: 'cold',
    subject,
    name: 'loaded',
    value,
    unit: 'ms',
    baseline: { name: 'builds kafka', value: 100 },
    goal: { of: 'ratio', max: 1.25 },
  });
  const zip: Figure = {
    part: 'cold',
    subject: 'InspectCluster',
    name: 'zip',
    value: 85.51,
    unit: 'kB',
    goal: { of: 'value', max: 200 },
  };

  test('has a row for each subject, a column for each kind of figure, and a mark for a missed goal', () => {
    assert.equal(
      table([loaded('InspectCluster', 104), zip, loaded('SweepClusters', 130)]),
      [
        '                        loaded          zip',
        'goal                  ≤ 1.25     ≤ 200 kB',
        'InspectCluster   104 ms 1.04      85.5 kB',
        'SweepClusters    130 ms 1.30 ✘',
      ].join('\n'),
    );
  });

  test('separates functions and journeys', () => {
    const trips: Figure = { part: 'trips', subject: 'disconnect', name: 'with polls', value: 36, unit: 'requests' };
    assert.equal(table([zip, trips]).split('\n\n').length, 2);
  });

  test('prints three digits', () => {
    assert.equal(amount(0.7534, 'ms'), '0.753 ms');
    assert.equal(amount(1114.4, 'ms'), '1114 ms');
    assert.equal(amount(42, 'requests'), '42');
    assert.equal(amount(12.61, '$/1000'), '$12.6');
  });
});
