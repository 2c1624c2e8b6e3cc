import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { GetClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { planRemoval } from '../../functions/plan-removal/plan-removal.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import type { Request } from '../../shared/request/request.ts';
import {
  type Answer,
  apiError,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
} from '../fixtures/atlas.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, principalArn, request, taskInput } from '../fixtures/request.ts';

const [get, links, account] = ['GET /streams/connections/orders', 'GET /privateLinkConnections', 'GET /accountDetails'];
const ours = atlasStatement(clusterArn, principalArn);
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

interface Situation {
  routes?: Record<string, Answer>;
  policy?: string | undefined;
  overrides?: Partial<Request>;
}

/** Plans the removal of everything that a connect run creates, unless the situation differs. */
async function plan(t: TestContext, situation: Situation = {}) {
  const { routes = {}, overrides = {}, policy = policyOf(ours) } = situation;
  const { client, msk } = fakeMsk();
  if (policy === '') msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else msk.on(GetClusterPolicyCommand).resolves({ Policy: policy, CurrentVersion: 'K1' });
  const { atlas, calls } = await fakeAtlas(t, {
    [get]: ok(connection()),
    [links]: list([privateLink()]),
    [account]: ok({ awsAccountId: '123456789012' }),
    ...routes,
  });
  const input = taskInput({ request: request({ dryRun: true, ...overrides }) });
  const { clusterArn: of, changes } = await planRemoval(input, { msk: client, atlas });
  assert.equal(of, clusterArn);
  // A dry run only reads, whatever it finds.
  assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  for (const call of calls()) assert.match(call, /^GET /);
  return changes;
}

const statesOf = (changes: { state: string }[]) => changes.map(({ state }) => state);
const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');

describe('PlanRemoval', () => {
  it('lists what a run would delete, in its order', async (t) => {
    assert.deepEqual(await plan(t), [
      { state: 'DeleteConnection', change: 'Delete the Kafka connection "orders" in workspace "streams".' },
      {
        state: 'DeletePrivateLink',
        change: `Delete private link ${privateLinkId}, unless another connection of the project uses it.`,
      },
      {
        state: 'RemoveClusterPolicy',
        change: `Remove the statement ${ours.Sid} from the cluster policy if the private link is deleted; all other statements stay as they are.`,
      },
    ]);
  });

  it('lists nothing if nothing is left', async (t) => {
    assert.deepEqual(await plan(t, { routes: { [get]: absent, [links]: list([]) }, policy: '' }), []);
  });

  it('leaves out a connection that is not ours', async (t) => {
    const foreign = ok(connection({ networking: { access: { type: 'PUBLIC' } } }));
    assert.deepEqual(statesOf(await plan(t, { routes: { [get]: foreign } })), [
      'DeletePrivateLink',
      'RemoveClusterPolicy',
    ]);
  });

  it('leaves out a connection that uses the link to another cluster, even if a tag names that link', async (t) => {
    const routes = { [links]: list([privateLink({ arn: `${clusterArn}0` })]) };
    const overrides = { privateLinkId };
    assert.deepEqual(statesOf(await plan(t, { routes, overrides })), ['RemoveClusterPolicy']);
  });

  it('leaves out a link that is being deleted, and lists its connection', async (t) => {
    const routes = { [links]: list([privateLink({ state: 'DELETING' })]) };
    assert.deepEqual(statesOf(await plan(t, { routes })), ['DeleteConnection', 'RemoveClusterPolicy']);
  });

  it('leaves out a policy without our statement, whatever other statements grant', async (t) => {
    const policy = policyOf({ ...ours, Sid: 'Terraform' });
    assert.deepEqual(statesOf(await plan(t, { policy })), ['DeleteConnection', 'DeletePrivateLink']);
  });

  it('leaves out the statement if Atlas no longer names an account', async (t) => {
    const routes = { [account]: apiError(404, 'NOTHING_THERE') };
    assert.deepEqual(statesOf(await plan(t, { routes })), ['DeleteConnection', 'DeletePrivateLink']);
  });

  it('fails as the run would if Atlas refuses to name the account', async (t) => {
    const routes = { [account]: apiError(403, 'USER_UNAUTHORIZED') };
    await assert.rejects(plan(t, { routes }), { name: 'AtlasRefused' });
  });

  it('fails as the run would if Atlas refuses', async (t) => {
    const routes = { [get]: apiError(403, 'USER_UNAUTHORIZED') };
    await assert.rejects(plan(t, { routes }), { name: 'AtlasRefused', message: /USER_UNAUTHORIZED/ });
  });
});
