import { faults } from './faults.ts';
import type { Verdict } from './lane.ts';
import { type Cell, forGood } from './matrix.ts';

export interface Row {
  cell: Cell;
  verdict: Verdict;
  complaints: string[];
}

const signs = { survived: '✔', 'failed clearly': '▲', lost: '✖' };

/** The table of faults and calls, and its counts in one paragraph. */
export function report(rows: Row[]): { table: string; summary: string } {
  const calls = Map.groupBy(rows, ({ cell: { call } }) => `${call.caller} | ${call.operation}`);
  const names = faults.map(({ name }) => name).filter((name) => rows.some(({ cell }) => cell.fault.name === name));
  const head = ['function', 'call', ...names];
  const lines = [...calls].map(([call, ofCall]) => {
    const cells = names.map((name) => {
      const found = ofCall.filter(({ cell }) => cell.fault.name === name).sort((a, b) => a.cell.times - b.cell.times);
      return found.map(({ verdict }) => signs[verdict.outcome]).join('') || ' ';
    });
    return `| ${call} | ${cells.join(' | ')} |`;
  });
  const summary = summarise(rows);
  const table = [
    '# Faults',
    '',
    'Each remote call of each function, and what may happen to it: once, three times and for good, in this order; what ends the run happens once.',
    `${signs.survived} survived without a person, ${signs['failed clearly']} failed in a way that a person can act on, and a new start went on, ${signs.lost} neither.`,
    '',
    summary,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...lines,
    '',
  ];
  return { table: table.join('\n'), summary };
}

function summarise(rows: Row[]): string {
  const count = (outcome: Verdict['outcome'], among = rows) =>
    among.filter(({ verdict }) => verdict.outcome === outcome).length;
  const passing = rows.filter(({ cell }) => cell.fault.kind === 'passes' && cell.times !== forGood);
  const calls = new Set(rows.map(({ cell: { call } }) => `${call.caller} ${call.operation}`));
  return [
    `${calls.size} remote calls, ${new Set(rows.map(({ cell }) => cell.fault.name)).size} faults, ${rows.length} runs:`,
    `${count('survived')} survived, ${count('failed clearly')} failed clearly, ${count('lost')} lost.`,
    `Of the ${passing.length} in which the fault passes, ${count('survived', passing)} survived.`,
  ].join(' ');
}
