import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import { newVersion } from '../../emulators/msk/cluster.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import * as errors from '../../shared/errors.ts';
import { firehoseStatement } from '../fixtures/cluster-policy.ts';
import { ended } from '../fixtures/ended.ts';
import { changes, cloudWith, faultAt } from '../scenarios/local-cloud.ts';
import { addForeign, foreign, foreignChanges, seedWith } from './foreign.ts';

/** Long enough for two writes to overlap, short enough for a test. */
const workspaceWriteSeconds = 0.015;

async function cloudWithForeign(seed = seedWith({ scramSecrets: [{}] })): Promise<Cloud> {
  const cloud = await cloudWith(seed);
  addForeign(cloud);
  return cloud;
}

const liveLinks = ({ world: { project } }: Cloud, clusterArn: string) =>
  project.links.filter(({ request, isBeingDeleted }) => request.arn === clusterArn && !isBeingDeleted);
const ours = ({ world: { cluster } }: Cloud) =>
  [cluster.policy?.document.Statement ?? []].flat().filter(({ Sid }) => Sid?.startsWith('AtlasStreamProcessing'));
const connectionsNamed = ({ world: { project } }: Cloud, name: string) =>
  project.connections('streams').filter(({ settings }) => settings.name === name);

function assertOurs(cloud: Cloud, count: 0 | 1): void {
  const { arn } = cloud.world.cluster;
  assert.deepEqual(
    [liveLinks(cloud, arn).length, connectionsNamed(cloud, 'orders').length, ours(cloud).length],
    [count, count, count],
  );
}

const allEnded = (executions: Execution[]) => Promise.all(executions.map(ended));

suite('simultaneous executions:', () => {
  for (const count of [2, 5, 20])
    test(`${count} that connect one cluster create one link, one connection and one statement`, async () => {
      const seed = seedWith({ scramSecrets: [{}] });
      const cloud = await cloudWithForeign(seed);
      const input = { clusterArn: cloud.world.cluster.arn };
      const runs = await allEnded(Array.from({ length: count }, () => cloud.start(input)));
      const ends = runs.map(({ endState }) => endState);
      assert.ok(ends.includes('Connected'), ends.join());
      for (const { endState, cause } of runs) assert.match(endState, /^(Connected|NothingToDo)$/, cause);
      assertOurs(cloud, 1);
      assert.deepEqual(foreignChanges(cloud, seed), []);
      const created = changes(cloud).filter((it) => /createGroupStream|UpdateConnectivity/.test(it));
      assert.deepEqual([...new Set(created)].length, created.length, 'nothing is created twice');
    });

  for (const first of ['connect', 'disconnect'] as const)
    test(`after ${first} and the other machine, the next run does what the tag says`, async () => {
      const seed = seedWith({ scramSecrets: [{}], cluster: { tags: { 'atlas-streaming': first } } });
      const cloud = await cloudWithForeign(seed);
      const input = { clusterArn: cloud.world.cluster.arn };
      const second = first === 'connect' ? 'disconnect' : 'connect';
      for (const run of await allEnded([cloud.start(input, first), cloud.start(input, second)]))
        assert.ok(run.status === 'SUCCEEDED' || (run.error ?? '') in errors, `${run.error}: ${run.cause}`);
      const { arn } = cloud.world.cluster;
      for (const what of [liveLinks(cloud, arn), connectionsNamed(cloud, 'orders'), ours(cloud)])
        assert.ok(what.length <= 1, 'nothing exists twice');
      // The next sweep starts the action of the tag.
      const { endState, cause } = await ended(cloud.start(input, first));
      assert.equal(endState, first === 'connect' ? 'Connected' : 'Disconnected', cause);
      assertOurs(cloud, first === 'connect' ? 1 : 0);
      assert.deepEqual(foreignChanges(cloud, seed), []);
    });

  test('ten clusters get their connections in one workspace, although Atlas loses overlapping writes', async () => {
    const seed = seedWith({ scramSecrets: [{}], atlas: { workspaceWriteSeconds } });
    const cloud = await cloudWithForeign(seed);
    const { cluster, msk, scramSecrets } = cloud.world;
    const clusters = [cluster.arn];
    for (let number = 1; number < 10; number++) {
      const name = `orders-${number}`;
      const arn = `arn:aws:kafka:us-east-1:123456789012:cluster/${name}/11111111-0000-4000-8000-00000000000${number}-5`;
      const { policy } = { ...seed.cluster };
      msk.addCluster({ ...cluster.seed, name, arn, policy, scramSecretArns: scramSecrets.map((it) => it.arn) });
      clusters.push(arn);
    }
    const runs = await allEnded(clusters.map((clusterArn) => cloud.start({ clusterArn })));
    for (const { endState, cause } of runs) assert.equal(endState, 'Connected', cause);
    for (const arn of clusters) assert.equal(liveLinks(cloud, arn).length, 1);
    const names = cloud.world.project.connections('streams').map(({ settings }) => settings.name);
    assert.deepEqual(names.sort(), ['orders', ...clusters.slice(1).map((_, i) => `orders-${i + 1}`), 'payroll'].sort());
    assert.deepEqual(foreignChanges(cloud, seed), []);
  });

  test('a run and two other writers of the cluster policy lose no statement', async () => {
    const seed = seedWith({ scramSecrets: [{}] });
    const cloud = await cloudWithForeign(seed);
    const { cluster } = cloud.world;
    const edits = ['TheirsOne', 'TheirsTwo'];
    const theirs = edits.map((Sid) => ({ ...firehoseStatement(cluster.arn), Sid, Effect: 'Allow' as const }));
    const left = [...theirs];
    cloud.intercept = faultAt(
      'PutClusterPolicy',
      (_, next) => {
        const statement = left.shift();
        const { document } = cluster.policy ?? assert.fail('there is a policy');
        const Statement = [document.Statement, statement ?? []].flat();
        if (statement) cluster.policy = { document: { ...document, Statement }, version: newVersion() };
        return next();
      },
      2,
    );
    const { endState, cause, retried } = await ended(cloud.start({ clusterArn: cluster.arn }));
    assert.equal(endState, 'Connected', cause);
    assert.deepEqual(retried, ['ApplyClusterPolicy', 'ApplyClusterPolicy']);
    const statements = [cluster.policy?.document.Statement ?? []].flat();
    assert.deepEqual(statements.slice(0, -1), [...foreign.statements(cluster.arn), ...theirs]);
    assert.equal(ours(cloud).length, 1);
  });
});
