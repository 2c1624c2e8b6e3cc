import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type * as z from 'zod/mini';
import { type DeleteConnectionInput, deleteConnection } from '../../functions/delete-connection/delete-connection.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Request } from '../../shared/request/request.ts';
import {
  type Answer,
  accepted,
  apiError,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  processor,
  reset,
} from '../fixtures/atlas.ts';
import { fakeRegistry, lost, record } from '../fixtures/fake-registry.ts';
import {
  before,
  clusterArn,
  disconnectExecutionArn,
  later,
  deadline as newDeadline,
  now,
  request,
  wait,
} from '../fixtures/request.ts';

const [get, links, remove, processors] = [
  'GET /streams/connections/orders',
  'GET /privateLinkConnections',
  'DELETE /streams/connections/orders',
  'GET /streams/processors',
];
const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');
const deploying = apiError(409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', 'Please retry the request later.');
const inUse = apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS', 'It has active processors.');

const id = connection().id;
/** When Atlas made that id. */
const madeAt = new Date(Number.parseInt(id.slice(0, 8), 16) * 1000).toISOString();
const created = { id, ownership: 'created', attemptedAt: madeAt } as const;
const pieces = { connection: created, privateLink: { id: privateLinkId, ownership: 'created' } } as const;
const minutesBefore = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString();

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  /** What the registry held when the run claimed the cluster; null: nothing. */
  recorded?: Partial<RegistryRecord> | null;
  held?: RegistryRecord;
  request?: Partial<Request>;
}

type Earlier = NonNullable<z.infer<typeof DeleteConnectionInput>['run']['connection']>;

/** Atlas has our connection and the link that it uses, and the registry says so, unless the situation differs. */
async function deleter(t: TestContext, { routes = {}, recorded = pieces, held, request: overrides }: Situation = {}) {
  const ours = { [get]: ok(connection()), [links]: list([privateLink()]), [remove]: accepted };
  const { atlas, calls } = await fakeAtlas(t, { ...ours, ...routes });
  const claimed = recorded && record(recorded);
  const { registry, writes, item } = fakeRegistry(held ?? claimed ?? record());
  const visit = async (earlier: Partial<Earlier> = {}) => {
    const { state = 'unknown', result = 'absent', deadline = later } = earlier;
    const input = {
      run: {
        request: request({ recorded: claimed, ...overrides }),
        connection: { ...earlier, state, result, deadline },
      },
      executionArn: disconnectExecutionArn,
      now,
    };
    const waits = { removal: wait, unclearAttempt: { ...wait, timeoutMinutes: 15 } };
    const { pollSeconds, deadline: kept, ...found } = await deleteConnection(input, { atlas, registry, waits });
    // Just after the deadline, if that is earlier.
    assert.deepEqual([pollSeconds, kept], [deadline === before ? 1 : 20, deadline]);
    return found;
  };
  return { visit, calls, writes, item };
}

const missing = { isDone: false, state: 'absent', result: 'absent' } as const;
const gone = { ...missing, isDone: true };
const deleting = { isDone: false, id, state: 'DELETING', result: 'removed' };

describe('DeleteConnection', () => {
  it('sets the deadline for connection and link at its first visit', async (t) => {
    const { atlas } = await fakeAtlas(t, { [get]: absent });
    const { deadline, result } = await deleteConnection(
      { run: { request: request() }, executionArn: disconnectExecutionArn, now },
      { atlas, registry: fakeRegistry().registry, waits: { removal: wait, unclearAttempt: wait } },
    );
    assert.deepEqual([deadline, result], [newDeadline, 'absent']);
  });

  it('asks Atlas to delete the connection that the registry records as created, under its claim', async (t) => {
    const { visit, calls, writes } = await deleter(t);
    assert.deepEqual(await visit(), deleting);
    assert.deepEqual(calls(), [get, links, remove]);
    assert.deepEqual(writes, ['confirm']);
  });

  it('deletes nothing if another execution has claimed the cluster', async (t) => {
    const { visit, calls } = await deleter(t, { held: lost(pieces) });
    await assert.rejects(visit(), { name: 'ClaimLost' });
    assert.ok(!calls().includes(remove));
  });

  it('is done when the connection that it has deleted is gone, and forgets it', async (t) => {
    const { visit, calls, item } = await deleter(t, {
      routes: { [get]: absent },
      recorded: { ...pieces, secretVersionId: 'version-1' },
    });
    assert.deepEqual(await visit({ result: 'removed', deadline: before }), { ...gone, result: 'removed' });
    assert.deepEqual(calls(), [get]);
    assert.deepEqual([item()?.connection, item()?.secretVersionId], [undefined, undefined]);
    assert.deepEqual(item()?.privateLink, pieces.privateLink);
  });

  it('forgets a connection that it has not deleted only if two polls in a row do not find it', async (t) => {
    const { visit, calls, writes } = await deleter(t, { routes: { [get]: absent } });
    const first = await visit();
    assert.deepEqual([first, writes], [missing, []]);
    assert.deepEqual(await visit(first), gone);
    assert.deepEqual([calls(), writes], [[get, get], ['-connection -secretVersionId -verifiedAt']]);
  });

  it('deletes a connection that Atlas has once not shown', async (t) => {
    const { visit, writes } = await deleter(t, { routes: { [get]: [absent, ok(connection()), absent, absent] } });
    const second = await visit(await visit());
    assert.deepEqual([second, writes], [deleting, ['confirm']]);
  });

  it('deletes a connection that Atlas shows again after it was forgotten or kept', async (t) => {
    for (const result of ['absent', 'kept', 'removed'] as const) {
      const { visit } = await deleter(t);
      assert.deepEqual(await visit({ state: 'absent', result }), deleting);
      const again = await deleter(t, { routes: { [get]: absent } });
      assert.equal((await again.visit({ state: 'absent', result })).result, result === 'removed' ? result : 'absent');
    }
  });

  it('leaves a connection that it cannot look for again, because the deadline has passed, to the sweep', async (t) => {
    const { visit, writes } = await deleter(t, { routes: { [get]: absent } });
    assert.deepEqual([(await visit({ deadline: before })).result, writes], ['kept', []]);
  });

  it('takes no other answer for a connection that does not exist, such as that for a project that the key does not see', async (t) => {
    for (const code of ['GROUP_NOT_FOUND', 'RESOURCE_NOT_FOUND'])
      for (const route of [get, remove]) {
        const { visit, item } = await deleter(t, { routes: { [route]: apiError(404, code) } });
        await assert.rejects(visit({ state: 'absent' }), { name: 'AtlasRefused', message: new RegExp(code) });
        assert.deepEqual(item()?.connection, created);
      }
  });

  it('writes nothing if there is no connection, and none is recorded', async (t) => {
    const { visit, writes } = await deleter(t, { routes: { [get]: absent }, recorded: null });
    assert.deepEqual(await visit(), gone);
    assert.deepEqual(writes, []);
  });

  it('treats a deleted workspace as done', async (t) => {
    const { visit } = await deleter(t, { routes: { [get]: apiError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME') } });
    assert.equal((await visit(await visit())).isDone, true);
  });

  it('treats a connection that another party has just deleted as done', async (t) => {
    const { visit, item } = await deleter(t, { routes: { [get]: [ok(connection()), absent], [remove]: absent } });
    const first = await visit();
    assert.deepEqual([first, item()?.connection], [missing, created]);
    assert.deepEqual([await visit(first), item()?.connection], [gone, undefined]);
  });
});

describe('DeleteConnection keeps', () => {
  const others: [what: string, situation: Situation, note: RegExp, remedy: RegExp][] = [
    ['a connection without any record', { recorded: null }, /^not created by this deployment/, /"claim": true/],
    [
      'a connection that its record does not have',
      { recorded: { privateLink: pieces.privateLink }, request: { includeAdopted: true } },
      /^not created by this deployment/,
      /"claim": true/,
    ],
    [
      'an adopted connection',
      { recorded: { ...pieces, connection: { ...created, ownership: 'adopted' } } },
      /^not created by this deployment/,
      /"includeAdopted": true/,
    ],
    [
      'a connection that was found after an unclear attempt and did not fall into it',
      { recorded: { ...pieces, connection: { ...created, ownership: 'unknown' } } },
      /was created at another time$/,
      /"includeAdopted": true/,
    ],
  ];
  for (const [what, situation, note, remedy] of others)
    it(`${what}, and says why and how to remove it`, async (t) => {
      const { visit, calls, writes } = await deleter(t, situation);
      const { note: said = '', remedy: advice = '', ...found } = await visit();
      assert.deepEqual(found, { isDone: true, state: 'kept', result: 'kept' });
      assert.match(said, note);
      assert.match(advice, remedy);
      assert.match(advice, /^To remove it, delete it in Atlas\. Or /);
      assert.deepEqual(calls(), [get, links]);
      assert.deepEqual(writes, []);
    });

  it('a connection by which another party has replaced ours, and forgets ours', async (t) => {
    const other = { ...created, id: 'a'.repeat(24) };
    const recorded = { ...pieces, connection: other, secretVersionId: 'version-1' };
    const { visit, calls, item } = await deleter(t, { recorded, request: { includeAdopted: true } });
    const { result, note = '' } = await visit();
    assert.equal(result, 'kept');
    assert.match(note, /another party has replaced the one that is recorded, a{24}$/);
    assert.ok(!calls().includes(remove));
    assert.deepEqual([item()?.connection, item()?.secretVersionId], [undefined, undefined]);
  });

  const foreign: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['is of another type', { type: 'Cluster' }, /of type Cluster, not Kafka/],
    ['has other networking', { networking: { access: { type: 'PUBLIC' } } }, /PUBLIC networking, not PRIVATE_LINK/],
    [
      'uses the link to another cluster',
      { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } },
      /through private link f{24}, which is not the one to this cluster/,
    ],
  ];
  for (const [what, overrides, reason] of foreign)
    it(`a connection of the same name that ${what}, whatever is recorded`, async (t) => {
      const { visit, calls } = await deleter(t, {
        routes: {
          [get]: ok(connection(overrides)),
          [links]: list([privateLink(), privateLink({ _id: 'f'.repeat(24), arn: `${clusterArn}0` })]),
        },
        request: { includeAdopted: true },
      });
      const { note = '', ...found } = await visit();
      assert.deepEqual(found, { isDone: true, state: 'kept', result: 'kept' });
      assert.match(note, /^connection "orders" exists/);
      assert.match(note, reason);
      assert.deepEqual(calls(), [get, links]);
    });
});

describe('DeleteConnection deletes', () => {
  it('an adopted connection, and one that is not known to be ours, if the input says so', async (t) => {
    for (const ownership of ['adopted', 'unknown'] as const) {
      const recorded = { ...pieces, connection: { ...created, ownership } };
      const { visit } = await deleter(t, { recorded, request: { includeAdopted: true } });
      assert.deepEqual(await visit(), deleting);
    }
  });

  it('a connection over a link that is being deleted, or that Atlas no longer lists', async (t) => {
    for (const listed of [[privateLink({ state: 'DELETING' })], [privateLink({ _id: 'e'.repeat(24) })], []]) {
      const { visit } = await deleter(t, { routes: { [links]: list(listed) } });
      assert.deepEqual(await visit(), deleting);
    }
  });

  it('a connection that is FAILED or has no state', async (t) => {
    for (const state of ['FAILED', undefined]) {
      const { visit } = await deleter(t, { routes: { [get]: ok(connection({ state })) } });
      assert.equal((await visit()).result, 'removed', state);
    }
  });
});

describe('DeleteConnection, after an unclear attempt to create the connection,', () => {
  const unclear = (attemptedAt: string) => ({ ...pieces, connection: { attemptedAt } });

  it('deletes a connection that falls into the attempt, and records that it is ours before', async (t) => {
    const { visit, writes, item } = await deleter(t, { recorded: unclear(madeAt) });
    assert.deepEqual(await visit(), deleting);
    assert.deepEqual(writes, ['connection']);
    assert.deepEqual(item()?.connection, { attemptedAt: madeAt, id, ownership: 'created' });
  });

  it('deletes a connection of an earlier attempt than the last one', async (t) => {
    const attemptedAt = minutesBefore(1);
    for (const earlier of [{ id }, { earlierAttempts: [madeAt] }, { id: 'b'.repeat(24), earlierAttempts: [madeAt] }]) {
      const { visit, item } = await deleter(t, {
        recorded: { ...pieces, connection: { ...earlier, attemptedAt } },
      });
      assert.deepEqual(await visit(), deleting);
      assert.deepEqual(item()?.connection, { attemptedAt, id, ownership: 'created' });
    }
  });

  it('keeps a connection that does not, and records that', async (t) => {
    const { visit, calls, item } = await deleter(t, { recorded: unclear(minutesBefore(1)) });
    const { note = '', result } = await visit();
    assert.equal(result, 'kept');
    assert.match(note, /was created at another time/);
    assert.deepEqual(item()?.connection, { attemptedAt: minutesBefore(1), id, ownership: 'unknown' });
    assert.ok(!calls().includes(remove));
  });

  it('looks again until the attempt is 15 minutes old if Atlas shows no connection, and then leaves it to the sweep', async (t) => {
    const young = await deleter(t, { recorded: unclear(minutesBefore(14)), routes: { [get]: absent } });
    assert.deepEqual(await young.visit(await young.visit()), missing);
    assert.deepEqual([young.calls(), young.writes], [[get, get], []]);
    const old = await deleter(t, { recorded: unclear(minutesBefore(15)), routes: { [get]: absent } });
    const { note, remedy, ...kept } = await old.visit(missing);
    assert.deepEqual(kept, { isDone: true, state: 'absent', result: 'kept' });
    assert.match(
      `${note}. ${remedy}`,
      /^requested, but Atlas does not show it yet\. The sweep starts a run that looks again\.$/,
    );
    assert.deepEqual(old.writes, []);
  });

  it('forgets an attempt that is 30 minutes old', async (t) => {
    const { visit, writes } = await deleter(t, { recorded: unclear(minutesBefore(30)), routes: { [get]: absent } });
    assert.deepEqual(await visit(missing), gone);
    assert.deepEqual(writes, ['-connection -secretVersionId -verifiedAt']);
  });

  it('also waits for a connection that was created less than 15 minutes ago, but not after it has deleted it', async (t) => {
    const made = (minutes: number) => ({
      ...pieces,
      connection: { id, ownership: 'created' as const, attemptedAt: minutesBefore(minutes) },
    });
    const young = await deleter(t, { recorded: made(14), routes: { [get]: absent } });
    assert.equal((await young.visit(missing)).isDone, false);
    assert.equal((await young.visit({ result: 'removed' })).isDone, true);
    const older = await deleter(t, { recorded: made(15), routes: { [get]: absent } });
    assert.equal((await older.visit(missing)).result, 'kept');
    const old = await deleter(t, { recorded: made(30), routes: { [get]: absent } });
    assert.equal((await old.visit(missing)).result, 'absent');
    assert.deepEqual(old.writes, ['-connection -secretVersionId -verifiedAt']);
  });

  it('does not look again after the deadline', async (t) => {
    const { visit } = await deleter(t, { recorded: unclear(now), routes: { [get]: absent } });
    assert.equal((await visit({ deadline: before })).isDone, true);
  });
});

describe('DeleteConnection waits', () => {
  it('for a connection that is being deleted, until the deadline', async (t) => {
    const { visit, calls } = await deleter(t, { routes: { [get]: ok(connection({ state: 'DELETING' })) } });
    assert.deepEqual(await visit(), deleting);
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still DELETING, and the deadline of this wait/,
    });
    assert.ok(!calls().includes(remove));
  });

  it('with one request in each poll while Atlas deploys or deletes the connection', async (t) => {
    const states = ['PENDING', 'PENDING', 'PENDING', 'READY', 'DELETING', 'DELETING'];
    const { visit, calls, writes } = await deleter(t, {
      routes: { [get]: [...states.map((state) => ok(connection({ state }))), absent] },
    });
    let earlier: Awaited<ReturnType<typeof visit>> | undefined;
    const seen: string[] = [];
    while (!earlier?.isDone) {
      earlier = await visit(earlier);
      seen.push(earlier.state);
    }
    assert.deepEqual(seen, ['PENDING', 'PENDING', 'PENDING', 'DELETING', 'DELETING', 'DELETING', 'absent']);
    assert.equal(earlier.result, 'removed');
    assert.deepEqual(calls(), [get, links, get, get, get, remove, get, get, get]);
    assert.deepEqual(writes, ['confirm', '-connection -secretVersionId -verifiedAt']);
  });

  it('no longer than the deadline for a connection that is still deploying', async (t) => {
    const { visit } = await deleter(t, { routes: { [get]: ok(connection({ state: 'PENDING' })) } });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /"orders" is still deploying, and Atlas deletes it only after that, and the deadline/,
    });
  });

  it('if Atlas says that a connection is still deploying although it shows another state', async (t) => {
    const { visit } = await deleter(t, { routes: { [remove]: [deploying, accepted, deploying] } });
    assert.deepEqual(await visit(), { ...deleting, state: 'READY', result: 'absent' });
    assert.deepEqual(await visit({ id }), deleting);
    await assert.rejects(visit({ id, deadline: before }), { name: 'WaitTimedOut', message: /is still deploying/ });
  });

  it('no longer than the deadline for a connection that stays although Atlas keeps accepting its deletion', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ result: 'removed', id })).isDone, false);
    await assert.rejects(visit({ result: 'removed', id, deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still READY/,
    });
  });

  it('and keeps a new connection that another party has created meanwhile', async (t) => {
    const other = connection({ id: 'b'.repeat(24), state: 'PENDING' });
    const { visit, calls, item } = await deleter(t, { routes: { [get]: ok(other) } });
    assert.equal((await visit({ result: 'removed', id })).state, 'kept');
    assert.deepEqual(calls(), [get, links]);
    assert.equal(item()?.connection, undefined);
  });
});

describe('DeleteConnection ends the run', () => {
  it('if stream processors use the connection, and names them', async (t) => {
    const known = [
      processor('reader'),
      processor('writer', { pipeline: [{ $source: {} }, { $emit: { connectionName: 'orders', topic: 'x' } }] }),
      processor('stopping', { state: 'STOPPING' }),
      processor('stopped', { state: 'STOPPED' }),
      processor('failed', { state: 'FAILED' }),
      processor('created', { state: 'CREATED' }),
      processor('elsewhere', {}, 'orders2'),
    ];
    const { visit } = await deleter(t, { routes: { [remove]: inUse, [processors]: list(known) } });
    await assert.rejects(visit(), {
      name: 'ConnectionInUse',
      message:
        /^Connection "orders" in workspace streams is in use by stream processor "reader", "writer", "stopping", and/,
    });
  });

  it('if a stream processor uses the connection that it cannot name', async (t) => {
    const stopped = list([processor('x', { state: 'STOPPED' })]);
    const { visit } = await deleter(t, { routes: { [remove]: inUse, [processors]: stopped } });
    await assert.rejects(visit(), { name: 'ConnectionInUse', message: /in use by a running stream processor, and/ });
  });

  it('if Atlas refuses for another reason', async (t) => {
    const { visit } = await deleter(t, { routes: { [remove]: apiError(409, 'SOMETHING_NEW', 'No.') } });
    await assert.rejects(visit(), {
      name: 'AtlasRefused',
      message: /HTTP 409 \(UNKNOWN_ERROR_CODE: Atlas's reason is left out/,
    });
    const unauthorized = await deleter(t, { routes: { [get]: apiError(403, 'USER_UNAUTHORIZED') } });
    await assert.rejects(unauthorized.visit(), { name: 'AtlasCredentialsRefused' });
  });

  it('no sooner than the machine has retried if the answer to the deletion is lost', async (t) => {
    const routes = { [get]: [ok(connection()), ok(connection({ state: 'DELETING' }))], [remove]: reset };
    const { visit } = await deleter(t, { routes });
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), deleting);
  });
});
