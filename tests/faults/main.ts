import { mkdirSync, writeFileSync } from 'node:fs';
import { Lane } from './lane.ts';
import { matrix, objections, remoteCalls, runAll, title } from './matrix.ts';
import { type Row, report } from './report.ts';

/**
 * `npm run test:faults`: the whole matrix, which takes a while; the table goes to reports/faults.md. With words after it, only
 * the cells in whose title they are, and no table.
 */

/** Most of the time a lane waits for a time-out to pass. */
const lanes = 8;

const only = process.argv[2];
const startedAt = performance.now();
const surveyor = await Lane.open();
const calls = await remoteCalls(surveyor);
const leaksOfSurvey = await surveyor.close();
const cells = matrix(calls).filter((cell) => !only || title(cell).includes(only));
console.log(`${calls.length} remote calls, ${cells.length} faults.`);

const rows: Row[] = [];
const leaks = await runAll(cells, lanes, (cell, verdict) => {
  const complaints = objections(cell, verdict);
  rows.push({ cell, verdict, complaints });
  if (complaints.length > 0) console.log(`✖ ${title(cell)}\n    ${complaints.join('\n    ')}`);
  if (rows.length % 100 === 0)
    console.log(`  ${rows.length} of ${cells.length}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
});
for (const leak of [...leaks, ...leaksOfSurvey]) console.log(`✖ ${leak}`);
const { table, summary } = report(rows);
if (!only) {
  mkdirSync('reports', { recursive: true });
  writeFileSync('reports/faults.md', table);
}
const wrong = rows.filter(({ complaints }) => complaints.length > 0).length;
console.log(`\n${summary}\n${rows.length - wrong} passed, ${wrong + leaks.length + leaksOfSurvey.length} failed`);
process.exit(wrong + leaks.length + leaksOfSurvey.length > 0 || rows.length === 0 ? 1 : 0);
