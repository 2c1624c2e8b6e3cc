import { type Figure, isMet, ratioOf } from './figures.ts';

/**
 * The figures as text, for a person: a line for each subject, a column for each kind of figure. A cell is what was measured,
 * and its ratio to the baseline; ✘ marks what misses its goal.
 */
export function table(figures: Figure[]): string {
  const kinds = [...Map.groupBy(figures, columnsOf).values()];
  return kinds.map(block).join('\n\n');
}

/** Subjects with the same columns share a block: functions, journeys, schedules. */
const columnsOf = ({ part, block = part }: Figure): string =>
  part === 'cold' || part === 'warm' ? 'functions' : block;

function block(figures: Figure[]): string {
  const names = [...new Set(figures.map(({ name }) => name))];
  const rows = [...Map.groupBy(figures, ({ subject }) => subject)].map(([subject, cells]) => [
    subject,
    ...names.map((name) => {
      const found = cells.find((it) => it.name === name);
      return found ? cell(found) : '';
    }),
  ]);
  const goals = names.map((name) => goal(figures.find((it) => it.name === name)));
  const { block = '' } = figures[0] ?? {};
  const goalRow = goals.some((it) => it !== '') ? [['goal', ...goals]] : [];
  return aligned([[block, ...names], ...goalRow, ...rows]);
}

function cell(figure: Figure): string {
  const { value, unit, baseline } = figure;
  const ratio = ratioOf(figure);
  if (!baseline || ratio === undefined) return `${amount(value, unit)}${mark(figure)}`;
  // Of a time, the ratio says more than the baseline, which is a time on somebody's machine as well.
  const measured = unit === 'ms' ? amount(value, unit) : `${digits(value)} / ${amount(baseline.value, unit)}`;
  return `${measured} ${ratio.toFixed(2)}${mark(figure)}`;
}

/** As wide where there is none, so that the numbers stand below each other. */
const mark = (figure: Figure) => (figure.goal ? (isMet(figure) ? '  ' : ' ✘') : '');

function goal(figure: Figure | undefined): string {
  if (!figure?.goal) return '';
  const { of, most } = figure.goal;
  return `≤ ${of === 'ratio' ? most.toFixed(2) : amount(most, figure.unit)}  `;
}

const counted = new Set<Figure['unit']>(['requests', 'transitions', 'clusters']);

export function amount(value: number, unit: Figure['unit']): string {
  const text = digits(value);
  if (unit === '$/1000') return `$${text}`;
  return counted.has(unit) ? text : `${text} ${unit}`;
}

/** Three significant digits, and whole numbers of what is counted. */
const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : Number.isInteger(value) ? String(value) : value.toPrecision(3);

function aligned(lines: string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join('   ').trimEnd()).join('\n');
}
