/** What a figure must not exceed: itself, or its ratio to the baseline. */
export interface Goal {
  of: 'value' | 'ratio';
  most: number;
}

/** One cell of the table. */
export interface Figure {
  part: Part;
  /** What has columns of its own within the part. */
  block?: string;
  /** The line: a function, a run. */
  subject: string;
  /** The column. */
  name: string;
  value: number;
  unit: Unit;
  /** Measured in the same run. */
  baseline?: { name: string; value: number };
  goal?: Goal;
}

export const parts = ['cold', 'warm', 'trips', 'machine', 'scale'] as const;
export type Part = (typeof parts)[number];
type Unit = 'ms' | 's' | 'min' | 'kB' | 'MB' | '%' | 'requests' | 'transitions' | 'clusters' | '$/1000';

/** The figure's share of its baseline; undefined where there is nothing to compare. */
export const ratioOf = ({ value, baseline }: Figure): number | undefined =>
  baseline && baseline.value > 0 ? value / baseline.value : undefined;

/** Undefined where no goal is set. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal, value } = figure;
  if (!goal) return undefined;
  return (goal.of === 'value' ? value : (ratioOf(figure) ?? Number.POSITIVE_INFINITY)) <= goal.most;
}

/** @param share 0 to 1; 0.5 is the median. Between two values it is interpolated. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (sorted.length - 1) * share;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: number[]): number => quantile(values, 0.5);

/** Measures everything once, again and again, so that a busy minute of the machine falls on all alike. */
export async function interleaved<Subject, Sample>(
  subjects: Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Sample>,
): Promise<Map<Subject, Sample[]>> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    // Another one is the first of each round.
    const start = round % subjects.length;
    for (const subject of [...subjects.slice(start), ...subjects.slice(0, start)])
      samples.get(subject)?.push(await measure(subject));
  }
  return samples;
}
