import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deletePrivateLink } from '../../functions/delete-private-link/delete-private-link.ts';
import type { Result } from '../../shared/outcomes.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Request } from '../../shared/request/request.ts';
import {
  type Answer,
  accepted,
  apiError,
  connection,
  fakeAtlas,
  list,
  privateLink,
  privateLinkId,
  reset,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { fakeRegistry, lost, record } from '../fixtures/fake-registry.ts';
import { before, clusterArn, disconnectExecutionArn, later, now, request, wait } from '../fixtures/request.ts';

const [links, remove, workspaces] = [
  'GET /privateLinkConnections',
  `DELETE /privateLinkConnections/${privateLinkId}`,
  'GET ',
];
const connectionsOf = (workspace: string) => `GET /${workspace}/connections`;
const inUse = apiError(
  400,
  'STREAM_PRIVATE_LINK_IN_USE',
  `Private Link with connection ID ${privateLinkId} is in use.`,
);
const through = (name: string, overrides = {}) => connection({ name, ...overrides });

/** When Atlas made the id of the link. */
const madeAt = new Date(Number.parseInt(privateLinkId.slice(0, 8), 16) * 1000).toISOString();
const created = { id: privateLinkId, ownership: 'created', attemptedAt: madeAt } as const;
const minutesBefore = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString();

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  /** What the registry held when the run claimed the cluster; null: nothing. */
  recorded?: Partial<RegistryRecord> | null;
  held?: RegistryRecord;
  request?: Partial<Request>;
}

interface Visit {
  /** Of this state's earlier visit. */
  state?: string;
  result?: Result;
  deadline?: string;
}

/** Atlas has our link, and one workspace without connections, and the registry says so, unless the situation differs. */
async function deleter(t: TestContext, situation: Situation = {}) {
  const { routes = {}, recorded = { privateLink: created }, held, request: overrides } = situation;
  const { atlas, calls } = await fakeAtlas(t, {
    [links]: list([privateLink({ _id: 'f'.repeat(24), arn: `${clusterArn}0` }), privateLink()]),
    [remove]: accepted,
    [workspaces]: list([workspaceOf()]),
    [connectionsOf('streams')]: list([]),
    ...routes,
  });
  const claimed = recorded && record(recorded);
  const { registry, writes, item } = fakeRegistry(held ?? claimed ?? record());
  const visit = async ({ state = 'unknown', result, deadline = later }: Visit = {}) => {
    const run = {
      request: request({ recorded: claimed, ...overrides }),
      connection: { deadline },
      ...(result && { privateLink: { state, result } }),
    };
    const waits = { removal: wait, unclearAttempt: { ...wait, timeoutMinutes: 15 } };
    const input = { run, executionArn: disconnectExecutionArn, now };
    const { pollSeconds, ...found } = await deletePrivateLink(input, { atlas, registry, waits });
    // Just after the deadline, if that is earlier.
    assert.equal(pollSeconds, deadline === before ? 1 : 20);
    return found;
  };
  return { visit, calls, writes, item };
}

const found = { isDone: false, isConnectionBack: false, isClusterLinked: true, state: 'DONE', result: 'absent' };
const requested = { ...found, state: 'DELETE_REQUESTED', result: 'removed' };
const missing = { ...found, state: 'absent', result: 'absent' } as const;
const gone = { ...missing, isDone: true, isClusterLinked: false };
const kept = { ...found, isDone: true, state: 'kept', result: 'kept' };

describe('DeletePrivateLink', () => {
  it('asks Atlas to delete the link that the registry records as created, under its claim, and no other', async (t) => {
    const { visit, calls, writes } = await deleter(t);
    assert.deepEqual(await visit(), requested);
    assert.deepEqual(calls(), [links, remove]);
    assert.deepEqual(writes, ['confirm']);
  });

  it('deletes nothing if another execution has claimed the cluster', async (t) => {
    const { visit, calls } = await deleter(t, { held: lost({ privateLink: created }) });
    await assert.rejects(visit(), { name: 'ClaimLost' });
    assert.deepEqual(calls(), [links]);
  });

  it('treats an already deleted link as done, keeps the result of an earlier visit, and forgets the link', async (t) => {
    for (const left of [[], [privateLink({ state: 'DELETED' })], [privateLink({ arn: `${clusterArn}0` })]]) {
      const { visit, calls, item } = await deleter(t, { routes: { [links]: list(left) } });
      assert.deepEqual(await visit(missing), gone);
      assert.deepEqual(await visit({ result: 'removed', deadline: before }), { ...gone, result: 'removed' });
      assert.deepEqual(calls(), [links, links]);
      assert.equal(item()?.privateLink, undefined);
    }
  });

  it('forgets a link that it has not deleted only if two polls in a row do not find it', async (t) => {
    const once = await deleter(t, { routes: { [links]: [list([]), list([privateLink()])] } });
    const first = await once.visit();
    assert.deepEqual([first, once.writes], [missing, []]);
    assert.deepEqual(await once.visit(first), requested);
    const twice = await deleter(t, { routes: { [links]: list([]) } });
    assert.deepEqual(await twice.visit(await twice.visit()), gone);
    assert.deepEqual(twice.writes, ['-privateLink']);
    const late = await deleter(t, { routes: { [links]: list([]) } });
    assert.deepEqual([(await late.visit({ deadline: before })).result, late.writes], ['kept', []]);
  });

  it('takes no other answer for a link that does not exist, such as that for a project that the key does not see', async (t) => {
    for (const code of ['GROUP_NOT_FOUND', 'RESOURCE_NOT_FOUND'])
      for (const route of [links, remove]) {
        const { visit, item } = await deleter(t, { routes: { [route]: apiError(404, code) } });
        await assert.rejects(visit(missing), { name: 'AtlasRefused', message: new RegExp(code) });
        assert.deepEqual(item()?.privateLink, created);
      }
  });

  it('treats a link that another party has just deleted as done', async (t) => {
    const { visit, item } = await deleter(t, {
      routes: {
        [links]: [list([privateLink()]), list([])],
        [remove]: apiError(404, 'STREAM_PRIVATE_LINK_NOT_FOUND'),
      },
    });
    const first = await visit();
    assert.deepEqual([first, item()?.privateLink], [missing, created]);
    assert.deepEqual([await visit(first), item()?.privateLink], [gone, undefined]);
  });

  for (const state of ['DELETE_REQUESTED', 'DELETING'])
    it(`waits for a link that is ${state}, until the deadline`, async (t) => {
      const { visit, calls } = await deleter(t, { routes: { [links]: list([privateLink({ state })]) } });
      assert.deepEqual(await visit(), { ...found, state, result: 'removed' });
      await assert.rejects(visit({ deadline: before }), {
        name: 'WaitTimedOut',
        message: new RegExp(`^Private link ${privateLinkId} is still ${state}, and the deadline of this wait`),
      });
      assert.ok(!calls().includes(remove));
    });

  for (const state of ['IDLE', 'WORKING', 'FAILED', undefined])
    it(`deletes a link that is ${state}`, async (t) => {
      const { visit } = await deleter(t, { routes: { [links]: list([privateLink({ state })]) } });
      assert.equal((await visit()).result, 'removed');
    });

  it('gives up at the deadline on a link that stays although Atlas keeps accepting its deletion', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ result: 'removed' })).isDone, false);
    await assert.rejects(visit({ result: 'removed', deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Private link \w+ is still DONE/,
    });
  });

  it('ends the run if Atlas refuses for another reason', async (t) => {
    const { visit } = await deleter(t, { routes: { [remove]: apiError(403, 'USER_UNAUTHORIZED') } });
    await assert.rejects(visit(), { name: 'AtlasCredentialsRefused', message: /USER_UNAUTHORIZED/ });
  });

  it('lets the machine retry if the answer to the deletion is lost, and then finds that Atlas deletes the link', async (t) => {
    const { visit } = await deleter(t, {
      routes: {
        [links]: [list([privateLink()]), list([privateLink({ state: 'DELETE_REQUESTED' })])],
        [remove]: reset,
      },
    });
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), requested);
  });
});

describe('DeletePrivateLink keeps', () => {
  const cost = /^It costs about \$51 a month\. To remove it, delete it in Atlas\. Or /;

  it('a link without a record, and says what it costs and how to remove it', async (t) => {
    for (const recorded of [null, {}]) {
      const { visit, calls, writes } = await deleter(t, { recorded, request: { includeAdopted: true } });
      const { note = '', remedy = '', ...rest } = await visit();
      assert.deepEqual(rest, kept);
      assert.equal(note, `${privateLinkId} - not created by this deployment, as far as the registry knows`);
      assert.match(remedy, cost);
      assert.match(remedy, /delete it in Atlas\. Or take it over: .*to "hold", .*"claim": true\. .*to "disconnect"\.$/);
      assert.deepEqual([calls(), writes], [[links], []]);
    }
  });

  for (const ownership of ['adopted', 'unknown'] as const)
    it(`a link that is recorded as ${ownership}, unless the input includes it`, async (t) => {
      const recorded = { privateLink: { ...created, ownership } };
      const { visit, calls, writes } = await deleter(t, { recorded });
      const { note = '', remedy = '', ...rest } = await visit();
      assert.deepEqual(rest, kept);
      assert.match(note, ownership === 'adopted' ? /^not created by this deployment/ : /was created at another time$/);
      assert.match(remedy, cost);
      assert.match(remedy, /start the disconnect machine with "includeAdopted": true\.$/);
      assert.deepEqual([calls(), writes], [[links], []]);

      const included = await deleter(t, { recorded, request: { includeAdopted: true } });
      assert.deepEqual(await included.visit(), requested);
    });

  it('a link that other connections of the project use, in any workspace, names them, and remembers the link', async (t) => {
    const elsewhere = { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } };
    const { visit, calls, item } = await deleter(t, {
      routes: {
        [remove]: inUse,
        [workspaces]: list([workspaceOf(), workspaceOf({ name: 'other.ws' }), workspaceOf({ name: 'empty' })]),
        [connectionsOf('streams')]: list([
          through('invoices'),
          through('deleting', { state: 'DELETING' }),
          through('elsewhere', elsewhere),
          { name: 'sample', type: 'Sample', state: 'READY' },
        ]),
        [connectionsOf('other.ws')]: list([through('orders')]),
        [connectionsOf('empty')]: list([]),
      },
    });
    assert.deepEqual(await visit(), {
      ...kept,
      note: 'used by streams/invoices, other.ws/orders',
      remedy: 'The sweep removes the private link when no connection uses it.',
    });
    assert.deepEqual(calls(), [links, remove, workspaces, ...['streams', 'other.ws', 'empty'].map(connectionsOf)]);
    assert.deepEqual(item()?.privateLink, created);
  });

  it('an adopted link that other connections use, and does not promise to remove it', async (t) => {
    const { visit } = await deleter(t, {
      recorded: { privateLink: { ...created, ownership: 'adopted' } },
      request: { includeAdopted: true },
      routes: { [remove]: inUse, [connectionsOf('streams')]: list([through('invoices')]) },
    });
    assert.equal((await visit()).remedy, 'Delete these connections, and then the private link in Atlas.');
  });
});

describe('DeletePrivateLink waits', () => {
  it('until the deadline while Atlas says that the link is in use although no connection uses it', async (t) => {
    const deleting = list([through('orders', { state: 'DELETING' })]);
    const { visit } = await deleter(t, {
      routes: { [remove]: [inUse, inUse, accepted], [connectionsOf('streams')]: deleting },
    });
    assert.deepEqual(await visit(), found);
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /is still in use, although no connection uses it, and the deadline/,
    });
    assert.equal((await visit()).result, 'removed');
  });

  it('for the deletion of an adopted link by another party, and then forgets the link', async (t) => {
    const { visit, calls, item } = await deleter(t, {
      recorded: { privateLink: { ...created, ownership: 'adopted' } },
      routes: { [links]: [list([privateLink({ state: 'DELETING' })]), list([])] },
    });
    assert.deepEqual(await visit(), { ...found, state: 'DELETING' });
    assert.deepEqual(await visit(await visit()), gone);
    assert.deepEqual(calls(), [links, links, links]);
    assert.equal(item()?.privateLink, undefined);
  });
});

describe('DeletePrivateLink, if Atlas shows a connection over the link that DeleteConnection did not find,', () => {
  const ourConnection = { id: connection().id, ownership: 'created' } as const;
  const recorded = { privateLink: created, connection: ourConnection };
  const held = record({ privateLink: created });
  const routes = { [remove]: inUse, [connectionsOf('streams')]: list([connection(), through('invoices')]) };

  it('records it again and sends the machine back, if it is the recorded one', async (t) => {
    const { visit, item } = await deleter(t, { recorded, held, routes });
    assert.deepEqual(await visit(), { ...found, isConnectionBack: true });
    assert.deepEqual([item()?.connection, item()?.privateLink], [ourConnection, created]);
  });

  it('does so until the deadline, and remembers it', async (t) => {
    const { visit, item } = await deleter(t, { recorded, held, routes });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Private link \w+ is still in use by connection "orders", and the deadline/,
    });
    assert.deepEqual(item()?.connection, ourConnection);
  });

  it('keeps the link if it is another one of that name, or adopted', async (t) => {
    for (const other of [
      { ...ourConnection, id: 'b'.repeat(24) },
      { ...ourConnection, ownership: 'adopted' as const },
    ]) {
      const { visit, item } = await deleter(t, { recorded: { ...recorded, connection: other }, held, routes });
      const { note, ...rest } = await visit();
      assert.deepEqual([rest.result, note], ['kept', 'used by streams/orders, streams/invoices']);
      assert.equal(item()?.connection, undefined);
    }
  });
});

describe('DeletePrivateLink, with several links to the cluster,', () => {
  const other = (overrides: Record<string, unknown> = {}) => privateLink({ _id: 'd'.repeat(24), ...overrides });

  it('deletes the recorded one, whatever their states are', async (t) => {
    for (const states of [
      ['DONE', 'FAILED'],
      ['FAILED', 'DONE'],
      ['DELETING', 'WORKING'],
    ]) {
      const [theirs, ours] = states;
      const both = list([other({ state: theirs }), privateLink({ state: ours })]);
      const { visit, calls } = await deleter(t, { routes: { [links]: both } });
      assert.equal((await visit()).result, 'removed');
      assert.deepEqual(calls(), [links, remove]);
    }
  });

  it('says which one stays when the recorded one is gone, and that the statement is still needed', async (t) => {
    const { visit, item } = await deleter(t, { routes: { [links]: list([other()]) } });
    const { note = '', ...rest } = await visit({ result: 'removed' });
    assert.match(note, /^d{24} - not created by this deployment/);
    assert.deepEqual({ ...rest, remedy: '' }, { ...kept, result: 'removed', remedy: '' });
    assert.equal(item()?.privateLink, undefined);
  });

  it('does not wait for the deletion of another one, for which the statement is still needed', async (t) => {
    const { visit } = await deleter(t, { routes: { [links]: list([other({ state: 'DELETING' })]) } });
    assert.deepEqual(await visit(missing), { ...gone, isClusterLinked: true });
  });
});

describe('DeletePrivateLink, after an unclear attempt to request the link,', () => {
  const unclear = (attemptedAt: string) => ({ privateLink: { attemptedAt } });

  it('deletes the link that falls into the attempt, and records that it is ours before', async (t) => {
    const foreign = privateLink({ _id: 'a'.repeat(24) });
    const { visit, calls, writes, item } = await deleter(t, {
      recorded: unclear(madeAt),
      routes: { [links]: list([foreign, privateLink()]) },
    });
    assert.deepEqual(await visit(), requested);
    assert.deepEqual(calls(), [links, remove]);
    assert.deepEqual(writes, ['privateLink']);
    assert.deepEqual(item()?.privateLink, { attemptedAt: madeAt, id: privateLinkId, ownership: 'created' });
  });

  it('deletes the link of an earlier attempt than the last one', async (t) => {
    const attemptedAt = minutesBefore(1);
    const foreign = privateLink({ _id: 'a'.repeat(24) });
    for (const earlier of [
      { id: privateLinkId },
      { earlierAttempts: [madeAt] },
      { id: 'b'.repeat(24), earlierAttempts: [madeAt] },
    ]) {
      const { visit, item } = await deleter(t, {
        recorded: { privateLink: { ...earlier, attemptedAt } },
        routes: { [links]: list([foreign, privateLink()]) },
      });
      assert.deepEqual(await visit(), requested);
      assert.deepEqual(item()?.privateLink, { attemptedAt, id: privateLinkId, ownership: 'created' });
    }
  });

  it('keeps a link that does not, and records that', async (t) => {
    const { visit, calls, item } = await deleter(t, { recorded: unclear(minutesBefore(1)) });
    const { note = '', result } = await visit();
    assert.equal(result, 'kept');
    assert.match(note, /was created at another time/);
    const attemptedAt = minutesBefore(1);
    assert.deepEqual(item()?.privateLink, { attemptedAt, id: privateLinkId, ownership: 'unknown' });
    assert.deepEqual(calls(), [links]);
  });

  it('looks again until the attempt is 15 minutes old if Atlas lists no link, and then leaves it to the sweep', async (t) => {
    const none = { [links]: list([]) };
    const young = await deleter(t, { recorded: unclear(minutesBefore(14)), routes: none });
    assert.deepEqual(await young.visit(await young.visit()), missing);
    assert.deepEqual(young.writes, []);
    const old = await deleter(t, { recorded: unclear(minutesBefore(15)), routes: none });
    const { note, remedy, ...rest } = await old.visit(missing);
    assert.deepEqual(rest, { ...kept, state: 'absent' });
    assert.match(
      `${note}. ${remedy}`,
      /^requested, but Atlas does not show it yet\. The sweep starts a run that looks again\.$/,
    );
    assert.deepEqual(old.writes, []);
  });

  it('forgets an attempt that is 30 minutes old', async (t) => {
    const { visit, writes } = await deleter(t, {
      recorded: unclear(minutesBefore(30)),
      routes: { [links]: list([]) },
    });
    assert.deepEqual(await visit(missing), gone);
    assert.deepEqual(writes, ['-privateLink']);
  });

  it('also waits for a link that was created less than 15 minutes ago, but not after it has deleted it', async (t) => {
    const made = (minutes: number) => ({
      privateLink: { id: privateLinkId, ownership: 'created' as const, attemptedAt: minutesBefore(minutes) },
    });
    const none = { [links]: list([]) };
    const young = await deleter(t, { recorded: made(14), routes: none });
    assert.equal((await young.visit(missing)).isDone, false);
    assert.equal((await young.visit({ result: 'removed' })).isDone, true);
    const older = await deleter(t, { recorded: made(15), routes: none });
    assert.equal((await older.visit(missing)).result, 'kept');
    const old = await deleter(t, { recorded: made(30), routes: none });
    assert.equal((await old.visit(missing)).result, 'absent');
    assert.deepEqual(old.writes, ['-privateLink']);
  });
});
