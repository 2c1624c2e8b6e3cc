import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../../emulators/atlas/error.ts';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Answer } from '../../../emulators/emulator.ts';
import { connectedCloud, disconnectByTag, type Ended, recordOf, resultsIn, swept } from '../local-cloud.ts';

/** A connected cluster, an hour later: Atlas shows everything by now. */
async function connectedForAnHour(): Promise<Cloud> {
  const cloud = await connectedCloud();
  cloud.clock.advance(60);
  return cloud;
}

/** Atlas gives a wrong answer to an operation, so many times. @param inState undefined: in any state */
function misleads(cloud: Cloud, operation: string, times: number, wrong: (right: Answer) => Answer, inState = /./) {
  let state = '';
  cloud.interceptInvocation = (invoked, next) => {
    state = invoked.name;
    return next();
  };
  cloud.intercept = async (call, next) => {
    if (call.operation !== operation || !inState.test(state) || times-- <= 0) return next();
    return wrong((await next()) as Answer);
  };
}

const notFound = () => atlasError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME', 'Not found.').answer;
const empty = (right: Answer): Answer => ({ ...right, body: JSON.stringify({ results: [], totalCount: 0 }) });

async function assertNothingLeft(cloud: Cloud, run: Ended) {
  assert.equal(run.endState, 'Disconnected', run.cause);
  const { connection, privateLink, policyStatement } = resultsIn(run);
  assert.deepEqual([connection, privateLink, policyStatement], ['removed', 'removed', 'removed']);
  const { project, cluster } = cloud.world;
  assert.deepEqual([project.links, project.connections('streams'), cluster.policy], [[], [], undefined]);
  assert.equal(await cloud.registry.get(cluster.arn), undefined);
}

suite('a disconnect forgets nothing that it has created', () => {
  test('while the key does not see the project, and removes everything after that', async () => {
    const cloud = await connectedForAnHour();
    const before = await recordOf(cloud);
    cloud.intercept = async ({ service }, next) =>
      service === 'atlas' ? atlasError(404, 'GROUP_NOT_FOUND', 'No group with ID x exists.').answer : next();
    const run = await disconnectByTag(cloud);
    assert.deepEqual([run.endState, run.error], ['RemovalFailed', 'AtlasCredentialsRefused']);
    assert.match(run.cause ?? '', /GROUP_NOT_FOUND: Atlas's reason is left out.*Nothing was changed\./s);
    const { connection, privateLink, statement } = await recordOf(cloud);
    assert.deepEqual([connection, privateLink, statement], [before.connection, before.privateLink, before.statement]);
    cloud.intercept = (_, next) => next();
    const { runs } = await swept(cloud, 16);
    await assertNothingLeft(cloud, runs[0] ?? assert.fail());
  });

  test('if Atlas once says that the connection does not exist', async () => {
    const cloud = await connectedForAnHour();
    misleads(cloud, 'getGroupStreamConnection', 1, notFound);
    await assertNothingLeft(cloud, await disconnectByTag(cloud));
  });

  test('if Atlas says so again and again: the private link is in use by our own connection, which goes first', async () => {
    const cloud = await connectedForAnHour();
    misleads(cloud, 'getGroupStreamConnection', 2, notFound);
    const run = await disconnectByTag(cloud);
    const order = run.states.filter((state) => /^(DeleteConnection|DeletePrivateLink)$/.test(state));
    assert.deepEqual(order.slice(0, 4), [
      'DeleteConnection',
      'DeleteConnection',
      'DeletePrivateLink',
      'DeleteConnection',
    ]);
    await assertNothingLeft(cloud, run);
  });

  test('if Atlas once does not list the private link', async () => {
    const cloud = await connectedForAnHour();
    misleads(cloud, 'listGroupStreamPrivateLinkConnections', 1, empty, /^DeletePrivateLink$/);
    await assertNothingLeft(cloud, await disconnectByTag(cloud));
  });
});
