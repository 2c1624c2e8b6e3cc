import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../emulators/deployment/deployment.ts';
import { defaultPlace, settingsOf } from '../../emulators/world.ts';
import { ended } from '../fixtures/ended.ts';
import { cloudWith } from '../scenarios/local-cloud.ts';
import { specifics } from './atlas-specifics.ts';
import { faults } from './faults.ts';
import { harmedBy, plantForeign, seedWith } from './foreign.ts';
import { Lane } from './lane.ts';
import { matrix, objections, remoteCalls, runAll, sample, title } from './matrix.ts';

const surveyor = await Lane.open();
const calls = await remoteCalls(surveyor);
const leaksOfSurvey = await surveyor.close();

/** What the functions may call, as far as it is not done on their behalf by another service. */
function permitted(): string[] {
  const place = defaultPlace();
  const { functions } = readDeployment({ ...place, params: settingsOf(place) });
  return functions.flatMap(({ name, statements }) => {
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    const called = allowed.filter((action) => /^(kafka|secretsmanager|states|sns):/.test(action));
    return [...new Set(called)].map((action) => `${name} ${action.split(':')[1]}`);
  });
}

suite('the journeys make', () => {
  test('every call to AWS that a function is permitted, so that each of them can fail', () => {
    const made = calls
      .filter(({ call }) => call.service !== 'atlas')
      .map(({ call }) => `${call.caller} ${call.operation}`);
    assert.deepEqual([...new Set(made)].sort(), permitted().sort());
  });
  test('no secret show in a log', () => assert.deepEqual(leaksOfSurvey, []));
});

suite('Atlas may answer with', () => {
  for (const { what, world = seedWith(), prepare, intercept, endsIn } of specifics)
    test(`${what}: ${endsIn === 'Connected' ? 'the run connects' : `the run ends in ${endsIn[0]}`}`, async () => {
      const cloud = await cloudWith(world);
      plantForeign(cloud);
      prepare?.(cloud);
      const { cluster, scramSecrets, project } = cloud.world;
      const foreignLinks = project.links.filter(({ request }) => request.arn !== cluster.arn).length;
      if (intercept) cloud.intercept = intercept(cloud);
      const run = await ended(cloud.start({ clusterArn: cluster.arn, secretArn: scramSecrets[0]?.arn }));
      if (endsIn === 'Connected') assert.equal(run.endState, 'Connected', run.cause);
      else {
        assert.deepEqual([run.endState, run.error], ['SetupFailed', endsIn[0]], run.cause);
        assert.match(run.cause ?? '', endsIn[1]);
      }
      const ours = project.links.filter(
        ({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted,
      );
      assert.ok(ours.length <= 1, 'one link');
      assert.equal(project.links.length - ours.length >= foreignLinks, true, 'the links of others are there');
      assert.deepEqual(harmedBy(cloud, world), []);
    });
});

suite('a run survives, or fails in a way that a person can act on, when', { concurrency: true }, async () => {
  const cells = sample(matrix(calls));
  const problems = new Map<string, string[]>();
  const done = runAll(cells, 6, (cell, verdict) => problems.set(title(cell), objections(cell, verdict)));
  for (const cell of cells)
    test(title(cell), async () => {
      await done;
      assert.deepEqual(problems.get(title(cell)), []);
    });
  test('and no secret shows in a log', async () => assert.deepEqual(await done, []));
  test('the sample has every fault, and every call', () => {
    assert.deepEqual(new Set(cells.map(({ fault }) => fault)), new Set(faults));
    assert.equal(new Set(cells.map(({ call }) => call)).size, calls.length);
  });
});
