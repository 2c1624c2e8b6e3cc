import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Alarm, timesOf } from '../../../emulators/cloudwatch/alarms.ts';
import { evaluate } from '../../../emulators/cloudwatch/expression.ts';
import { Metrics } from '../../../emulators/cloudwatch/metrics.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

const id = { namespace: 'own', name: 'Failures', dimensions: { service: 'x' } };
const alarm: Alarm = {
  AlarmName: 'failures',
  AlarmDescription: '',
  Namespace: 'own',
  MetricName: 'Failures',
  Dimensions: [{ Name: 'service', Value: 'x' }],
  Statistic: 'Sum',
  Period: 300,
  EvaluationPeriods: 1,
  Threshold: 2,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};

/** Metrics with datapoints at these minutes. @returns the minutes at which an alarm goes off in two hours */
function watch(minutes: number[], changes: Partial<Alarm> = {}): number[] {
  const clock = stoppedClock();
  const metrics = new Metrics(clock);
  const from = clock.now().getTime();
  for (const minute of minutes) {
    clock.advance(minute - (clock.now().getTime() - from) / 60_000);
    metrics.put(id, 1);
  }
  const times = timesOf({ ...alarm, ...changes }, metrics, { from, to: from + 7_200_000 });
  return times.map((time) => (time.getTime() - from) / 60_000);
}

suite('an alarm of the local CloudWatch', () => {
  test('goes off at the end of the period that breaches the threshold, and once until it is OK again', () => {
    assert.deepEqual(watch([1, 6]), []);
    assert.deepEqual(watch([1, 2]), [5]);
    assert.deepEqual(watch([1, 2, 6, 7, 21, 22]), [5, 25]);
  });

  test('needs all of its periods, or as many datapoints as it says', () => {
    const periods = { EvaluationPeriods: 3, Threshold: 1 };
    assert.deepEqual(watch([1, 6], periods), []);
    assert.deepEqual(watch([1, 6, 11], periods), [15]);
    assert.deepEqual(watch([1, 11], { ...periods, DatapointsToAlarm: 2 }), [15]);
  });

  test('may take missing data for a breach', () => {
    const missing = { TreatMissingData: 'breaching', ComparisonOperator: 'LessThanThreshold', Threshold: 1 };
    assert.deepEqual(watch([61], { ...missing, Period: 3600 }), []);
    assert.deepEqual(watch([1], { ...missing, Period: 3600 }), [120]);
  });

  test('refuses what it does not know', () => {
    for (const changes of [
      { Statistic: 'p99' },
      { ComparisonOperator: 'LessThanOrEqualToThreshold' },
      { TreatMissingData: 'ignore' },
    ])
      assert.throws(() => watch([], changes), /The local CloudWatch does not know/);
  });
});

suite('the metrics of the local CloudWatch', () => {
  test('come from log lines in the embedded metric format', () => {
    const metrics = new Metrics(stoppedClock());
    metrics.putLogged('{"message":"answered"}');
    metrics.putLogged(
      JSON.stringify({
        _aws: { CloudWatchMetrics: [{ Namespace: 'own', Dimensions: [['service']], Metrics: [{ Name: 'Failures' }] }] },
        service: 'x',
        Failures: [1, 2],
      }),
    );
    assert.deepEqual(
      metrics.get(id).map(({ value }) => value),
      [1, 2],
    );
  });
});

suite('metric math of the local CloudWatch', () => {
  const one = new Map([
    [1, 2],
    [3, 1],
  ]);
  const series = new Map([
    ['one', one],
    ['none', new Map()],
  ]);
  const value = (expression: string) => [...evaluate(expression, series, [1, 2, 3])];

  test('fills gaps, adds series, and adds up from the first period', () => {
    assert.deepEqual(value('FILL(-1 * one, 0)'), [
      [1, -2],
      [2, 0],
      [3, -1],
    ]);
    assert.deepEqual(value('FILL(none, 0)'), []);
    assert.deepEqual(value('RUNNING_SUM(SUM([FILL(one, 0), FILL(none, 0), one]))'), [
      [1, 4],
      [2, 4],
      [3, 6],
    ]);
  });

  test('refuses what it does not know', () => {
    for (const expression of ['other', 'AVG([one])', 'one + one', 'one * one', 'FILL(one)', '3', 'SUM([one]'])
      assert.throws(() => value(expression), /The local CloudWatch does not know/, expression);
  });
});
