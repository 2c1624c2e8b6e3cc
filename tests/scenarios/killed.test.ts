import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, suite, test } from 'node:test';
import { describe, type Kill } from './killed/kill.ts';
import { type Row, rowOf, scenarios, startCloud, writesOf } from './killed/run.ts';
import { tableOf } from './killed/table.ts';

const cloud = await startCloud();
const rows: Row[] = [];

after(async () => {
  await cloud.close();
  mkdirSync('reports', { recursive: true });
  writeFileSync('reports/killed-runs.md', tableOf(rows));
});

const nameOf = ({ write, applied, end }: Kill) => `${describe(write)}, ${applied ? 'after' : 'before'}, ${end}`;

suite('after a run is killed, a later disconnect by tag removes all that was created, and nothing else:', () => {
  for (const scenario of scenarios)
    test(scenario.name, async (t) => {
      const writes = await writesOf(cloud, scenario);
      const kills = writes.flatMap((write) =>
        (['stopped', 'crashing'] as const).flatMap((end) => [false, true].map((applied) => ({ write, applied, end }))),
      );
      for (const kill of kills)
        await t.test(nameOf(kill), async () => {
          const row = await rowOf(cloud, scenario, kill);
          rows.push(row);
          assert.deepEqual(row.complaints, []);
        });
    });

  for (const scenario of scenarios.filter(({ name }) => /^(first connect|repair)$/.test(name)))
    test(`${scenario.name}, stopped while its function goes on`, async (t) => {
      for (const write of await writesOf(cloud, scenario)) {
        const kill = { write, applied: false, end: 'outlived' as const };
        await t.test(nameOf(kill), async () => {
          const row = await rowOf(cloud, scenario, kill);
          rows.push(row);
          assert.deepEqual(row.complaints, []);
        });
      }
    });

  for (const shownAfterSeconds of [300, 1200])
    test(`Atlas shows what it has created ${shownAfterSeconds / 60} minutes late`, async (t) => {
      const [scenario = assert.fail()] = scenarios;
      const writes = await writesOf(cloud, scenario);
      const creating = writes.filter(({ call }) => /^create/.test(call));
      const following = creating.map((it) => writes[writes.indexOf(it) + 1] ?? assert.fail());
      for (const write of [...creating, ...following])
        for (const end of ['stopped', 'crashing'] as const)
          await t.test(nameOf({ write, applied: true, end }), async () => {
            const row = await rowOf(cloud, scenario, { write, applied: true, end }, shownAfterSeconds);
            rows.push(row);
            assert.deepEqual(row.complaints, []);
          });
    });
});
