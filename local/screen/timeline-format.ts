import { formatClock, formatDuration, type Layout, type Style, wrap } from './text.ts';
import type { Row } from './timeline.ts';

/** The columns: time and mark, state, duration, and notes in what remains of the line. */
const beforeName = 12;
const nameWidth = 38;
const durationWidth = 8;
const beforeNotes = beforeName + nameWidth + 2 + durationWidth + 2;

export const formatHeader = ({ columns }: Layout): string =>
  columns < beforeNotes
    ? `${'elapsed'.padStart(8)}    state`
    : `${'elapsed'.padStart(8)}    ${'state'.padEnd(nameWidth)}  ${'took'.padStart(durationWidth)}`;

/**
 * One row of the timeline: one line, or more if the duration and the notes don't fit into the first.
 *
 * @param startedAt the simulated start of the execution
 * @param now the simulated time, for a row that has not ended
 * @param mark replaces the row's own mark, for example by a spinner
 */
export function formatRow(
  row: Row,
  startedAt: Date,
  now: Date,
  { style, columns }: Layout,
  mark = markOf(row, style),
): string[] {
  const clock = style('dim', formatClock(row.enteredAt.getTime() - startedAt.getTime()).padStart(8));
  const [duration, notes] = [durationOf(row, now), notesOf(row).join('  ')];
  const begin = `${clock}  ${mark} `;
  const below = (text: string) => wrap(text, columns - notesIndent).map((line) => `${' '.repeat(notesIndent)}${line}`);
  if (columns < beforeNotes) {
    const [name = '', ...others] = wrap(nameOf(row), columns - beforeName).map((line) => nameStyle(row, style, line));
    const rest = [duration, notes].filter(Boolean).join('  ');
    return [
      `${begin}${name}`,
      ...others.map((line) => `${' '.repeat(beforeName)}${line}`),
      ...(rest ? below(rest) : []),
    ];
  }
  const line = `${begin}${nameStyle(row, style, nameOf(row).padEnd(nameWidth))}  ${duration.padStart(durationWidth)}`;
  if (!notes) return [line.trimEnd()];
  return notes.length < columns - beforeNotes ? [`${line}  ${notes}`] : [line.trimEnd(), ...below(notes)];
}

/** Notes below a row are indented a little more than its name. */
const notesIndent = beforeName + 2;

/** Shows how a state ended. */
export function markOf({ type, error, loop }: Noted, style: Style): string {
  if (error) return style('red', '✖');
  if (type === 'Choice') return style('dim', '◇');
  if (loop) return style('cyan', '⇄');
  return style('green', type === 'Succeed' ? '●' : '✔');
}

export function nameOf({ state, type, next, loop }: Noted): string {
  if (loop?.check) return `${state} ⇄ ${loop.check}`;
  return type === 'Choice' && next ? `${state} → ${next}` : state;
}

function nameStyle({ type, error }: Row, style: Style, name: string): string {
  if (error) return style('red', name);
  if (type === 'Choice') return style('dim', name);
  return type === 'Succeed' ? style(['bold', 'green'], name) : name;
}

/** Real milliseconds for a function that succeeds at the first attempt; simulated time for waits and retries. */
const durationOf = (row: Row, now: Date): string => {
  const span = (row.exitedAt ?? now).getTime() - row.enteredAt.getTime();
  return formatTook(row, span, row.exitedAt && row.lambdaMs);
};

/** @param lambdaMs undefined if the state has not ended */
export function formatTook({ type, loop, retried = [] }: Noted, spanMs: number, lambdaMs: number | undefined): string {
  if (loop || retried.length > 0) return formatDuration(spanMs);
  return type === 'Task' && lambdaMs !== undefined ? `${Math.round(lambdaMs)} ms` : '';
}

/** The fields of a row that its name, its mark and its notes need. */
type Noted = Pick<Row, 'state' | 'type' | 'error' | 'next' | 'loop'> & { retried?: string[] | undefined };

/** What is special about a row: its polls, its retries and its error. */
export const notesOf = ({ retried = [], error, next, loop }: Noted): string[] => [
  ...(loop && loop.polls > 0 ? [`${loop.polls} ${loop.polls === 1 ? 'poll' : 'polls'}`] : []),
  ...(loop && loop.observed.length > 0 ? [loop.observed.join(' → ')] : []),
  ...(retried.length > 0 ? [`retried ${tally(retried)}`] : []),
  ...(error ? [next ? `${error} → ${next}` : error] : []),
];

/** `AtlasThrottled ×3, AwsUnavailable` */
function tally(names: string[]): string {
  const counts = Map.groupBy(names, (name) => name);
  return [...counts].map(([name, all]) => (all.length > 1 ? `${name} ×${all.length}` : name)).join(', ');
}
