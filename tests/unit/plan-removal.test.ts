import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { GetClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { planRemoval } from '../../functions/plan-removal/plan-removal.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import {
  type Answer,
  apiError,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { record } from '../fixtures/fake-registry.ts';
import { clusterArn, principalArn, request } from '../fixtures/request.ts';

const [get, links, workspaces, connections] = [
  'GET /streams/connections/orders',
  'GET /privateLinkConnections',
  'GET ',
  'GET /streams/connections',
];
const ours = atlasStatement(clusterArn, principalArn);
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** What a connect run has created. */
const pieces = {
  connection: { id: connection().id, ownership: 'created' },
  privateLink: { id: privateLinkId, ownership: 'created' },
  statement: { sid: ours.Sid, principalArn, ownership: 'created' },
} as const;
const adopted = {
  connection: { ...pieces.connection, ownership: 'adopted' },
  privateLink: { ...pieces.privateLink, ownership: 'adopted' },
} as const;

interface Situation {
  routes?: Record<string, Answer>;
  policy?: string;
  recorded?: Partial<RegistryRecord> | null;
  includeAdopted?: boolean;
}

/** Plans the removal of everything that a connect run creates, unless the situation differs. */
async function plan(t: TestContext, situation: Situation = {}) {
  const { routes = {}, policy = policyOf(ours), recorded = pieces, includeAdopted = false } = situation;
  const { client, msk } = fakeMsk();
  if (policy === '') msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else msk.on(GetClusterPolicyCommand).resolves({ Policy: policy, CurrentVersion: 'K1' });
  const { atlas, calls } = await fakeAtlas(t, {
    [get]: ok(connection()),
    [links]: list([privateLink()]),
    [workspaces]: list([workspaceOf()]),
    [connections]: list([connection()]),
    ...routes,
  });
  const run = { request: request({ dryRun: true, includeAdopted, recorded: recorded && record(recorded) }) };
  const { clusterArn: of, changes, kept } = await planRemoval({ run }, { msk: client, atlas });
  assert.equal(of, clusterArn);
  // A dry run only reads, whatever it finds.
  assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  for (const call of calls()) assert.match(call, /^GET /);
  return { changes, kept, states: changes.map(({ state }) => state), stays: kept.map(({ resource }) => resource) };
}

const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');
const all = ['DeleteConnection', 'DeletePrivateLink', 'RemoveClusterPolicy'];

describe('PlanRemoval', () => {
  it('lists what a run would delete, in its order', async (t) => {
    const { changes, kept } = await plan(t);
    assert.deepEqual(changes, [
      { state: 'DeleteConnection', change: 'Delete the Kafka connection "orders" in workspace "streams".' },
      { state: 'DeletePrivateLink', change: `Delete private link ${privateLinkId}.` },
      {
        state: 'RemoveClusterPolicy',
        change: `Remove the statement ${ours.Sid} from the cluster policy; all other statements stay as they are.`,
      },
    ]);
    assert.deepEqual(kept, []);
  });

  it('says that MSK refuses to change a policy with a deleted role, unless the whole policy can be deleted', async (t) => {
    const gone = { ...ours, Sid: 'Old', Principal: { AWS: 'AROAEXAMPLEDELETED01' } };
    const { changes } = await plan(t, { policy: policyOf(gone, ours) });
    assert.match(
      changes.at(-1)?.change ?? '',
      /stay as they are\. In the cluster policy, statement "Old" names AROAEX/,
    );
    const { changes: whole } = await plan(t, { policy: policyOf(ours) });
    assert.match(whole.at(-1)?.change ?? '', /stay as they are\.$/);
  });

  it('lists nothing if nothing is left', async (t) => {
    const { changes, kept } = await plan(t, { routes: { [get]: absent, [links]: list([]) }, policy: '' });
    assert.deepEqual([changes, kept], [[], []]);
  });

  it('changes nothing without a record, and says what it has found and how to take it over', async (t) => {
    const { changes, kept, stays } = await plan(t, { recorded: null, includeAdopted: true });
    assert.deepEqual([changes, stays], [[], ['connection', 'privateLink', 'policyStatement']]);
    for (const { result, note = '' } of kept) {
      assert.equal(result, 'kept');
      assert.match(note, /not created by this deployment.*"claim": true/);
    }
    assert.match(kept[1]?.note ?? '', /costs about \$51 a month/);
  });

  it('keeps adopted resources and the statement that they need, unless the input includes them', async (t) => {
    const recorded = { ...pieces, ...adopted };
    const { changes, kept } = await plan(t, { recorded });
    assert.deepEqual(changes, []);
    const [onConnection, onLink, onStatement] = kept.map(({ note = '' }) => note);
    assert.match(onConnection ?? '', /^not created by this deployment\..*"includeAdopted": true/);
    assert.match(onLink ?? '', /^not created by this deployment\..*\$51 a month.*"includeAdopted": true/);
    assert.equal(onStatement, 'a private link to the cluster needs it');
    assert.deepEqual((await plan(t, { recorded, includeAdopted: true })).states, all);
  });

  it('keeps a link that another connection uses, and names it', async (t) => {
    const others = list([connection(), connection({ name: 'invoices' })]);
    const { states, kept } = await plan(t, { routes: { [connections]: others } });
    assert.deepEqual(states, ['DeleteConnection']);
    assert.match(kept[0]?.note ?? '', /^used by streams\/invoices\. The sweep removes/);
    assert.equal(kept[1]?.resource, 'policyStatement');
  });

  it('keeps a link that an adopted connection uses', async (t) => {
    const { states, kept } = await plan(t, { recorded: { ...pieces, connection: adopted.connection } });
    assert.deepEqual(states, []);
    assert.match(kept[1]?.note ?? '', /^used by streams\/orders\./);
  });

  it('keeps a connection that does not use a link to this cluster, and says why', async (t) => {
    const foreign = ok(connection({ networking: { access: { type: 'PUBLIC' } } }));
    const { states, kept } = await plan(t, { routes: { [get]: foreign, [connections]: list([]) } });
    assert.deepEqual(states, ['DeletePrivateLink', 'RemoveClusterPolicy']);
    assert.match(kept[0]?.note ?? '', /PUBLIC networking/);
  });

  it('keeps another link to the cluster, and the statement that it needs', async (t) => {
    const both = list([privateLink(), privateLink({ _id: 'd'.repeat(24) })]);
    const { states, stays } = await plan(t, { routes: { [links]: both } });
    assert.deepEqual(
      [states, stays],
      [
        ['DeleteConnection', 'DeletePrivateLink'],
        ['privateLink', 'policyStatement'],
      ],
    );
  });

  it('leaves out a link that is being deleted, and lists its connection and the statement', async (t) => {
    const routes = { [links]: list([privateLink({ state: 'DELETING' })]) };
    assert.deepEqual((await plan(t, { routes })).states, ['DeleteConnection', 'RemoveClusterPolicy']);
  });

  it('leaves out a policy without our statement, whatever other statements grant', async (t) => {
    const policy = policyOf({ ...ours, Sid: 'Terraform' });
    const { states, stays } = await plan(t, { policy });
    assert.deepEqual([states, stays], [['DeleteConnection', 'DeletePrivateLink'], []]);
  });

  it('fails as the run would if Atlas refuses', async (t) => {
    const routes = { [get]: apiError(403, 'USER_UNAUTHORIZED') };
    await assert.rejects(plan(t, { routes }), { name: 'AtlasCredentialsRefused', message: /USER_UNAUTHORIZED/ });
  });
});
