/** The maximum of a figure: of its value, or of its ratio to the baseline. */
export interface Goal {
  of: 'value' | 'ratio';
  max: number;
}

/** One cell of the table. */
export interface Figure {
  part: Part;
  /** Figures of one block share the columns of a table; by default, a part is one block. */
  block?: string;
  /** The row: a function, a run. */
  subject: string;
  /** The column. */
  name: string;
  value: number;
  unit: Unit;
  /** Measured in the same run. */
  baseline?: { name: string; value: number };
  goal?: Goal;
}

export const parts = ['cold', 'warm', 'trips', 'cost', 'scale'] as const;
export type Part = (typeof parts)[number];
type Unit = 'ms' | 's' | 'min' | 'kB' | 'MB' | '%' | 'requests' | 'transitions' | 'clusters' | '$/1000';

/** The figure divided by its baseline; undefined without a baseline. */
export const ratioOf = ({ value, baseline }: Figure): number | undefined =>
  baseline && baseline.value > 0 ? value / baseline.value : undefined;

/** Whether the goal is met; undefined without a goal. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal, value } = figure;
  if (!goal) return undefined;
  return (goal.of === 'value' ? value : (ratioOf(figure) ?? Number.POSITIVE_INFINITY)) <= goal.max;
}

/** Interpolates between two values. @param share 0 to 1; 0.5 is the median */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (sorted.length - 1) * share;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: number[]): number => quantile(values, 0.5);

/** Measures all subjects once per round, so that a busy minute of the machine affects all of them alike. */
export async function interleaved<Subject, Sample>(
  subjects: Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Sample>,
): Promise<Map<Subject, Sample[]>> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    // Each round starts with another subject.
    const start = round % subjects.length;
    for (const subject of [...subjects.slice(start), ...subjects.slice(0, start)])
      samples.get(subject)?.push(await measure(subject));
  }
  return samples;
}
