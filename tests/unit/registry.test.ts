import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DynamoDBClient, DynamoDBServiceException, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { nextAttempt } from '../../shared/registry/backoff.ts';
import { accountNote, checkPrincipal } from '../../shared/registry/principal.ts';
import {
  announced,
  hasCreated,
  hasLeftovers,
  mayBeOurs,
  ownershipOf,
  type Piece,
  type RegistryRecord,
  settledAs,
} from '../../shared/registry/record.ts';
import { type Changes, Registry } from '../../shared/registry/registry.ts';
import { formerSid, grantedBy } from '../../shared/registry/statement.ts';
import { signal } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import {
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  later,
  now,
  principalArn,
  projectId,
  region,
} from '../fixtures/request.ts';

async function empty(t: Test) {
  const { dynamodb, tableName, get, put, recorder } = await startRegistry(t);
  return { registry: new Registry({ dynamodb, tableName, signal }), get, put, recorder };
}

const claimOf = (holder: string): Parameters<Registry['claim']>[1] => ({
  holder,
  action: 'connect',
  claimedAt: now,
  wantedBy: 'tag',
});

describe('the registry', () => {
  it('has no record of an unknown cluster', async (t) => {
    const { registry } = await empty(t);
    assert.equal(await registry.readRecord(clusterArn), undefined);
    assert.deepEqual(await registry.scan(), { records: [], unreadable: [] });
  });

  it('returns every attribute that was written, and drops those of a newer version', async (t) => {
    const { registry, put } = await empty(t);
    const record: RegistryRecord = {
      clusterArn,
      target: { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' },
      privateLink: { id: 'a'.repeat(24), ownership: 'created', attemptedAt: now },
      connection: { attemptedAt: now },
      status: 'failed',
      failures: 2,
      lastFailure: { error: 'X', fingerprint: 'f', at: now, executionArn, isNews: true, isAccountFault: false },
      stoppedProcessors: [{ name: 'p', tier: null, pipelineHash: 'h', stoppedAt: now }],
      probe: { name: 'aspprobe0', startedAt: now, projectId, workspace: 'streams' },
      proof: {
        topic: 'orders',
        connectionId: null,
        secretVersionId: null,
        at: now,
        result: 'read',
        detail: 'It can be read.',
      },
      strippedReported: true,
      repairsReported: ['policyStatement'],
    };
    await put({ ...record, fromTheFuture: 1 });
    assert.deepEqual(await registry.readRecord(clusterArn), record);
    assert.deepEqual(await registry.scan(), { records: [record], unreadable: [] });
  });

  it('reads consistently', async (t) => {
    const { registry, recorder } = await empty(t);
    await registry.readRecord(clusterArn);
    await registry.scan();
    for (const { requestBody } of recorder.exchanges) assert.equal(JSON.parse(requestBody).ConsistentRead, true);
  });

  it('scans all pages, and only clusters', async (t) => {
    const { registry, put } = await empty(t);
    const arns = Array.from({ length: 5 }, (_, i) => clusterArn.replace('orders', `orders-${i}`));
    // A page of DynamoDB has at most 1 MB.
    for (const arn of arns) await put({ clusterArn: arn, detail: 'x'.repeat(300_000) });
    await put({ clusterArn: 'something else', status: 'unknown to this version' });
    assert.deepEqual((await registry.scan()).records.map((record) => record.clusterArn).toSorted(), arns);
  });

  it('refuses a record that it cannot read, instead of taking it for none', async (t) => {
    const { registry, put } = await empty(t);
    await put({ clusterArn, status: 'by hand', privateLink: { id: 5 } });
    const message = /The registry's item arn:.* cannot be read \(privateLink\.id, status\)/;
    await assert.rejects(registry.readRecord(clusterArn), { name: 'DeploymentMisconfigured', message });
    const readable = { clusterArn: clusterArn.replace('orders', 'other') };
    await put(readable);
    const { records, unreadable } = await registry.scan();
    assert.deepEqual([records, unreadable.map((it) => it.clusterArn)], [[readable], [clusterArn]]);
    assert.match(unreadable[0]?.error ?? '', message);
  });
});

describe('a claim', () => {
  it('goes to exactly one of 20 executions that start at once', async (t) => {
    const { registry, get } = await empty(t);
    const holders = Array.from({ length: 20 }, (_, i) => executionArn.replace('run-1', `run-${i}`));
    const claims = await Promise.all(holders.map((holder) => registry.claim(clusterArn, claimOf(holder), undefined)));
    const won = claims.filter((record) => record !== undefined);
    assert.equal(won.length, 1);
    assert.equal((await get(clusterArn))?.holder, won[0]?.holder);
  });

  it('returns the record with the changes, and can be repeated', async (t) => {
    const { registry, put } = await empty(t);
    await put({ clusterArn, secretArn: 'a', missingSince: now });
    const claim = { ...claimOf(executionArn), status: 'connecting', missingSince: null } as const;
    const record = { clusterArn, secretArn: 'a', ...claimOf(executionArn), status: 'connecting' };
    assert.deepEqual(await registry.claim(clusterArn, claim, undefined), record);
    assert.deepEqual(await registry.claim(clusterArn, claim, undefined), record);
  });

  it('is lost to another holder, unless it is the one that has ended', async (t) => {
    const { registry } = await heldRegistry(t, {}, takenOverBy);
    assert.equal(await registry.claim(clusterArn, claimOf(executionArn), undefined), undefined);
    assert.equal(await registry.claim(clusterArn, claimOf(executionArn), disconnectExecutionArn), undefined);
    assert.equal((await registry.claim(clusterArn, claimOf(executionArn), takenOverBy))?.holder, executionArn);
  });
});

describe('the fence', () => {
  it('lets the holder go on, and tells it what is recorded', async (t) => {
    const { registry, whole } = await heldRegistry(t, { secretArn: 'a' });
    assert.deepEqual(await registry.confirm(clusterArn, executionArn), await whole());
  });

  it('sets attributes, replaces nested ones as a whole, and removes those that are null', async (t) => {
    const { registry, record } = await heldRegistry(t, { detail: 'a', privateLink: { id: 'b', attemptedAt: now } });
    const changes: Changes = { detail: null, privateLink: { attemptedAt: later }, turnedOn: now, target: undefined };
    await registry.update(clusterArn, executionArn, changes);
    assert.deepEqual(await record(), { privateLink: { attemptedAt: later }, turnedOn: now });
  });

  const calls: [what: string, call: (registry: Registry) => Promise<unknown>][] = [
    ['confirm', (registry) => registry.confirm(clusterArn, executionArn)],
    ['update', (registry) => registry.update(clusterArn, executionArn, { detail: 'mine' })],
    ['release', (registry) => registry.release(clusterArn, executionArn, { detail: 'mine' })],
    ['remove', (registry) => registry.remove(clusterArn, executionArn)],
  ];
  for (const [what, call] of calls)
    it(`refuses ${what} after another execution has taken over, and changes nothing`, async (t) => {
      const { registry, whole } = await heldRegistry(t, { detail: 'theirs' }, takenOverBy);
      const before = await whole();
      await assert.rejects(call(registry), { name: 'ClaimLost', message: /no longer holds arn:.*Don't redrive it/ });
      assert.deepEqual(await whole(), before);
    });

  for (const [what, call] of calls.filter(([name]) => name !== 'remove'))
    it(`refuses ${what} without a record, and makes none`, async (t) => {
      const { registry, get } = await empty(t);
      await assert.rejects(call(registry), { name: 'ClaimLost' });
      assert.equal(await get(clusterArn), undefined);
    });

  it('refuses an execution that has released the cluster, as after a redrive', async (t) => {
    const { registry } = await heldRegistry(t);
    await registry.release(clusterArn, executionArn, {});
    await assert.rejects(registry.confirm(clusterArn, executionArn), { name: 'ClaimLost' });
  });
});

describe('a release', () => {
  it('removes the claim, remembers who had it, and can be repeated', async (t) => {
    const { registry, whole } = await heldRegistry(t);
    await registry.release(clusterArn, executionArn, { status: 'connected' });
    await registry.release(clusterArn, executionArn, { status: 'connected' });
    assert.deepEqual(await whole(), { clusterArn, status: 'connected', lastExecution: executionArn });
  });

  it('that deletes the record can be repeated', async (t) => {
    const { registry, whole } = await heldRegistry(t);
    await registry.remove(clusterArn, executionArn);
    await registry.remove(clusterArn, executionArn);
    assert.deepEqual(await whole(), {});
  });
});

describe('a change without a claim', () => {
  it('is made only if the holder is still the one that was read', async (t) => {
    const { registry, record } = await heldRegistry(t);
    assert.equal(await registry.updateUnclaimed(clusterArn, undefined, { failures: 1 }), false);
    assert.equal(await registry.updateUnclaimed(clusterArn, takenOverBy, { failures: 1 }), false);
    assert.deepEqual(await record(), {});
    assert.equal(await registry.updateUnclaimed(clusterArn, executionArn, { failures: 1 }), true);
    assert.deepEqual(await record(), { failures: 1 });
  });

  it('is made if there is no holder', async (t) => {
    const { registry, get, put } = await empty(t);
    await put({ clusterArn, missingSince: now });
    assert.equal(await registry.updateUnclaimed(clusterArn, undefined, { missingSince: null }), true);
    assert.deepEqual(await get(clusterArn), { clusterArn });
  });
});

describe('a registry that cannot be used', () => {
  const answers: [exception: string, status: number, name: string, message: RegExp][] = [
    [
      'ResourceNotFoundException',
      400,
      'DeploymentMisconfigured',
      /the DynamoDB table registry\) cannot be used.*restore/,
    ],
    ['AccessDeniedException', 400, 'DeploymentMisconfigured', /function's role must allow dynamodb:/],
    ['KMSDisabledException', 400, 'DeploymentMisconfigured', /its key/],
    ['ThrottlingException', 400, 'AwsThrottled', /dynamodb:/],
    ['ProvisionedThroughputExceededException', 400, 'AwsThrottled', /dynamodb:/],
    ['RequestLimitExceeded', 400, 'AwsThrottled', /dynamodb:/],
    ['InternalServerError', 500, 'AwsUnavailable', /dynamodb:/],
  ];
  for (const [exception, httpStatusCode, name, message] of answers)
    it(`is ${name} in every call after ${exception}, and never "no record"`, async () => {
      const dynamodb = new DynamoDBClient({ region });
      const error = {
        name: exception,
        message: 'AWS said so.',
        $fault: 'client' as const,
        $metadata: { httpStatusCode },
      };
      mockClient(dynamodb).onAnyCommand().rejects(new DynamoDBServiceException(error));
      const registry = new Registry({ dynamodb, tableName: 'registry', signal });
      for (const call of [
        () => registry.readRecord(clusterArn),
        () => registry.scan(),
        () => registry.claim(clusterArn, claimOf(executionArn), undefined),
        () => registry.confirm(clusterArn, executionArn),
        () => registry.update(clusterArn, executionArn, {}),
        () => registry.release(clusterArn, executionArn, {}),
        () => registry.remove(clusterArn, executionArn),
        () => registry.updateUnclaimed(clusterArn, undefined, { failures: 1 }),
      ])
        await assert.rejects(call(), { name, message });
    });

  it('is DeploymentMisconfigured for a real table that is missing or denied', async (t) => {
    const { dynamodb } = await startRegistry(t);
    const missing = new Registry({ dynamodb, tableName: 'other', signal });
    await assert.rejects(missing.readRecord(clusterArn), {
      name: 'DeploymentMisconfigured',
      message: /ResourceNotFound/,
    });
    const { dynamodb: closed, tableName } = await startRegistry(t, () => false);
    const denied = new Registry({ dynamodb: closed, tableName, signal });
    await assert.rejects(denied.scan(), { name: 'DeploymentMisconfigured', message: /AccessDenied/ });
  });

  it('passes the abort signal to each call', async () => {
    const dynamodb = new DynamoDBClient({ region });
    const mock = mockClient(dynamodb);
    mock.on(GetItemCommand).resolves({});
    mock.on(ScanCommand).resolves({});
    const registry = new Registry({ dynamodb, tableName: 'registry', signal });
    await registry.readRecord(clusterArn);
    await registry.scan();
    for (const { args } of mock.calls())
      assert.equal((args as unknown[] as [0, { abortSignal: unknown }])[1].abortSignal, signal);
  });
});

describe('the ownership of what Atlas shows', () => {
  const attemptedAt = '2026-11-23T12:00:00.000Z';
  const idAt = (seconds: number) => `${(Date.parse(attemptedAt) / 1000 + seconds).toString(16)}${'0'.repeat(16)}`;
  const mine = idAt(5);
  const at = (seconds: number) => new Date(Date.parse(attemptedAt) + seconds * 1000).toISOString();
  /** Unclear attempts, the last one first. */
  const attempts = (last: number, ...earlier: number[]): Piece => ({
    attemptedAt: at(last),
    ...(earlier.length > 0 && { earlierAttempts: earlier.map(at) }),
  });

  const cases: [what: string, id: string | undefined, recorded: Parameters<typeof ownershipOf>[1], owner: string][] = [
    ['nothing was attempted', mine, undefined, 'adopted'],
    ['it was recorded as created', mine, { id: mine, ownership: 'created', attemptedAt }, 'created'],
    ['it was recorded without an id', mine, { ownership: 'created', attemptedAt }, 'created'],
    ['it was recorded as adopted', mine, { id: mine, ownership: 'adopted' }, 'adopted'],
    ['it was recorded as unknown', mine, { id: mine, ownership: 'unknown', attemptedAt }, 'unknown'],
    [
      'another party has replaced ours, even at once',
      idAt(6),
      { id: mine, ownership: 'created', attemptedAt },
      'adopted',
    ],
    ['another party has replaced an adopted one', idAt(6), { id: mine, ownership: 'adopted' }, 'adopted'],
    ['Atlas no longer shows an id', undefined, { id: mine, ownership: 'created', attemptedAt }, 'unknown'],
    ['an attempt is unclear and Atlas shows no id', undefined, { attemptedAt }, 'unknown'],
    ['its id falls into an unclear attempt', mine, { attemptedAt }, 'created'],
    ['its id is 10 seconds before the attempt', idAt(-10), { attemptedAt }, 'created'],
    ['its id is 11 seconds before the attempt', idAt(-11), { attemptedAt }, 'unknown'],
    ['its id is 90 seconds after the attempt', idAt(90), { attemptedAt }, 'created'],
    ['its id is more than 90 seconds after the attempt', idAt(91), { attemptedAt }, 'unknown'],
    ['its id falls into an earlier unclear attempt', mine, attempts(600, 0), 'created'],
    ['its id falls between two unclear attempts', idAt(300), attempts(600, 0), 'unknown'],
    ['it is the one that an earlier attempt has created', mine, { id: mine, ...attempts(600) }, 'created'],
    ['a later unclear attempt has created another one', idAt(605), { id: mine, ...attempts(600) }, 'created'],
    [
      'another party has replaced it before a later unclear attempt',
      idAt(300),
      { id: mine, ...attempts(600) },
      'unknown',
    ],
  ];
  for (const [what, id, recorded, owner] of cases)
    it(`is ${owner} if ${what}`, () => assert.equal(ownershipOf(id, recorded), owner));

  it('does not change by the announcement of another attempt', () => {
    const announcements: [what: string, recorded: Piece | undefined, after: Piece][] = [
      ['the first attempt', undefined, attempts(600)],
      ['after an unclear one', attempts(0), attempts(600, 0)],
      ['after several unclear ones', attempts(300, 0), attempts(600, 0, 300)],
      ['at the time of the one before', attempts(600, 0), attempts(600, 0)],
      [
        'after Atlas no longer shows ours',
        { id: mine, ownership: 'created', ...attempts(0) },
        { id: mine, ...attempts(600) },
      ],
      ['the second one after that', { id: mine, ...attempts(300) }, { id: mine, ...attempts(600, 300) }],
      ['after Atlas no longer shows ours, which has no id', { ownership: 'created', ...attempts(0) }, attempts(600, 0)],
      ['after Atlas no longer shows an adopted one', { id: mine, ownership: 'adopted' }, attempts(600)],
      ['after Atlas no longer shows an unknown one', { id: mine, ownership: 'unknown', ...attempts(0) }, attempts(600)],
    ];
    for (const [what, recorded, after] of announcements) assert.deepEqual(announced(recorded, at(600)), after, what);
  });

  it('forgets the oldest of too many unclear attempts', () => {
    let piece: Piece | undefined;
    for (let attempt = 0; attempt < 30; attempt++) piece = announced(piece, at(attempt));
    assert.equal(piece?.earlierAttempts?.length, 20);
    assert.deepEqual([piece.earlierAttempts[0], piece.earlierAttempts.at(-1)], [at(9), at(28)]);
  });

  it('ends all attempts when it is settled', () => {
    assert.deepEqual(settledAs('created', mine, attempts(600, 0)), {
      id: mine,
      ownership: 'created',
      ...attempts(600),
    });
    assert.deepEqual(settledAs('unknown', undefined, attempts(600, 0)), { ownership: 'unknown', ...attempts(600) });
    assert.deepEqual(settledAs('adopted', mine, undefined), { id: mine, ownership: 'adopted' });
  });

  it('may be ours if we created it, or if an attempt is unclear', () => {
    for (const [piece, isOurs] of [
      [{ ownership: 'created' }, true],
      [{ attemptedAt }, true],
      [{ ownership: 'adopted', attemptedAt }, false],
      [{ ownership: 'unknown', attemptedAt }, false],
      [{}, false],
    ] as const) {
      assert.equal(mayBeOurs(piece), isOurs, JSON.stringify(piece));
      assert.equal(
        hasCreated({ clusterArn, privateLink: { id: mine, ownership: 'adopted' }, connection: piece }),
        isOurs,
      );
    }
  });
});

describe('the statement that grants enough', () => {
  const wanted = atlasStatement(clusterArn, principalArn);
  const sid = wanted.Sid;
  const policy = JSON.stringify({ Statement: [wanted] });
  const recorded = { sid, principalArn, ownership: 'created' as const };
  const byOther = (Sid?: string) => JSON.stringify({ Statement: [{ ...wanted, Sid }] });

  it('is created if we wrote it or tried to, or a person claims it; else adopted', () => {
    const owner = (text: string, of: RegistryRecord['statement'], claim = false) => {
      const found = grantedBy(text, { wanted, recorded: of, claim });
      assert.equal(found.sid, sid);
      return found.ownership;
    };
    assert.equal(owner(policy, recorded), 'created');
    assert.equal(owner(policy, { sid, principalArn, attemptedAt: now }), 'created');
    assert.equal(owner(policy, undefined, true), 'created');
    assert.equal(owner(policy, undefined), 'adopted');
    assert.equal(owner(policy, { ...recorded, ownership: 'adopted' }), 'adopted');
    assert.equal(owner(policy, { ...recorded, sid: 'AtlasStreamProcessing210987654321' }), 'adopted');
  });

  it('is adopted after an unclear attempt if the statement grants more than we would have written', () => {
    const wider = JSON.stringify({ Statement: [{ ...wanted, Action: 'kafka:*' }] });
    const attempt = { sid, principalArn, attemptedAt: now };
    assert.equal(grantedBy(wider, { wanted, recorded: attempt, claim: false }).ownership, 'adopted');
    assert.equal(grantedBy(wider, { wanted, recorded, claim: false }).ownership, 'created');
  });

  it("is adopted under its own Sid if another party's statement grants it", () => {
    const adopted = { sid: 'Terraform', ownership: 'adopted' };
    assert.deepEqual(grantedBy(byOther('Terraform'), { wanted, recorded, claim: true }), adopted);
    assert.deepEqual(grantedBy(byOther(), { wanted, recorded, claim: false }), { ...adopted, sid: '' });
    assert.deepEqual(grantedBy(undefined, { wanted, recorded, claim: false }), { ...adopted, sid: '' });
  });

  it('does not hide our statement for a former account', () => {
    const former = { ...recorded, sid: 'AtlasStreamProcessing210987654321' };
    assert.equal(formerSid(former, sid), former.sid);
    assert.equal(formerSid({ ...former, ownership: 'adopted' }, sid), undefined);
    assert.equal(formerSid({ sid, principalArn, attemptedAt: now, formerSid: former.sid }, sid), former.sid);
    assert.equal(formerSid(recorded, sid), undefined);
    assert.equal(formerSid(undefined, sid), undefined);
  });
});

describe("Atlas's principal", () => {
  const check = (pinned: string | undefined, acceptPrincipal: string | null = null, ...listed: string[]) =>
    checkPrincipal(
      principalArn,
      {
        clusterArn,
        projectId,
        acceptPrincipal,
        recorded: pinned === undefined ? null : { clusterArn, principalArn: pinned },
      },
      new Set(listed),
    );
  const former = 'arn:aws:iam::210987654321:root';

  it('is the one of the first connect, or one that a person has accepted', () => {
    check(undefined);
    check(principalArn);
    check(former, '123456789012');
  });

  it('is refused if it is another one, with both and the way to accept it', () => {
    for (const accepted of [null, '210987654321'])
      assert.throws(() => check(former, accepted), {
        name: 'PrincipalChanged',
        message:
          /names arn:aws:iam::123456789012:root .* was arn:aws:iam::210987654321:root\. The cluster policy was not changed.*"acceptPrincipal":"123456789012".* If it has not, disconnect the cluster\.$/,
      });
  });

  it('is one of atlasAwsAccountIds, if that lists any', () => {
    check(undefined, null, '123456789012');
    check(principalArn, null, '999988887777', '123456789012');
    check(former, '123456789012', '123456789012');
  });

  it('is refused if it is not listed: at the first connect, later, and although a person accepts it', () => {
    for (const [pinned, accepted] of [
      [undefined, null],
      [principalArn, null],
      [former, null],
      [former, '123456789012'],
    ] as const)
      assert.throws(() => check(pinned, accepted, '999988887777', '111122223333'), {
        name: 'PrincipalNotAllowed',
        message: new RegExp(
          `^Atlas names AWS account 123456789012 for ${clusterArn}, which atlasAwsAccountIds does not list\\. It must be one of 999988887777, 111122223333\\. .*:\n {2}atlas api streams getAccountDetails --groupId ${projectId} --cloudProvider aws --regionName US_EAST_1\nIf it is Atlas's: add it to atlasAwsAccountIds in the stage file.*acceptPrincipal.* If it is not Atlas's: do not allow it\\.`,
        ),
      });
  });

  it('that is recorded and no longer listed still has access, which the error says', () => {
    const says =
      /The cluster was connected with that account, so its statement in the cluster policy stays until a disconnect\./;
    assert.throws(() => check(principalArn, null, '999988887777'), says);
    assert.throws(
      () => check(former, null, '999988887777'),
      ({ message }: Error) => !says.test(message),
    );
  });

  it('is described with the setting that allows it, or without one', () => {
    assert.equal(accountNote('123456789012', true), 'AWS account 123456789012, which atlasAwsAccountIds allows');
    assert.equal(
      accountNote('123456789012', false),
      'AWS account 123456789012. The account was not compared with a list, because the setting atlasAwsAccountIds is empty',
    );
  });
});

describe('the next attempt after a failure', () => {
  for (const [failures, at] of [
    [1, '2026-11-23T12:15:00.000Z'],
    [2, '2026-11-23T13:00:00.000Z'],
    [3, '2026-11-23T18:00:00.000Z'],
    [4, '2026-11-24T12:00:00.000Z'],
    [99, '2026-11-24T12:00:00.000Z'],
    [0, '2026-11-23T12:15:00.000Z'],
  ] as const)
    it(`number ${failures} in a row is at ${at}`, () => assert.equal(nextAttempt(failures, now), at));
});

describe('a record', () => {
  it('has leftovers if a run has left a probe or stopped processors', () => {
    const stopped = { name: 'p', tier: 'SP10', pipelineHash: 'h', stoppedAt: now };
    assert.ok(
      hasLeftovers({ clusterArn, probe: { name: 'aspprobe0', startedAt: now, projectId, workspace: 'streams' } }),
    );
    assert.ok(hasLeftovers({ clusterArn, stoppedProcessors: [stopped] }));
    assert.ok(!hasLeftovers({ clusterArn, stoppedProcessors: [] }));
    assert.ok(!hasLeftovers({ clusterArn, stoppedProcessors: [{ ...stopped, seenStarted: true }] }));
    assert.ok(!hasLeftovers({ clusterArn, privateLink: { ownership: 'created' } }));
  });
});
