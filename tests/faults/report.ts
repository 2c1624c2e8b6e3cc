import { faults } from './faults.ts';
import type { Verdict } from './lane.ts';
import { type Cell, forGood, nameOf } from './matrix.ts';

export interface Row {
  cell: Cell;
  verdict: Verdict;
  complaints: string[];
}

const signs = { survived: '✔', stopped: '■', 'failed clearly': '▲', lost: '✖' };

/** A fault that could happen only once, since it was survived or ended the run, says nothing new by three times and for good. */
const saysSomethingNew = ({ cell: { times }, verdict: { befallen } }: Row) => times === 1 || befallen > 1;

/** The table of faults and calls, and its counts in one paragraph. */
export function report(rows: Row[]): { table: string; summary: string } {
  const calls = Map.groupBy(rows, ({ cell: { call } }) => nameOf(call).replace(' calls ', ' | '));
  const names = faults.map(({ name }) => name).filter((name) => rows.some(({ cell }) => cell.fault.name === name));
  const head = ['function', 'call', ...names];
  const lines = [...calls].map(([call, ofCall]) => {
    const cells = names.map((name) => {
      const found = ofCall.filter(({ cell }) => cell.fault.name === name).sort((a, b) => a.cell.times - b.cell.times);
      return found.map((row) => (saysSomethingNew(row) ? signs[row.verdict.outcome] : '·')).join('') || ' ';
    });
    return `| ${call} | ${cells.join(' | ')} |`;
  });
  const summary = summarise(rows);
  const table = [
    '# Faults',
    '',
    'Each remote call of each function, and what may happen to it: once, three times and for good, in this order; what ends the run happens once.',
    `${signs.survived} survived without a person, ${signs['failed clearly']} failed in a way that a person can act on, and a new start went on, ${signs.stopped} was stopped, and a new start went on, ${signs.lost} neither, · as once: it could happen only once.`,
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

function summarise(all: Row[]): string {
  const rows = all.filter(saysSomethingNew);
  const count = (outcome: Verdict['outcome'], among = rows) =>
    among.filter(({ verdict }) => verdict.outcome === outcome).length;
  const passing = rows.filter(({ cell }) => cell.fault.kind === 'passes' && cell.times !== forGood);
  const calls = new Set(all.map(({ cell: { call } }) => nameOf(call)));
  return [
    `${calls.size} remote calls, ${new Set(all.map(({ cell }) => cell.fault.name)).size} faults, ${rows.length} different runs:`,
    `${count('survived')} survived, ${count('stopped')} were stopped and ${count('failed clearly')} failed clearly, and a new start went on; ${count('lost')} lost.`,
    `Of the ${passing.length} in which the fault passes, ${count('survived', passing)} survived.`,
  ].join(' ');
}
