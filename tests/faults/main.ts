import { mkdirSync, writeFileSync } from 'node:fs';
import { matrix, objections, remoteCalls, runAll, title } from './matrix.ts';
import { type Row, report } from './report.ts';
import { Runner } from './runner.ts';

/**
 * `npm run test:faults` runs the whole matrix and writes the table to reports/faults.md. `npm run test:faults -- <text>` runs only
 * the cells whose title contains the text, and writes no table.
 */

/** Runners spend most of the time waiting for time-outs. */
const concurrency = 8;

const only = process.argv[2];
const startedAt = performance.now();
const observer = await Runner.open();
const calls = await remoteCalls(observer);
const cells = matrix(calls).filter((cell) => !only || title(cell).includes(only));
console.log(`${calls.length} remote calls, ${cells.length} faults.`);

const rows: Row[] = [];
const leaks = await runAll(cells, observer, concurrency, (cell, verdict) => {
  const complaints = objections(cell, verdict);
  rows.push({ cell, verdict, complaints });
  if (complaints.length > 0) console.log(`✖ ${title(cell)}\n    ${complaints.join('\n    ')}`);
  if (rows.length % 100 === 0)
    console.log(`  ${rows.length} of ${cells.length}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
});
for (const leak of leaks) console.log(`✖ ${leak}`);
const { table, summary } = report(rows);
if (!only) {
  mkdirSync('reports', { recursive: true });
  writeFileSync('reports/faults.md', table);
  console.log('The table of all runs is in reports/faults.md.');
}
const wrong = rows.filter(({ complaints }) => complaints.length > 0).length;
console.log(`\n${summary}\n${rows.length - wrong} passed, ${wrong + leaks.length} failed`);
process.exit(wrong + leaks.length > 0 || rows.length === 0 ? 1 : 0);
