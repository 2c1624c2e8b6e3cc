import { evaluate, type Series } from './expression.ts';
import type { MetricId, Metrics } from './metrics.ts';

type Dimensions = { Name: string; Value: string }[];

/** An alarm as the template defines it. */
export interface Alarm {
  AlarmName: string;
  AlarmDescription: string;
  Namespace?: string;
  MetricName?: string;
  Dimensions?: Dimensions;
  Statistic?: string;
  Period?: number;
  /** Instead of the five above. */
  Metrics?: {
    Id: string;
    Expression?: string;
    ReturnData?: boolean;
    MetricStat?: {
      Metric: { Namespace: string; MetricName: string; Dimensions: Dimensions };
      Period: number;
      Stat: string;
    };
  }[];
  EvaluationPeriods: number | string;
  DatapointsToAlarm?: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData: string;
}

const statistics: Record<string, (values: number[]) => number> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Maximum: (values) => Math.max(...values),
};

const operators: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
};

/**
 * When an alarm goes off: each time that it goes from OK to ALARM, which is when it notifies. Documented: it goes off if enough
 * datapoints of its last periods breach the threshold; missing data breaches it or not, as the alarm says. Assumed: it is evaluated
 * at the end of each period, and before `from` everything was in order.
 *
 * @param from @param to epoch milliseconds, simulated
 * @throws Error for a property, function or operator that the local CloudWatch does not know
 */
export function timesOf(alarm: Alarm, metrics: Metrics, { from, to }: { from: number; to: number }): Date[] {
  const periods = Number(alarm.EvaluationPeriods);
  const { DatapointsToAlarm = periods, TreatMissingData, Threshold, ComparisonOperator } = alarm;
  const breaches = known(operators, ComparisonOperator);
  const periodMs =
    1000 * (alarm.Period ?? alarm.Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat?.Period ?? 0);
  const isMissingBad = known({ breaching: true, notBreaching: false }, TreatMissingData);
  const series = seriesOf(alarm, metrics, periodMs);
  const first = Math.floor(from / periodMs);
  const times: Date[] = [];
  let wasOff = false;
  for (let end = first + 1; end * periodMs <= to; end++) {
    const range = Array.from({ length: periods }, (_, index) => end - periods + index);
    const values = series(range);
    const isBad = (period: number) => {
      const value = values.get(period);
      return value === undefined ? isMissingBad && period > first : breaches(value, Threshold);
    };
    const isOff = range.filter(isBad).length >= DatapointsToAlarm;
    if (isOff && !wasOff) times.push(new Date(end * periodMs));
    wasOff = isOff;
  }
  return times;
}

/** The values of an alarm in a range of periods, each period by its number. */
function seriesOf(alarm: Alarm, metrics: Metrics, periodMs: number): (range: number[]) => Series {
  if (alarm.MetricName !== undefined) {
    const { Namespace = '', MetricName, Dimensions = [], Statistic = '' } = alarm;
    const values = byPeriod(metrics, idOf(Namespace, MetricName, Dimensions), Statistic, periodMs);
    return (range) => within(values, range);
  }
  const { Metrics: parts = [] } = alarm;
  const named = new Map<string, Series>();
  for (const { Id, MetricStat } of parts) {
    if (!MetricStat) continue;
    const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
    named.set(Id, byPeriod(metrics, idOf(Namespace, MetricName, Dimensions), MetricStat.Stat, periodMs));
  }
  const { Expression = '' } = parts.find(({ ReturnData = true }) => ReturnData) ?? {};
  return (range) => evaluate(Expression, new Map([...named].map(([id, values]) => [id, within(values, range)])), range);
}

function byPeriod(metrics: Metrics, id: MetricId, statistic: string, periodMs: number): Series {
  const grouped = Map.groupBy(metrics.get(id), ({ at }) => Math.floor(at / periodMs));
  const combine = known(statistics, statistic);
  return new Map([...grouped].map(([period, points]) => [period, combine(points.map(({ value }) => value))]));
}

const within = (values: Series, range: number[]): Series =>
  new Map(range.flatMap((period) => (values.has(period) ? [[period, values.get(period) ?? 0]] : [])));

const idOf = (namespace: string, name: string, dimensions: Dimensions): MetricId => ({
  namespace,
  name,
  dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
});

function known<Value>(values: Record<string, Value>, name: string): Value {
  const value = values[name];
  if (value === undefined) throw new Error(`The local CloudWatch does not know ${name}.`);
  return value;
}
