import { type Figure, isMet, ratioOf } from './figures.ts';

/** The figures as text, for a person. */
export function table(figures: Figure[]): string {
  const rows = figures.map((figure) => {
    const { part, name, value, unit, baseline } = figure;
    const ratio = ratioOf(figure);
    return [
      part,
      name,
      amount(value, unit),
      baseline ? `${baseline.name}, ${amount(baseline.value, unit)}` : '',
      ratio === undefined ? '' : ratio.toFixed(2),
      goal(figure),
    ];
  });
  const lines = [['part', 'figure', 'measured', 'baseline, in the same run', 'ratio', 'goal'], ...rows];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumber = (column: number) => column === 2 || column === 4;
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three significant digits, and whole numbers of what is counted. */
export function amount(value: number, unit: Figure['unit']): string {
  const text = Number.isInteger(value) ? String(value) : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return unit === '$/1000' ? `$${text}/1000` : `${text} ${unit}`;
}

function goal(figure: Figure): string {
  if (!figure.goal) return '';
  const { of, most } = figure.goal;
  return `${isMet(figure) ? '✔' : '✘'} ≤ ${of === 'ratio' ? `${most} ×` : amount(most, figure.unit)}`;
}
