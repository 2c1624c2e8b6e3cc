import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../../emulators/atlas/error.ts';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Execution } from '../../../emulators/step-functions/execution.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  connectByTag,
  disconnectByTag,
  ended,
  privateConnectivityIsOn as isOn,
  recordOf,
  resultsIn,
} from '../local-cloud.ts';
import { assertNothingLeft } from './others.ts';

const unavailable = atlasError(503, 'UNEXPECTED_ERROR', 'Later.').answer;

async function assertRemoved(cloud: Cloud, disconnecting: Execution): Promise<void> {
  const { endState, cause } = await ended(disconnecting);
  assert.equal(endState, 'Disconnected', cause);
  await assertNothingLeft(cloud);
}

suite('what an earlier attempt has created, and Atlas shows late, is ours', () => {
  test('although the attempts after it got no clear answer either', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { shownAfterSeconds: 240 } });
    let requests = 0;
    cloud.intercept = async ({ operation }, next) => {
      if (operation !== 'createGroupStreamPrivateLinkConnection') return next();
      requests += 1;
      if (requests === 1) await next();
      return requests === 1 ? 'reset' : requests <= 4 ? unavailable : next();
    };
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.ok(requests >= 4);
    const { privateLink } = await recordOf(cloud);
    assert.deepEqual([privateLink?.ownership, privateLink?.earlierAttempts], ['created', undefined]);
    assert.equal(resultsIn(run).privateLink, 'created');
    await disconnectByTag(cloud);
    await assertNothingLeft(cloud);
  });

  test('if it was recorded, and another attempt got no clear answer', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    let requests = 0;
    cloud.intercept = async ({ operation }, next) => {
      if (operation !== 'createGroupStreamConnection') return next();
      requests += 1;
      cloud.world.atlas.behaviour.shownAfterSeconds = 90;
      return requests === 2 ? unavailable : next();
    };
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.ok(requests >= 2);
    assert.equal((await recordOf(cloud)).connection?.ownership, 'created');
    const { done } = run.output as { done: { resource: string; note?: string }[] };
    assert.equal(done.find(({ resource }) => resource === 'connection')?.note, undefined);
    await disconnectByTag(cloud);
    await assertNothingLeft(cloud);
  });

  test('if it was recorded, and the run was stopped at another attempt', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const disconnecting = Promise.withResolvers<Execution>();
    let requests = 0;
    cloud.intercept = async ({ operation }, next) => {
      if (operation !== 'createGroupStreamConnection') return next();
      requests += 1;
      cloud.world.atlas.behaviour.shownAfterSeconds = 90;
      if (requests !== 2) return next();
      await next();
      const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
      await connecting?.result;
      cloud.lambda.end(cloud.deployment.functions.find(({ name }) => name === 'CreateConnection')?.arn ?? '', 'crash');
      disconnecting.resolve(execution);
      return 'reset';
    };
    const [connecting] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await assertRemoved(cloud, await disconnecting.promise);
    assert.ok(changes(cloud).includes('atlas deleteGroupStreamConnection'));
  });
});
