import { formatClock, formatDuration, type Style } from './text.ts';
import type { Row } from './timeline.ts';

/** The columns: time, mark, state, duration, notes. Together they have less than 100 characters. */
const nameWidth = 38;
const durationWidth = 8;
const notesWidth = 37;

export const formatHeader = (): string =>
  `${'elapsed'.padStart(8)}    ${'state'.padEnd(nameWidth)}  ${'took'.padStart(durationWidth)}`;

/**
 * One row of the timeline: one line, or two if the notes don't fit into the first.
 *
 * @param startedAt the simulated start of the execution
 * @param now the simulated time, for a row that has not ended
 * @param mark replaces the row's own mark, for example by a spinner
 */
export function formatRow(row: Row, startedAt: Date, now: Date, style: Style, mark = markOf(row, style)): string[] {
  const clock = style('dim', formatClock(row.enteredAt.getTime() - startedAt.getTime()).padStart(8));
  const name = nameOf(row).padEnd(nameWidth);
  const duration = durationOf(row, now).padStart(durationWidth);
  const notes = notesOf(row).join('  ');
  const columns = `${clock}  ${mark} ${nameStyle(row, style, name)}  ${duration}`;
  if (!notes) return [columns.trimEnd()];
  const fits = notes.length <= notesWidth;
  return fits ? [`${columns}  ${notes}`] : [columns.trimEnd(), `${' '.repeat(14)}${notes}`];
}

function markOf({ type, error, loop }: Row, style: Style): string {
  if (error) return style('red', '✖');
  if (type === 'Choice') return style('dim', '◇');
  if (loop) return style('cyan', '⇄');
  return style('green', type === 'Succeed' ? '●' : '✔');
}

function nameOf({ state, type, next, loop }: Row): string {
  if (loop?.check) return `${state} ⇄ ${loop.check}`;
  return type === 'Choice' && next ? `${state} → ${next}` : state;
}

function nameStyle({ type, error }: Row, style: Style, name: string): string {
  if (error) return style('red', name);
  if (type === 'Choice') return style('dim', name);
  return type === 'Succeed' ? style(['bold', 'green'], name) : name;
}

/** Real milliseconds for a function that succeeds at the first attempt; simulated time for waits and retries. */
function durationOf({ type, enteredAt, exitedAt, lambdaMs, retried, loop }: Row, now: Date): string {
  const span = formatDuration((exitedAt ?? now).getTime() - enteredAt.getTime());
  if (loop || retried.length > 0) return span;
  return type === 'Task' && exitedAt ? `${Math.round(lambdaMs)} ms` : '';
}

function notesOf({ retried, error, next, loop }: Row): string[] {
  return [
    ...(loop && loop.polls > 0 ? [`${loop.polls} ${loop.polls === 1 ? 'poll' : 'polls'}`] : []),
    ...(loop && loop.observed.length > 0 ? [loop.observed.join(' → ')] : []),
    ...(retried.length > 0 ? [`retried ${tally(retried)}`] : []),
    ...(error ? [next ? `${error} → ${next}` : error] : []),
  ];
}

/** `AtlasThrottled ×3, AwsUnavailable` */
function tally(names: string[]): string {
  const counts = Map.groupBy(names, (name) => name);
  return [...counts].map(([name, all]) => (all.length > 1 ? `${name} ×${all.length}` : name)).join(', ');
}
