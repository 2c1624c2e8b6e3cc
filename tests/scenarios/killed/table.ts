import { describe } from './kill.ts';
import type { Row } from './run.ts';

const list = (items: string[]) => items.join(', ') || '–';

/** The rows as a table in Markdown. */
export function tableOf(rows: Row[]): string {
  const wrong = rows.filter(({ complaints }) => complaints.length > 0).length;
  const lines = rows.map(({ scenario, kill, shownAfterSeconds, created, kept, removed, sweeps, complaints }) =>
    [
      scenario,
      describe(kill.write),
      `${kill.applied ? 'after' : 'before'}, ${kill.end}${shownAfterSeconds ? `, shown ${shownAfterSeconds / 60} minutes late` : ''}`,
      list(created),
      list(removed),
      list(kept),
      sweeps ? `record kept, closed by sweep ${sweeps}` : 'no record',
      complaints.length === 0
        ? 'right'
        : `**wrong**: ${complaints.join('; ').replaceAll('|', '\\|').replaceAll('\n', ' ')}`,
    ].join(' | '),
  );
  return [
    '# Killed runs',
    '',
    'A run is killed at each call that changes something: before the service has carried out the call, or after it, when the answer is lost. `stopped`: the execution is stopped and its function dies. `crashing`: the function dies whenever it is invoked, until the execution fails. `outlived`: the execution is stopped, its function goes on, and its call is carried out while the disconnect is at work. Then the tag `disconnect` starts a disconnect.',
    '',
    `${rows.length} rows, ${wrong} of them wrong.`,
    '',
    '| run | call | killed | exists then | removed by the disconnect | left on purpose | registry | |',
    '|---|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
    '',
  ].join('\n');
}
