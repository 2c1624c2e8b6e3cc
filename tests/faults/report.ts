import { faults } from './faults.ts';
import { always, type Cell, nameOf } from './matrix.ts';
import type { Verdict } from './runner.ts';

export interface Row {
  cell: Cell;
  verdict: Verdict;
  complaints: string[];
}

const signs = { survived: '✔', stopped: '■', 'failed clearly': '▲', lost: '✖' };

/** If a fault could happen only once in a run, the results for three times and always are the same as for once. */
const isDifferent = ({ cell: { times }, verdict: { injected } }: Row) => times === 1 || injected > 1;

const nameIn = ({ useCase, call }: Cell) => `${nameOf(call)}${useCase.isByIam ? ', by IAM' : ''}`;

/** The table of faults and calls, and its totals in one paragraph. */
export function report(rows: Row[]): { table: string; summary: string } {
  const calls = Map.groupBy(rows, ({ cell }) => nameIn(cell).replace(' calls ', ' | '));
  const names = faults.map(({ name }) => name).filter((name) => rows.some(({ cell }) => cell.fault.name === name));
  const head = ['function', 'call', ...names];
  const lines = [...calls].map(([call, ofCall]) => {
    const cells = names.map((name) => {
      const found = ofCall.filter(({ cell }) => cell.fault.name === name).sort((a, b) => a.cell.times - b.cell.times);
      return found.map((row) => (isDifferent(row) ? signs[row.verdict.outcome] : '·')).join('') || ' ';
    });
    return `| ${call} | ${cells.join(' | ')} |`;
  });
  const summary = summarise(rows);
  const table = [
    '# Faults',
    '',
    'Each remote call of each function, with each fault: once, three times and always, in this order. A fault that ends the run happens once.',
    `${signs.survived} survived without a person, ${signs['failed clearly']} failed with a clear error, and a new start resumed, ${signs.stopped} was stopped, and a new start resumed, ${signs.lost} lost, · the same as once, because the fault could happen only once.`,
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
  const rows = all.filter(isDifferent);
  const count = (outcome: Verdict['outcome'], among = rows) =>
    among.filter(({ verdict }) => verdict.outcome === outcome).length;
  const transient = rows.filter(({ cell }) => cell.fault.kind === 'transient' && cell.times !== always);
  const calls = new Set(all.map(({ cell }) => nameIn(cell)));
  return [
    `${calls.size} remote calls, ${new Set(all.map(({ cell }) => cell.fault.name)).size} faults, ${rows.length} different runs:`,
    `${count('survived')} survived without a person, ${count('stopped')} were stopped and ${count('failed clearly')} failed clearly, and a new start resumed; ${count('lost')} were lost.`,
    `Of the ${transient.length} with a fault that passes by itself, ${count('survived', transient)} survived.`,
  ].join(' ');
}
