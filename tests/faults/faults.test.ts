import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../emulators/deployment/deployment.ts';
import { defaultPlace, settingsOf } from '../../emulators/world.ts';
import { RegistryRecord } from '../../shared/registry/record.ts';
import { ended } from '../fixtures/ended.ts';
import { setUp } from '../fixtures/set-up.ts';
import { cloudWith } from '../scenarios/local-cloud.ts';
import { specifics } from './atlas-specifics.ts';
import { faults, type RemoteCall } from './faults.ts';
import { addForeign, foreignChanges, seedWith } from './foreign.ts';
import { matrix, objections, remoteCalls, runAll, sample, title } from './matrix.ts';
import { Runner } from './runner.ts';

const { observer, calls, cells } = await setUp(async () => {
  const observer = await Runner.open();
  const calls = await remoteCalls(observer);
  return { observer, calls, cells: sample(matrix(calls)) };
});

/** The calls that the roles of the functions allow, without those that another service makes on their behalf. */
function permitted(): string[] {
  const place = defaultPlace();
  const { functions } = readDeployment({ ...place, settings: settingsOf(place) });
  return functions.flatMap(({ name, statements }) => {
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    const called = allowed.filter((action) => /^(kafka|secretsmanager|dynamodb|states|sns):/.test(action));
    return [...new Set(called)].map((action) => `${name} ${action.split(':')[1]}`);
  });
}

const callersIn = (those: { call: RemoteCall }[]) => new Set(those.map(({ call }) => call.caller));

/** Whichever function finds no valid access token requests one, and writes it for all others. */
const withoutWriter = (call: string) =>
  call.replace(/^\w+ PutSecretValue$/, 'a function that calls Atlas PutSecretValue');

suite('the use cases', () => {
  test('make every call to AWS that a function is permitted to make', () => {
    const made = calls
      .filter(({ call }) => call.service !== 'atlas')
      .map(({ call }) => `${call.caller} ${call.operation}`);
    const named = (all: string[]) => [...new Set(all.map(withoutWriter))].sort();
    assert.deepEqual(named(made), named(permitted()));
  });
});

suite('Atlas may answer with', () => {
  for (const { name, world = seedWith(), prepare, intercept, endsIn, ownership } of specifics)
    test(`${name}: ${endsIn === 'Connected' ? 'the run connects' : `the run ends in ${endsIn[0]}`}`, async () => {
      const cloud = await cloudWith(world);
      addForeign(cloud);
      prepare?.(cloud);
      const { cluster, scramSecrets, project } = cloud.world;
      const foreignLinks = project.links.filter(({ request }) => request.arn !== cluster.arn).length;
      if (intercept) cloud.intercept = intercept(cloud);
      const run = await ended(cloud.start({ clusterArn: cluster.arn, secretArn: scramSecrets[0]?.arn }));
      if (endsIn === 'Connected') {
        assert.equal(run.endState, 'Connected', run.cause);
        const { privateLink, connection } = RegistryRecord.parse(await cloud.registry.get(cluster.arn));
        const recorded = { privateLink: privateLink?.ownership, connection: connection?.ownership };
        assert.deepEqual(recorded, { privateLink: 'created', connection: 'created', ...ownership });
      } else {
        assert.deepEqual([run.endState, run.error], ['SetupFailed', endsIn[0]], run.cause);
        assert.match(run.cause ?? '', endsIn[1]);
      }
      const ours = project.links.filter(
        ({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted,
      );
      assert.ok(ours.length <= 1, 'one link');
      assert.equal(project.links.length - ours.length >= foreignLinks, true, 'foreign links still exist');
      assert.deepEqual(foreignChanges(cloud, world), []);
    });
});

/** Each runner starts two clouds, one by SCRAM and one by IAM, whose functions are cold: more runners need more CPU time. */
const concurrency = 2;

suite('a run survives, or fails with a clear error, after', { concurrency: true }, async () => {
  const problems = new Map<string, string[]>();
  const done = runAll(cells, observer, concurrency, (cell, verdict) =>
    problems.set(title(cell), objections(cell, verdict)),
  );
  for (const cell of cells)
    test(title(cell), async () => {
      await done;
      assert.deepEqual(problems.get(title(cell)), []);
    });
  test('every fault and every use case, without a secret in a log', async () => assert.deepEqual(await done, []));
  test('a sample of the matrix with every fault and every function', () => {
    assert.deepEqual(new Set(cells.map(({ fault }) => fault)), new Set(faults));
    assert.equal(callersIn(cells).size, callersIn(calls).size);
  });
});
