import { type Figure, isMet, ratioOf } from './figures.ts';

/**
 * The figures as text: a row for each subject, a column for each kind of figure. A cell has the measured value and its ratio to
 * the baseline; ✘ marks a missed goal.
 */
export function table(figures: Figure[]): string {
  const kinds = [...Map.groupBy(figures, columnsOf).values()];
  return kinds.map(block).join('\n\n');
}

/** Subjects with the same columns share a block, such as functions or journeys. */
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
  // The baseline of a time depends on the machine, so its ratio is enough.
  const measured = unit === 'ms' ? amount(value, unit) : `${digits(value)} / ${amount(baseline.value, unit)}`;
  return `${measured} ${ratio.toFixed(2)}${mark(figure)}`;
}

/** Two characters in any case, so that the numbers are aligned. */
const mark = (figure: Figure) => (figure.goal ? (isMet(figure) ? '  ' : ' ✘') : '');

function goal(figure: Figure | undefined): string {
  if (!figure?.goal) return '';
  const { of, max } = figure.goal;
  return `≤ ${of === 'ratio' ? max.toFixed(2) : amount(max, figure.unit)}  `;
}

const counted = new Set<Figure['unit']>(['requests', 'transitions', 'clusters']);

export function amount(value: number, unit: Figure['unit']): string {
  const text = digits(value);
  if (unit === '$/1000') return `$${text}`;
  return counted.has(unit) ? text : `${text} ${unit}`;
}

/** Three significant digits; no decimals from 100 on. */
const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : Number.isInteger(value) ? String(value) : value.toPrecision(3);

function aligned(lines: string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join('   ').trimEnd()).join('\n');
}
