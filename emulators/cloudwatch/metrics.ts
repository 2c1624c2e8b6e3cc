import type { Clock } from '../clock.ts';

/** A metric in CloudWatch. */
export interface MetricId {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

export interface Datapoint {
  /** Epoch milliseconds, simulated. */
  at: number;
  value: number;
}

/** A log line in the embedded metric format. Documented: the values are fields of the line. */
interface Embedded {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  [field: string]: unknown;
}

/** The part of CloudWatch that keeps metrics. A datapoint has the time of the cloud's clock. */
export class Metrics {
  readonly #clock: Clock;
  readonly #datapoints = new Map<string, Datapoint[]>();
  readonly #lasting = new Map<string, { since: number; value: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(id: MetricId, value: number): void {
    const datapoints = this.#datapoints.get(keyOf(id)) ?? [];
    datapoints.push({ at: this.#clock.now().getTime(), value });
    this.#datapoints.set(keyOf(id), datapoints);
  }

  /** A value that lasts until `clear`, such as the length of a queue. Documented: SQS reports it once a minute. */
  set(id: MetricId, value: number): void {
    this.#lasting.set(keyOf(id), { since: this.#lasting.get(keyOf(id))?.since ?? this.#clock.now().getTime(), value });
  }

  /** Reads the metrics in a log line of a function, if it has any. */
  putLogged(line: string): void {
    if (!line.includes('"CloudWatchMetrics"')) return;
    const embedded = JSON.parse(line) as Embedded;
    for (const { Namespace: namespace, Dimensions, Metrics: metrics } of embedded._aws.CloudWatchMetrics)
      for (const keys of Dimensions)
        for (const { Name: name } of metrics) {
          const dimensions = Object.fromEntries(keys.map((key) => [key, String(embedded[key])]));
          for (const value of [embedded[name]].flat()) this.put({ namespace, name, dimensions }, Number(value));
        }
  }

  get(id: MetricId): Datapoint[] {
    const { since = 0, value = 0 } = this.#lasting.get(keyOf(id)) ?? {};
    const minutes = since === 0 ? 0 : Math.ceil((this.#clock.now().getTime() - since + 1) / 60_000);
    const lasting = Array.from({ length: minutes }, (_, minute) => ({ at: since + minute * 60_000, value }));
    return [...(this.#datapoints.get(keyOf(id)) ?? []), ...lasting];
  }

  clear(): void {
    this.#datapoints.clear();
    this.#lasting.clear();
  }
}

const keyOf = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);
