import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, suite, type TestContext, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import { setUp } from '../fixtures/set-up.ts';
import { describe, type Kill } from './killed/kill.ts';
import { type RestartRow, restartByIam, restartByScram, restartRowOf, restartTableOf } from './killed/restart.ts';
import {
  firstConnectByIam,
  lateConnection,
  type Row,
  rowOf,
  type Scenario,
  scenarios,
  startCloud,
  writesOf,
} from './killed/run.ts';
import { tableOf } from './killed/table.ts';

/** Two cores, two clouds of each deployment. */
const concurrency = 2;
const startClouds = (settings = {}) => Promise.all(Array.from({ length: concurrency }, () => startCloud(settings)));
const clouds = await setUp(() => startClouds());
const cloudsByIam = await setUp(() => startClouds(firstConnectByIam.settings));
const free = new Map([
  [undefined, [...clouds]],
  [firstConnectByIam.settings, [...cloudsByIam]],
]);

async function withCloud<Result>({ settings }: Scenario, work: (cloud: Cloud) => Promise<Result>): Promise<Result> {
  const ofDeployment = free.get(settings) ?? assert.fail('no such deployment');
  const cloud = ofDeployment.pop() ?? assert.fail('more tests at once than clouds');
  try {
    return await work(cloud);
  } finally {
    ofDeployment.push(cloud);
  }
}

const rows: Row[] = [];
const restartRows: RestartRow[] = [];

after(async () => {
  await Promise.all([...clouds, ...cloudsByIam].map((cloud) => cloud.close()));
  mkdirSync('reports', { recursive: true });
  writeFileSync('reports/killed-runs.md', tableOf(rows));
  writeFileSync('reports/killed-restarts.md', restartTableOf(restartRows));
});

const nameOf = ({ write, applied, end }: Kill) => `${describe(write)}, ${applied ? 'after' : 'before'}, ${end}`;

/** Each row is a test of its own. */
async function check(t: TestContext, scenario: Scenario, kills: Kill[], shownAfterSeconds = 0): Promise<void> {
  const found = new Map<Kill, Row>();
  await Promise.all(
    kills.map((kill) =>
      t.test(nameOf(kill), async () => {
        const row = await withCloud(scenario, (cloud) => rowOf(cloud, scenario, kill, shownAfterSeconds));
        found.set(kill, row);
        assert.deepEqual(row.complaints, []);
      }),
    ),
  );
  assert.ok(kills.length > 0);
  rows.push(...kills.flatMap((kill) => found.get(kill) ?? []));
}

const waysToKill = [
  { applied: false, end: 'stopped' },
  { applied: true, end: 'crashing' },
  { applied: true, end: 'stopped' },
  { applied: false, end: 'crashing' },
] as const;

/** `npm run test:faults` kills each run in all ways and in all scenarios. Here it is one way for each call, in turn. */
const isWhole = process.env.KILL_IN_ALL_WAYS === 'true';

const waysToKillAt = (index: number) => waysToKill.filter((_, way) => isWhole || way === index % waysToKill.length);

const writesIn = (scenario: Scenario) => withCloud(scenario, (cloud) => writesOf(cloud, scenario));

suite('after a run is killed, a later disconnect by tag removes all that was created, and nothing else:', () => {
  for (const scenario of scenarios)
    test(scenario.name, { concurrency }, async (t) => {
      const kills = (await writesIn(scenario)).flatMap((write, index) =>
        waysToKillAt(index).map((way) => ({ write, ...way })),
      );
      await check(t, scenario, kills);
    });

  for (const scenario of scenarios.filter(({ name }) => name === 'first connect' || (isWhole && name === 'repair')))
    test(`${scenario.name}, stopped while its function continues`, { concurrency }, async (t) => {
      const writes = (await writesIn(scenario)).filter((_, index) => isWhole || index % 2 === 0);
      const kills = writes.map((write) => ({ write, applied: false, end: 'outlived' as const }));
      await check(t, scenario, kills);
    });

  test(firstConnectByIam.name, { concurrency }, async (t) => {
    const writes = (await writesIn(firstConnectByIam)).filter((_, index) => isWhole || index % 2 === 1);
    const kills = writes.map((write) => ({ write, applied: true, end: 'stopped' as const }));
    await check(t, firstConnectByIam, kills);
  });

  for (const shownAfterSeconds of isWhole ? [300, 1200] : [300])
    test(`Atlas shows what it has created ${shownAfterSeconds / 60} minutes late`, { concurrency }, async (t) => {
      const [connect = assert.fail()] = scenarios;
      // When the connection is created, the link is old enough to be shown.
      const scenario = { ...connect, world: { ...connect.world, atlas: { linkMinutes: 25 } } };
      const writes = await writesIn(scenario);
      const examined = writes.filter(({ call }, index) =>
        [call, writes[index - 1]?.call ?? ''].some((it) => it.startsWith('create')),
      );
      const kills = examined.flatMap((write) =>
        (['stopped', 'crashing'] as const).map((end) => ({ write, applied: true, end })),
      );
      await check(t, scenario, kills, shownAfterSeconds);
    });

  test('a run creates its connection twice, because Atlas shows it late', { concurrency }, async (t) => {
    const shownAfterSeconds = 90;
    const scenario = lateConnection(shownAfterSeconds);
    // The first ones are like those of any connect, and how often Atlas is asked after the second ones differs.
    const writes = (await writesIn(scenario)).filter(
      ({ state, occurrence }) => state === 'CreateConnection' && occurrence === 2,
    );
    assert.ok(writes.some(({ call }) => call === 'createGroupStreamConnection'));
    const kills = writes.flatMap((write) =>
      [false, true].map((applied) => ({ write, applied, end: 'stopped' as const })),
    );
    await check(t, scenario, kills, shownAfterSeconds);
  });
});

suite('after a restart is killed, the next run leaves exactly the processors running that ran before:', () => {
  for (const [scenario, end] of [
    [restartByScram, 'stopped'],
    [restartByScram, 'crashing'],
    ...(isWhole ? ([[restartByIam, 'stopped']] as const) : []),
  ] as const)
    test(`${scenario.name}, ${end}`, { concurrency }, async (t) => {
      // How often a run polls differs.
      const writes = (await writesIn(scenario)).filter(({ occurrence }) => occurrence <= 2);
      assert.ok(writes.some(({ call }) => call === 'stopGroupStreamProcessor'));
      // A confirmation of the claim changes nothing.
      const isConfirmation = ({ call }: Kill['write']) => call.includes('confirm');
      const examined = isWhole ? writes : writes.filter((write) => !isConfirmation(write));
      // Here, every second call of a run that is stopped, and the others of one whose function crashes.
      const turn = end === 'stopped' ? 0 : 1;
      const kills = examined.flatMap((write, index) =>
        (isConfirmation(write) ? [true] : [true, false])
          .filter((applied) => isWhole || (index % 2 === turn && applied === index % 4 < 2))
          .map((applied) => ({ write, applied, end })),
      );
      const found = new Map<Kill, RestartRow>();
      await Promise.all(
        kills.map((how) =>
          t.test(nameOf(how), async () => {
            const row = await withCloud(scenario, (cloud) => restartRowOf(cloud, scenario, how));
            found.set(how, row);
            assert.deepEqual(row.complaints, []);
          }),
        ),
      );
      restartRows.push(...kills.flatMap((how) => found.get(how) ?? []));
    });
});
