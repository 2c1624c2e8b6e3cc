import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeClusterV2Command, ListClustersV2Command, ListScramSecretsCommand } from '@aws-sdk/client-kafka';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, type ExecutionStatus, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { report } from '../../functions/sweep-clusters/report.ts';
import { Environment } from '../../functions/sweep-clusters/settings.ts';
import { logger } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { settingsOf } from '../../shared/msk/tags.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { awsError, commandsOf, provisioned } from '../fixtures/aws.ts';
import { clusterArn, disconnectExecutionArn, executionArn, now, secretArn } from '../fixtures/request.ts';
import {
  arnOf,
  claimed,
  cluster,
  connected,
  connectTags,
  disconnectTags,
  failure,
  hoursAgo,
  machines,
  minutesAgo,
  minutesLater,
  neverConnected,
  sweeper,
  type World,
} from '../fixtures/sweep.ts';

type Tags = Record<string, string> | 'gone';

/** What a sweep does about one cluster: `connect: <reason>`, or how it is counted. */
async function sweepOne(tags: Tags, record: RegistryRecord | undefined, world: World = {}) {
  const clusters = tags === 'gone' ? [] : [cluster(tags)];
  const tested = sweeper({ clusters, records: record ? [record] : [], ...world });
  const { started, asItShouldBe, failedRecently, running, failed, counted } = await tested.sweep();
  assert.deepEqual(failed, []);
  assert.equal(tested.started().length, started.length);
  for (const { action } of started) {
    const [execution] = tested.started();
    assert.equal(execution?.stateMachineArn, machines[action as keyof typeof machines]);
    // Everything in an input is recorded.
    assert.equal(execution?.input, JSON.stringify({ clusterArn }));
  }
  const verdict =
    started.map(({ action, reason }) => `${action}: ${reason}`)[0] ??
    (running ? 'running' : failedRecently ? 'failed recently' : asItShouldBe ? 'as it should be' : 'not examined');
  return { ...tested, verdict, counted };
}

type Rule = [what: string, tags: Tags, record: RegistryRecord | undefined, verdict: string | RegExp, world?: World];

/** One test for each rule. */
function check(rules: Rule[]) {
  for (const [what, tags, record, expected, world] of rules)
    it(what, async () => {
      const { verdict } = await sweepOne(tags, record, world);
      if (expected instanceof RegExp) assert.match(verdict, expected);
      else assert.equal(verdict, expected);
    });
}

const onUntag = { settings: { DISCONNECT_ON_UNTAG: 'true' } };
const rotated = { [secretArn]: { 'version-2': ['AWSCURRENT'], 'version-1': ['AWSPREVIOUS'] } };
const disconnected = (changes: Partial<RegistryRecord> = {}) => {
  const { connection: _, ...rest } = connected({ status: 'disconnected', ...changes });
  return rest;
};

describe('SweepClusters, for a cluster that is not as its tag says,', () => {
  check([
    [
      'connects it if it has no record',
      { '': 'connect' },
      undefined,
      'connect: it is not connected, and its tag says connect',
    ],
    ['connects it if its record has no status', { '': 'connect' }, { clusterArn }, /^connect: it is not connected/],
    [
      'connects it if it was disconnected',
      connectTags,
      disconnected(),
      'connect: it is disconnected, and its tag says connect',
    ],
    [
      'connects it if its last run ended without a failure',
      connectTags,
      connected({ status: 'connecting' }),
      /^connect: it is connecting/,
    ],
    [
      'does not connect it while MSK deletes it',
      { '': 'connect' },
      undefined,
      'as it should be',
      { clusters: [cluster({ '': 'connect' }, 'orders', { State: 'DELETING' })] },
    ],
    [
      'disconnects it if it is connected',
      disconnectTags,
      connected(),
      'disconnect: it is connected, and its tag says disconnect',
    ],
    [
      'disconnects it if a connect failed',
      disconnectTags,
      neverConnected(minutesAgo(1)),
      'disconnect: its tag says disconnect, and a connect failed last',
    ],
    ['disconnects it if its record has no status', disconnectTags, { clusterArn }, /^disconnect: it is not connected/],
    ['starts no disconnect without a record, which would remove nothing', disconnectTags, undefined, 'as it should be'],
    ['does nothing without a tag and a record', {}, undefined, 'not examined'],
    ['does nothing if the tag has another value', { '': 'Connect' }, undefined, 'not examined'],
  ]);
});

describe('SweepClusters, for a cluster that is disconnected, but not completely,', () => {
  const unclear = (minutes: number) =>
    disconnected({ verifiedAt: minutesAgo(minutes), privateLink: { attemptedAt: hoursAgo(1) } });
  const createdMinutesAgo = (minutes: number) =>
    ({ id: 'a'.repeat(24), ownership: 'created', attemptedAt: minutesAgo(minutes) }) as const;
  for (const tags of [{ '': 'disconnect' }, {}, { '': 'other' }])
    check([
      [
        `tries again after verifyEveryHours (${JSON.stringify(tags)})`,
        tags,
        disconnected({ verifiedAt: hoursAgo(6.1) }),
        /^disconnect: it is disconnected, and something may be left/,
      ],
      [
        `waits until then (${JSON.stringify(tags)})`,
        tags,
        disconnected({ verifiedAt: hoursAgo(5.9) }),
        'as it should be',
      ],
    ]);
  check([
    ['tries again after 15 minutes if an attempt is unclear', disconnectTags, unclear(15.1), /^disconnect/],
    ['waits until then', disconnectTags, unclear(14.9), 'as it should be'],
    [
      'tries again as soon if what was created was less than 30 minutes old: Atlas may not have shown it',
      disconnectTags,
      disconnected({ verifiedAt: minutesAgo(16), privateLink: createdMinutesAgo(45) }),
      /^disconnect/,
    ],
    [
      'waits for verifyEveryHours if it was older',
      disconnectTags,
      disconnected({ verifiedAt: minutesAgo(16), privateLink: createdMinutesAgo(47) }),
      'as it should be',
    ],
    [
      'obeys verifyEveryHours',
      {},
      disconnected({ verifiedAt: hoursAgo(2) }),
      /^disconnect/,
      { settings: { VERIFY_EVERY_HOURS: '1' } },
    ],
    [
      'tries again if that failed, after the pause',
      {},
      disconnected(failure(hoursAgo(1), { executionArn: disconnectExecutionArn })),
      'disconnect: its disconnect is not finished, and its last run failed',
    ],
    [
      'waits for the pause',
      {},
      disconnected(failure(minutesAgo(5), { executionArn: disconnectExecutionArn })),
      'failed recently',
    ],
    [
      'goes on if the last run could not record its end',
      {},
      disconnected({ status: 'disconnecting' }),
      /^disconnect: its disconnect is not finished$/,
    ],
    [
      'also removes a connection that a failed disconnect has not removed: nothing else was asked for since',
      {},
      connected(failure(hoursAgo(1), { executionArn: disconnectExecutionArn })),
      'disconnect: its disconnect is not finished, and its last run failed',
    ],
    [
      'waits for the pause before that',
      {},
      connected(failure(minutesAgo(5), { executionArn: disconnectExecutionArn })),
      'failed recently',
    ],
    [
      'finishes the disconnect of a record that names nothing',
      {},
      neverConnected(hoursAgo(1), { executionArn: disconnectExecutionArn }),
      /^disconnect: its disconnect is not finished/,
    ],
    [
      'verifies again what is connected if the wish was taken back',
      {},
      connected({ status: undefined }),
      'connect: it was connected',
    ],
    [
      'removes what a connect has created if the wish was taken back',
      {},
      connected({ status: undefined, verifiedAt: undefined }),
      'disconnect: its connect is no longer wanted, and something may be left',
    ],
  ]);
});

describe('SweepClusters, for a cluster whose last run failed,', () => {
  const pauses: [failures: number, minutes: number][] = [
    [1, 15],
    [2, 60],
    [3, 360],
    [4, 1440],
    [5, 1440],
    [50, 1440],
  ];
  for (const [failures, minutes] of pauses)
    check([
      [
        `retries ${minutes} minutes after ${failures} in a row`,
        { '': 'connect' },
        neverConnected(minutesAgo(minutes), {}, failures),
        /^connect: its tag says connect, and its last .*run.* failed$/,
      ],
      [
        `waits until then (${failures})`,
        { '': 'connect' },
        neverConnected(minutesAgo(minutes - 0.01), {}, failures),
        'failed recently',
      ],
    ]);
  const asked = { ...failure(minutesAgo(5), { executionArn: disconnectExecutionArn }) };
  check([
    [
      'starts at once if the tag now asks for the other action',
      connectTags,
      connected(asked),
      'connect: its tag says connect, and a disconnect failed last',
    ],
    ['waits if the same action failed', disconnectTags, connected(asked), 'failed recently'],
    [
      'starts at once if the failure has a time in the future',
      { '': 'connect' },
      neverConnected('9999-01-01T00:00:00.000Z'),
      /^connect/,
    ],
    [
      'starts at once if the time of the failure cannot be read',
      { '': 'connect' },
      neverConnected('yesterday'),
      /^connect/,
    ],
    [
      'retries a failure without a recorded status after the pause',
      { '': 'connect' },
      { clusterArn, ...failure(minutesAgo(5)), status: undefined },
      'failed recently',
    ],
    ['does not complete it without a tag', {}, neverConnected(hoursAgo(20)), 'failed recently'],
    [
      'does not complete what was begun without a tag',
      {},
      connected({ ...failure(hoursAgo(90)), verifiedAt: undefined }),
      'failed recently',
    ],
    [
      'repairs what was connected without a tag',
      {},
      connected(failure(hoursAgo(1))),
      'connect: it was connected, and its last run failed',
    ],
    ['waits for the pause with a repair as well', {}, connected(failure(minutesAgo(5))), 'failed recently'],
    [
      'does not repeat a refused setting of a connected cluster in each sweep',
      { ...connectTags, workspace: 'x y' },
      connected({ ...failure(minutesAgo(20), {}, 2), status: 'connected' }),
      'failed recently',
    ],
  ]);

  it('starts at once if the cluster, its secrets or its setting tags have changed', async () => {
    const unchanged = { clusters: [cluster(connectTags)] };
    const two = { [secretArn]: { 'version-1': ['AWSCURRENT'] }, [`${secretArn}2`]: { a: ['AWSCURRENT'] } };
    const changes: [what: string, world: World][] = [
      ['the version of the cluster', { clusters: [cluster(connectTags, 'orders', { CurrentVersion: 'K2' })] }],
      ['the state of the cluster', { clusters: [cluster(connectTags, 'orders', { State: 'UPDATING' })] }],
      [
        'the authentication',
        { clusters: [cluster(connectTags, 'orders', { Provisioned: provisioned({ ClientAuthentication: {} }) })] },
      ],
      [
        'IAM authentication',
        {
          clusters: [
            cluster(connectTags, 'orders', {
              Provisioned: provisioned({
                ClientAuthentication: {
                  ...provisioned().ClientAuthentication,
                  Sasl: { ...provisioned().ClientAuthentication?.Sasl, Iam: { Enabled: true } },
                },
              }),
            }),
          ],
        },
      ],
      ['a setting tag', { clusters: [cluster({ ...connectTags, workspace: 'other' })] }],
      ['the trigger tag', { clusters: [cluster({ status: 'connected' })] }],
      ['another secret', { secrets: two }],
      ['no secret', { secrets: {} }],
      ['a new version', { secrets: rotated }],
    ];
    for (const [what, change] of changes) {
      const { world, sweep, recordOf } = sweeper({
        ...unchanged,
        records: [connected(failure(minutesAgo(10), {}, 4))],
      });
      for (const minutes of [0, 15]) assert.equal((await sweep(minutesLater(minutes))).failedRecently, 1, what);
      const { circumstances, ...rest } = recordOf()?.lastFailure ?? {};
      assert.match(circumstances ?? '', /^[0-9a-f]{16}$/);
      assert.deepEqual(rest, failure(minutesAgo(10)).lastFailure);
      Object.assign(world, change);
      const [started] = (await sweep(minutesLater(30))).started;
      assert.match(started?.reason ?? '', /have changed since its last run failed/, what);
    }
  });

  it('takes other tags, among them the status tags, for no change', async () => {
    const { world, sweep } = sweeper({
      clusters: [cluster(connectTags)],
      records: [neverConnected(minutesAgo(1), {}, 4)],
    });
    await sweep();
    world.clusters = [cluster({ '': 'connect', status: 'failed', detail: 'x' }, 'orders', {})];
    assert.equal((await sweep(minutesLater(15))).failedRecently, 1);
  });

  it('takes a refusal for a circumstance, and starts when it is gone', async () => {
    const { msk, sweep } = sweeper({
      clusters: [cluster(connectTags)],
      records: [neverConnected(minutesAgo(1), {}, 4)],
    });
    msk.on(ListScramSecretsCommand).rejects(awsError('ForbiddenException', 403));
    for (const minutes of [0, 15]) assert.equal((await sweep(minutesLater(minutes))).failedRecently, 1);
    msk.on(ListScramSecretsCommand).resolves({ SecretArnList: [secretArn] });
    assert.equal((await sweep(minutesLater(30))).started.length, 1);
  });

  it('reads at most ten secrets, first the one in use', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${secretArn}${index + 10}`, {}]));
    const inUse = `${secretArn}z`;
    const record = { ...neverConnected(minutesAgo(1)), secretArn: inUse };
    const { secretsMock } = await sweepOne(connectTags, record, { secrets: many });
    const read = secretsMock.commandCalls(DescribeSecretCommand).map(({ args: [{ input }] }) => input.SecretId);
    assert.equal(read.length, 10);
    assert.ok(read.includes(inUse));
  });

  it('does not overwrite a failure that has been recorded since the scan', async () => {
    const tested = sweeper({ clusters: [cluster(connectTags)], records: [neverConnected(minutesAgo(1))] });
    tested.msk.on(ListScramSecretsCommand).callsFake(async () => {
      tested.write(neverConnected(now, { executionArn: `${executionArn}-2` }, 2));
      return { SecretArnList: [] };
    });
    await tested.sweep();
    assert.deepEqual(tested.recordOf(), neverConnected(now, { executionArn: `${executionArn}-2` }, 2));
  });

  it('does not overwrite the record of a run that has begun since the scan', async () => {
    const tested = sweeper({ clusters: [cluster(connectTags)], records: [neverConnected(minutesAgo(1))] });
    const begun = { ...neverConnected(minutesAgo(1)), ...claimed() };
    tested.msk.on(ListScramSecretsCommand).callsFake(async () => {
      tested.write(begun);
      return { SecretArnList: [] };
    });
    await tested.sweep();
    assert.deepEqual(tested.recordOf(), begun);
  });

  // Terraform's usual order: the cluster with its tags, then the association of the secret.
  for (const [what, secretAt] of [
    ['before', 5],
    ['between', 20],
  ] as const)
    it(`connects within two sweeps a cluster that gets its secret ${what === 'before' ? 'after the failure and before the first sweep' : 'between the two sweeps'}`, async () => {
      // The run fails a second after a sweep, so its pause ends a second after the next one.
      const record = neverConnected(new Date(Date.parse(now) + 1000).toISOString());
      const { world, sweep } = sweeper({ clusters: [cluster(connectTags)], records: [record], secrets: {} });
      const startedBy: number[] = [];
      for (const minutes of [15, 30]) {
        if (secretAt <= minutes) world.secrets = { [secretArn]: { 'version-1': ['AWSCURRENT'] } };
        startedBy.push((await sweep(minutesLater(minutes))).started.length);
      }
      assert.deepEqual(startedBy, [0, 1]);
    });

  it('connects at the next sweep a cluster that gets its secret after the sweep that follows the failure', async () => {
    const record = neverConnected(minutesAgo(1), {}, 3);
    const { world, sweep } = sweeper({ clusters: [cluster(connectTags)], records: [record], secrets: {} });
    await sweep();
    world.secrets = { [secretArn]: { 'version-1': ['AWSCURRENT'] } };
    assert.equal((await sweep(minutesLater(15))).started.length, 1);
  });
});

describe('SweepClusters, for a connected cluster,', () => {
  const untagged = { status: 'connected' };
  for (const tags of [connectTags, untagged])
    check([
      [`starts nothing if all is well (${JSON.stringify(tags)})`, tags, connected(), 'as it should be'],
      [
        `verifies it every six hours (${JSON.stringify(tags)})`,
        tags,
        connected({ verifiedAt: hoursAgo(6.01) }),
        'connect: it has not been verified for 6 hours',
      ],
      [
        `connects it if its secret has rotated (${JSON.stringify(tags)})`,
        tags,
        connected(),
        'connect: its SCRAM secret has rotated',
        { secrets: rotated },
      ],
      [
        `connects it if its setting tags have changed (${JSON.stringify(tags)})`,
        { ...tags, workspace: 'other' },
        connected(),
        'connect: its setting tags have changed',
      ],
      [
        `restores its status tags (${JSON.stringify(tags)})`,
        tags === connectTags ? { '': 'connect' } : {},
        connected(),
        'connect: its status tags were removed',
      ],
    ]);
  check([
    [
      'starts nothing if it was verified six hours ago',
      connectTags,
      connected({ verifiedAt: hoursAgo(6) }),
      'as it should be',
    ],
    [
      'verifies it as often as the deployment says',
      connectTags,
      connected({ verifiedAt: hoursAgo(20) }),
      'as it should be',
      { settings: { VERIFY_EVERY_HOURS: '24' } },
    ],
    ['verifies it if it never was', connectTags, connected({ verifiedAt: undefined }), /not been verified/],
    [
      'verifies it if the time lies in the future',
      connectTags,
      connected({ verifiedAt: '9999-12-31T23:59:59.000Z' }),
      /not been verified/,
    ],
    [
      'verifies it if the time cannot be read',
      connectTags,
      connected({ verifiedAt: 'yesterday' }),
      /not been verified/,
    ],
    [
      'does not verify it again if a run has ended after the scheduled time of a late sweep',
      connectTags,
      connected({ verifiedAt: minutesLater(4) }),
      'as it should be',
    ],
    [
      'connects it if the recorded version no longer exists',
      connectTags,
      connected(),
      /rotated/,
      { secrets: { [secretArn]: { 'version-9': ['AWSCURRENT'] } } },
    ],
    [
      'connects it if its secret no longer exists',
      connectTags,
      connected(),
      'connect: its SCRAM secret no longer exists',
      { secrets: {} },
    ],
    [
      'ignores a version that is only pending',
      connectTags,
      connected(),
      'as it should be',
      { secrets: { [secretArn]: { 'version-1': ['AWSCURRENT'], 'version-2': ['AWSPENDING'] } } },
    ],
    [
      'ignores a secret without a current version',
      connectTags,
      connected(),
      'as it should be',
      { secrets: { [secretArn]: { 'version-1': ['AWSPREVIOUS'] } } },
    ],
    [
      'ignores the rotation for an adopted connection',
      connectTags,
      connected({ connection: { id: 'c', ownership: 'adopted' } }),
      'as it should be',
      { secrets: rotated },
    ],
    [
      'looks for no secret of a connection that logs in as a role',
      connectTags,
      connected({
        target: { ...(connected().target ?? assert.fail()), mechanism: 'AWS_MSK_IAM' },
        roleArn: 'arn:aws:iam::111122223333:role/msk-atlas-privatelink-streams-us-east-1',
        secretArn: undefined,
        secretVersionId: undefined,
      }),
      'as it should be',
      { secrets: rotated },
    ],
    [
      'ignores the rotation if no version is recorded',
      connectTags,
      connected({ secretVersionId: undefined }),
      'as it should be',
      { secrets: rotated },
    ],
    [
      'does not compare settings that are not recorded',
      { ...connectTags, workspace: 'x' },
      connected({ settings: undefined }),
      'as it should be',
    ],
    [
      'accepts settings that are recorded',
      { ...connectTags, workspace: 'x' },
      connected({ settings: settingsOf({ 'atlas-streaming/workspace': 'x' }) }),
      'as it should be',
    ],
    [
      'starts no run for status tags that AWS refuses',
      { '': 'connect' },
      connected({ tagsRefused: 'Too many tags.' }),
      'as it should be',
    ],
    [
      'waits an hour before it restores status tags again',
      { '': 'connect' },
      connected({ strippedReported: true, verifiedAt: minutesAgo(59) }),
      'as it should be',
    ],
    [
      'restores them again after that',
      { '': 'connect' },
      connected({ strippedReported: true, verifiedAt: minutesAgo(61) }),
      /status tags were removed/,
    ],
  ]);

  it('reads only the versions of the recorded secret', async () => {
    const { msk, secretsMock, sfnMock, dynamodbMock } = await sweepOne(connectTags, connected());
    assert.deepEqual([msk, secretsMock, sfnMock, dynamodbMock].map(commandsOf), [
      ['ListClustersV2'],
      ['DescribeSecret'],
      [],
      ['Scan'],
    ]);
  });

  it('does not believe forged status tags', async () => {
    const forged = {
      '': 'connect',
      status: 'connecting',
      execution: 'connect/run-1',
      'verified-at': '99991231T235959Z',
      detail: executionArn,
    };
    const world = { executions: { [executionArn]: { status: 'RUNNING' as const } } };
    const cases: [RegistryRecord | undefined, RegExp][] = [
      [undefined, /^connect: it is not connected/],
      [connected(), /^as it should be$/],
      [connected({ verifiedAt: hoursAgo(7) }), /not been verified/],
      [connected(failure(hoursAgo(1))), /its last run failed/],
    ];
    for (const [record, expected] of cases) {
      const { verdict, sfnMock } = await sweepOne(forged, record, world);
      assert.match(verdict, expected);
      assert.equal(sfnMock.commandCalls(DescribeExecutionCommand).length, 0);
    }
    const removed = { ...forged, '': 'disconnect', status: 'disconnected' };
    assert.match((await sweepOne(removed, connected(), world)).verdict, /^disconnect: it is connected/);
  });
});

describe('SweepClusters, for a cluster whose connection was in use,', () => {
  const inUse = (more = {}) => connected(failure(minutesAgo(5), { error: 'ConnectionInUse', ...more }));
  const mayRestart = { settings: { RESTART_PROCESSORS: 'true' } };
  const stopped = { name: 'a', tier: 'SP10', pipelineHash: 'hash', stoppedAt: minutesAgo(9) };
  const allowing = { ...connectTags, 'restart-processors': 'true' };
  const forbidding = { ...connectTags, 'restart-processors': 'false' };
  const allowed = /runs may stop and start its stream processors now$/;
  check([
    ['waits for a change', connectTags, inUse({ mayRestart: false, at: hoursAgo(50) }), 'failed recently'],
    ['starts a run if a tag allows a restart by now', allowing, inUse({ mayRestart: false }), allowed],
    [
      'starts a run if the deployment allows a restart by now',
      connectTags,
      inUse({ mayRestart: false }),
      allowed,
      mayRestart,
    ],
    ['starts a run if a version before restarts has recorded the failure', allowing, inUse(), allowed],
    ['pauses if the run was allowed to stop the processors', allowing, inUse({ mayRestart: true }), 'failed recently'],
    [
      'starts a run after the pause if the run was allowed to stop the processors',
      allowing,
      inUse({ mayRestart: true, at: minutesAgo(16) }),
      /its last run failed$/,
    ],
    [
      'starts a run after the pause if the run had settings of its own',
      connectTags,
      inUse({ mayRestart: false, hasOwnSettings: true, at: minutesAgo(16) }),
      /its last run failed$/,
    ],
    ['waits if the tag forbids a restart', forbidding, inUse({ mayRestart: false }), 'failed recently', mayRestart],
    [
      'gives back at once what a run that died has stopped',
      connectTags,
      connected({ ...failure(minutesAgo(1), { error: 'RunEndedEarly' }), stoppedProcessors: [stopped] }),
      /a run has left something that must end, and its last run failed$/,
    ],
    [
      'pauses if such runs die again and again',
      connectTags,
      connected({
        ...failure(minutesAgo(5), { error: 'RunEndedEarly', isNews: false }, 2),
        stoppedProcessors: [stopped],
      }),
      'failed recently',
    ],
    [
      'pauses for 15 minutes at most as long as something is stopped',
      connectTags,
      connected({ ...failure(minutesAgo(16), { error: 'AtlasUnavailable' }, 4), stoppedProcessors: [stopped] }),
      /a run has left something that must end, and its last 4 runs failed$/,
    ],
    [
      'pauses as after any failure if all that was stopped has been seen running',
      connectTags,
      connected({
        ...failure(minutesAgo(16), { error: 'AtlasUnavailable' }, 4),
        stoppedProcessors: [{ ...stopped, startedByFailedRun: true, seenStarted: true }],
      }),
      'failed recently',
    ],
  ]);
});

describe('SweepClusters, for a cluster whose tag was removed,', () => {
  const untagged = { status: 'connected' };
  const wasTagged = connected({ wasTagged: true });
  check([
    ['leaves it connected', untagged, wasTagged, 'as it should be'],
    [
      'disconnects it if the deployment says so',
      untagged,
      wasTagged,
      'disconnect: it is connected, and its tag was removed',
      onUntag,
    ],
    ['leaves it if the tag has another value', { ...untagged, '': 'paused' }, wasTagged, 'as it should be', onUntag],
    [
      'leaves it if it was connected from the console and never had the tag',
      untagged,
      connected(),
      'as it should be',
      onUntag,
    ],
    [
      'waits for the pause if that failed',
      untagged,
      connected({ wasTagged: true, ...failure(minutesAgo(5), { executionArn: disconnectExecutionArn }) }),
      'failed recently',
      onUntag,
    ],
    ['removes an empty record', untagged, { clusterArn }, 'disconnect: its record is empty'],
    ['keeps the record of a failure for a day', untagged, neverConnected(hoursAgo(24)), 'failed recently'],
    [
      'then removes a record of which nothing is left',
      untagged,
      neverConnected(hoursAgo(25)),
      'disconnect: its record is empty, and a connect failed last',
    ],
  ]);

  it('remembers that it had the tag, and forgets it after a disconnect', async () => {
    const { world, sweep, recordOf, dynamodbMock } = sweeper({
      clusters: [cluster(connectTags)],
      records: [connected()],
      ...onUntag,
    });
    for (const minutes of [0, 15]) await sweep(minutesLater(minutes));
    assert.deepEqual(recordOf(), wasTagged);
    assert.equal(dynamodbMock.commandCalls(UpdateItemCommand).length, 1);
    world.clusters = [cluster(untagged)];
    assert.equal((await sweep(minutesLater(30))).started[0]?.action, 'disconnect');

    const after = sweeper({ clusters: [cluster({})], records: [disconnected({ wasTagged: true })], ...onUntag });
    await after.sweep();
    assert.deepEqual(after.recordOf(), disconnected());
  });
});

describe('SweepClusters, for a cluster that an execution holds,', () => {
  const holder = `${executionArn}-2`;
  const disconnectHolder = `${disconnectExecutionArn}-2`;
  const ended = (status: ExecutionStatus, minutes = 20): World => {
    const execution = { status, stopDate: new Date(minutesAgo(minutes)) };
    return { executions: { [holder]: execution, [disconnectHolder]: execution } };
  };
  const running: World = { executions: { [holder]: { status: 'RUNNING' }, [disconnectHolder]: { status: 'RUNNING' } } };
  const disconnecting = claimed(disconnectHolder, { action: 'disconnect', status: 'disconnecting' });
  check([
    ['starts nothing while it runs', connectTags, connected(claimed()), 'running', running],
    [
      'starts nothing while it is to be redriven',
      connectTags,
      connected(claimed()),
      'running',
      ended('PENDING_REDRIVE'),
    ],
    [
      'starts nothing while it runs, however long',
      {},
      connected(claimed(holder, { claimedAt: hoursAgo(30) })),
      'running',
      running,
    ],
    [
      'starts a disconnect, which stops it, if it connects and the tag says disconnect',
      disconnectTags,
      connected(claimed()),
      'disconnect: a connect is running, and its tag says disconnect',
      running,
    ],
    [
      'starts nothing if it disconnects and the tag says disconnect',
      disconnectTags,
      connected(disconnecting),
      'running',
      running,
    ],
    [
      'starts nothing if it disconnects and the tag says connect',
      connectTags,
      connected(disconnecting),
      'running',
      running,
    ],
    [
      'waits five minutes for one that does not exist yet',
      connectTags,
      connected(claimed(holder, { claimedAt: minutesAgo(4.9) })),
      'running',
    ],
    [
      'waits for the pause after one that has just died',
      connectTags,
      connected(claimed()),
      'failed recently',
      ended('ABORTED', 14),
    ],
    [
      'starts the next one when the pause is over',
      connectTags,
      connected(claimed()),
      'connect: its tag says connect, and its last run failed',
      ended('ABORTED', 15),
    ],
    [
      'keeps a connection whose disconnect a person has stopped before it removed anything',
      {},
      connected(disconnecting),
      'connect: it was connected, and a disconnect failed last',
      ended('ABORTED'),
    ],
    [
      'finishes the disconnect if it was not stopped',
      {},
      connected(disconnecting),
      /^disconnect: its disconnect is not finished/,
      ended('TIMED_OUT'),
    ],
    [
      'finishes a stopped disconnect that has removed the connection',
      {},
      { ...disconnected(), ...disconnecting },
      /^disconnect: its disconnect is not finished/,
      ended('ABORTED'),
    ],
    [
      'starts the other action at once',
      disconnectTags,
      connected(claimed()),
      'disconnect: its tag says disconnect, and a connect failed last',
      ended('TIMED_OUT', 2),
    ],
    [
      'waits for the last function of one that was stopped less than 90 seconds ago',
      connectTags,
      connected(claimed()),
      'running',
      ended('ABORTED', 1.4),
    ],
    [
      'leaves that wait to a disconnect',
      disconnectTags,
      connected(claimed()),
      'disconnect: a connect is running, and its tag says disconnect',
      ended('TIMED_OUT', 0),
    ],
    [
      'repairs an untagged cluster that was connected',
      {},
      connected(claimed()),
      'connect: it was connected, and its last run failed',
      ended('FAILED'),
    ],
    [
      'does not complete an untagged cluster that was not',
      {},
      { clusterArn, ...claimed() },
      'failed recently',
      ended('FAILED'),
    ],
  ]);

  for (const status of ['FAILED', 'ABORTED', 'TIMED_OUT'] as const)
    it(`counts a run that ended as ${status} without a record of it`, async () => {
      const before = connected({ ...claimed(), failures: 2, lastFailure: failure(hoursAgo(5)).lastFailure });
      const { recordOf, counted, verdict } = await sweepOne(connectTags, before, ended(status, 10));
      assert.deepEqual([counted, verdict], [1, 'failed recently']);
      const { lastFailure, ...record } = recordOf() ?? { clusterArn: '' };
      assert.deepEqual(record, connected({ status: 'failed', failures: 3, detail: record.detail }));
      assert.match(record.detail ?? '', new RegExp(`^RunEndedEarly: .*${status}`));
      const { fingerprint, circumstances, ...rest } = lastFailure ?? {};
      assert.match(`${fingerprint} ${circumstances}`, /^[0-9a-f]{16} [0-9a-f]{16}$/);
      assert.deepEqual(rest, {
        error: 'RunEndedEarly',
        at: minutesAgo(10),
        executionArn: holder,
        isNews: true,
        isAccountFault: false,
      });
    });

  it('counts a run that does not exist five minutes after it claimed the cluster', async () => {
    const record = connected(claimed(holder, { claimedAt: minutesAgo(5) }));
    const { recordOf, counted } = await sweepOne(connectTags, record);
    assert.equal(counted, 1);
    assert.equal(recordOf()?.lastFailure?.at, now);
    assert.equal(recordOf()?.holder, undefined);
  });

  it('takes the same end a second time for no news', async () => {
    const first = await sweepOne(connectTags, connected(claimed()), ended('ABORTED', 10));
    const died = first.recordOf()?.lastFailure;
    assert.ok(died);
    const again = connected({ ...claimed(holder), failures: 1, lastFailure: { ...died, executionArn } });
    const second = await sweepOne(connectTags, again, ended('ABORTED', 10));
    assert.deepEqual([died.isNews, second.recordOf()?.lastFailure?.isNews], [true, false]);
  });

  it('takes the same end for news if this time the run has left something, and the one before has not', async () => {
    const first = await sweepOne(connectTags, connected(claimed()), ended('ABORTED', 10));
    const died = first.recordOf()?.lastFailure;
    assert.ok(died);
    const stopped = { name: 'a', tier: 'SP10', pipelineHash: 'hash', stoppedAt: minutesAgo(11) };
    const left = { ...claimed(holder), failures: 3, stoppedProcessors: [stopped] };
    const again = connected({ ...left, lastFailure: { ...died, executionArn } });
    const second = await sweepOne(connectTags, again, ended('ABORTED', 10));
    const { lastFailure } = second.recordOf() ?? {};
    assert.equal(lastFailure?.isNews, true);
    assert.match(second.verdict, /a run has left something that must end/);
    const third = await sweepOne(
      connectTags,
      connected({ ...left, lastFailure: { ...lastFailure, executionArn } }),
      ended('ABORTED', 10),
    );
    assert.deepEqual([third.recordOf()?.lastFailure?.isNews, third.verdict], [false, 'failed recently']);
  });

  it('does not start a cluster whose runs die each time in every sweep', async () => {
    const tested = sweeper({ clusters: [cluster(connectTags)], records: [connected()] });
    const starts: number[] = [];
    for (let minutes = 0; minutes < 24 * 60; minutes += 15) {
      const at = minutesLater(minutes);
      const run = `${executionArn}-at-${minutes}`;
      const isStarted = (await tested.sweep(at)).started.length > 0;
      if (minutes === 0 || isStarted) {
        starts.push(minutes);
        tested.sfnMock
          .on(DescribeExecutionCommand, { executionArn: run })
          .resolves({ status: 'ABORTED', stopDate: new Date(at) });
        tested.write({ ...(tested.recordOf() ?? { clusterArn }), ...claimed(run, { claimedAt: at }) });
      }
    }
    // Its pauses are 15 minutes, 1 hour, 6 hours and a day.
    assert.deepEqual(starts, [0, 15, 75, 435]);
  });

  it('releases a cluster whose run succeeded and could not record it, without counting a failure', async () => {
    const { verdict, counted, recordOf } = await sweepOne(connectTags, connected(claimed()), ended('SUCCEEDED'));
    assert.equal(verdict, 'connect: it is connecting, and its tag says connect');
    assert.equal(counted, 0);
    assert.deepEqual(recordOf(), connected({ status: 'connecting' }));
    assert.match((await sweepOne({}, connected(claimed()), ended('SUCCEEDED'))).verdict, /^connect: it was connected/);
  });

  it('verifies an untagged cluster whose first run succeeded and could not record it', async () => {
    const { verifiedAt: _, ...first } = connected(claimed());
    const { verdict, recordOf } = await sweepOne({}, first, ended('SUCCEEDED'));
    assert.equal(verdict, 'connect: it was connected');
    assert.equal(recordOf()?.verifiedAt, minutesAgo(20));
    const { connection: __, ...unconnected } = first;
    assert.equal((await sweepOne({}, unconnected, ended('SUCCEEDED'))).recordOf()?.verifiedAt, undefined);
  });

  it('leaves a cluster that was released or claimed since the scan to the next sweep', async () => {
    const tested = sweeper({ clusters: [cluster(connectTags)], records: [connected(claimed())] });
    for (const since of [connected(), connected(claimed(`${executionArn}-3`))]) {
      tested.write(connected(claimed()));
      tested.sfnMock.on(DescribeExecutionCommand).callsFake(async () => {
        tested.write(since);
        return { status: 'FAILED', stopDate: new Date(hoursAgo(1)) };
      });
      const { running: count, counted, started } = await tested.sweep();
      assert.deepEqual([count, counted, started], [1, 0, []]);
      assert.deepEqual(tested.recordOf(), since);
    }
  });
});

describe('SweepClusters, for a cluster that was deleted,', () => {
  const twice = async (record: RegistryRecord, world: World = {}) => {
    const tested = sweeper({ records: [record], ...world });
    const first = await tested.sweep();
    const since = tested.recordOf()?.missingSince;
    return { ...tested, first, since, second: await tested.sweep(minutesLater(15)) };
  };

  it('starts a disconnect if two sweeps do not find it', async () => {
    const { first, since, second, started } = await twice(connected());
    assert.deepEqual([first.started, first.vanished, since], [[], [clusterArn], now]);
    assert.deepEqual(second.started, [
      { clusterArn, action: 'disconnect', reason: 'it is connected, and the cluster no longer exists' },
    ]);
    assert.equal(started()[0]?.stateMachineArn, machines.disconnect);
  });

  it('does not take the repetition of one sweep for two', async () => {
    const { sweep, started } = sweeper({ records: [connected()] });
    for (const _ of [1, 2, 3]) await sweep();
    assert.deepEqual(started(), []);
  });

  it('waits for a second sweep if the recorded time is wrong', async () => {
    for (const missingSince of ['9999-01-01T00:00:00.000Z', 'x']) {
      const { first, since } = await twice(connected({ missingSince }));
      assert.deepEqual([first.started, since], [[], now]);
    }
  });

  it('forgets that it was missing when it is there again', async () => {
    for (const place of ['clusters', 'unlisted'] as const) {
      const record = connected({ missingSince: hoursAgo(1) });
      const tested = sweeper({ records: [record], [place]: [cluster(connectTags)] });
      const { started, asItShouldBe, vanished } = await tested.sweep();
      assert.deepEqual([started, asItShouldBe, vanished], [[], 1, []]);
      assert.deepEqual(tested.recordOf(), connected());
    }
  });

  it('does not take a refusal for a deletion', async () => {
    for (const name of ['ForbiddenException', 'UnauthorizedException', 'AccessDeniedException']) {
      const tested = sweeper({ records: [connected({ missingSince: hoursAgo(1) })] });
      tested.msk.on(DescribeClusterV2Command).rejects(awsError(name, 403));
      const { started, failed, vanished } = await tested.sweep();
      assert.deepEqual([started, vanished], [[], []]);
      assert.match(failed[0]?.error ?? '', new RegExp(name));
    }
  });

  it('does nothing if the deployment does not want it', async () => {
    const { first, since, second, msk } = await twice(connected(), {
      settings: { DISCONNECT_DELETED_CLUSTERS: 'false' },
    });
    assert.deepEqual([first.vanished, since, second.started], [[], undefined, []]);
    assert.deepEqual(commandsOf(msk), ['ListClustersV2', 'ListClustersV2']);
  });

  it('removes what was left when the cluster was disconnected, whatever the deployment says', async () => {
    const record = disconnected({ verifiedAt: hoursAgo(7) });
    const { second } = await twice(record, { settings: { DISCONNECT_DELETED_CLUSTERS: 'false' } });
    assert.equal(second.started[0]?.action, 'disconnect');
  });

  it('removes a record of which nothing is ours', async () => {
    for (const record of [
      { clusterArn },
      neverConnected(hoursAgo(1)),
      connected({ connection: { ownership: 'adopted' } }),
    ])
      assert.equal((await twice(record)).second.started[0]?.action, 'disconnect');
  });

  const missing = (changes: Partial<RegistryRecord>) => connected({ missingSince: hoursAgo(1), ...changes });
  const asDisconnect = { executionArn: disconnectExecutionArn };
  check([
    [
      'waits while a run is at work',
      'gone',
      missing(claimed()),
      'running',
      { executions: { [`${executionArn}-2`]: { status: 'RUNNING' } } },
    ],
    [
      'waits for the pause if the disconnect failed',
      'gone',
      missing(failure(minutesAgo(5), asDisconnect)),
      'failed recently',
    ],
    [
      'disconnects again after the pause',
      'gone',
      missing(failure(minutesAgo(15), asDisconnect)),
      'disconnect: the cluster no longer exists, and its last run failed',
    ],
    [
      'disconnects at once if a connect failed',
      'gone',
      missing(failure(minutesAgo(5))),
      /^disconnect: .*a connect failed last/,
    ],
    [
      'waits for verifyEveryHours if something could not be removed',
      'gone',
      missing({ status: 'disconnected' }),
      'as it should be',
    ],
    [
      'tries again after that',
      'gone',
      missing({ status: 'disconnected', verifiedAt: hoursAgo(7) }),
      /^disconnect: it is disconnected, and something may be left/,
    ],
  ]);

  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
  const vanishing = (count: number, others: number, changes: Partial<RegistryRecord> = {}, more: World = {}) => {
    const [gone, rest] = [names.slice(0, count), names.slice(count, count + others)];
    return sweeper({
      clusters: rest.map((name) => cluster(connectTags, name)),
      records: [...gone.map((name) => connected(changes, name)), ...rest.map((name) => connected({}, name))],
      ...more,
    });
  };

  for (const [count, others, isPlausible] of [
    [1, 0, true],
    [2, 1, true],
    [3, 1, true],
    [2, 0, false],
    [3, 0, false],
    [4, 1, false],
    [4, 6, false],
  ] as const)
    it(`${isPlausible ? 'disconnects' : 'does nothing about'} ${count} of ${count + others} recorded clusters that vanish at once`, async () => {
      const { sweep, started, recordOf } = vanishing(count, others);
      for (const minutes of [0, 15]) {
        const result = await sweep(minutesLater(minutes));
        assert.deepEqual([result.vanished.length, result.isVanishingImplausible], [count, !isPlausible]);
        assert.equal(recordOf('a')?.missingSince, isPlausible ? now : undefined);
      }
      assert.equal(started().length, isPlausible ? count : 0);
    });

  it('still examines the other clusters', async () => {
    const { sweep, world } = vanishing(4, 2);
    world.clusters?.push(cluster({ '': 'connect' }, 'new'));
    const { started, asItShouldBe } = await sweep();
    assert.deepEqual([started.map(({ clusterArn: arn }) => arn), asItShouldBe], [[arnOf('new')], 2]);
  });

  it('removes any number of records that name nothing', async () => {
    const empty = (name: string) => ({ ...neverConnected(hoursAgo(1)), clusterArn: arnOf(name) });
    const { sweep, started } = sweeper({ records: names.slice(0, 4).map(empty) });
    for (const minutes of [0, 15]) assert.equal((await sweep(minutesLater(minutes))).isVanishingImplausible, false);
    assert.equal(started().length, 4);
  });

  it('counts clusters that could not be examined as vanished, too', async () => {
    const { sweep, msk, recordOf } = vanishing(5, 5);
    msk.on(DescribeClusterV2Command, { ClusterArn: arnOf('a') }).rejects(awsError('NotFoundException', 404));
    for (const name of ['b', 'c', 'd', 'e'])
      msk.on(DescribeClusterV2Command, { ClusterArn: arnOf(name) }).rejects(awsError('ForbiddenException', 403));
    assert.equal((await sweep()).isVanishingImplausible, true);
    assert.equal(recordOf('a')?.missingSince, undefined);
  });

  it('does not count clusters again that an earlier sweep has missed', async () => {
    const { sweep, started } = vanishing(5, 1, { missingSince: hoursAgo(1) });
    assert.equal((await sweep()).isVanishingImplausible, false);
    assert.equal(started().length, 5);
  });

  it('does nothing if all that were left vanish', async () => {
    const { sweep, started, write } = vanishing(3, 0);
    write(connected({ missingSince: hoursAgo(1) }, 'a'));
    assert.equal((await sweep()).isVanishingImplausible, true);
    assert.deepEqual(started(), []);
  });
});

describe('SweepClusters', () => {
  it('counts what it found and did', async () => {
    const { sweep } = sweeper({
      clusters: [
        cluster({}, 'untagged'),
        cluster({ '': 'Connect' }, 'mistyped'),
        { ClusterArn: arnOf('bare') },
        cluster(connectTags, 'well'),
        cluster(connectTags, 'busy'),
        cluster({ '': 'connect' }, 'new'),
        cluster(disconnectTags, 'old'),
        cluster({ '': 'connect' }, 'failing'),
      ],
      records: [
        connected({}, 'well'),
        connected(claimed(), 'busy'),
        connected({}, 'old'),
        connected(claimed(`${executionArn}-gone`), 'failing'),
        connected({}, 'deleted'),
      ],
      executions: { [`${executionArn}-2`]: { status: 'RUNNING' } },
    });
    assert.deepEqual(await sweep(), {
      clusters: 8,
      tagged: 5,
      recorded: 5,
      asItShouldBe: 1,
      failedRecently: 1,
      running: 1,
      counted: 1,
      started: [
        { clusterArn: arnOf('old'), action: 'disconnect', reason: 'it is connected, and its tag says disconnect' },
        { clusterArn: arnOf('new'), action: 'connect', reason: 'it is not connected, and its tag says connect' },
      ].toSorted((one, other) => (one.clusterArn < other.clusterArn ? -1 : 1)),
      isPaused: false,
      due: 0,
      failed: [],
      vanished: [arnOf('deleted')],
      isVanishingImplausible: false,
    });
  });

  it('starts nothing while the deployment is paused, and says how many runs are due', async () => {
    const { sweep, started } = sweeper({
      clusters: [cluster({ '': 'connect' }, 'new'), cluster(disconnectTags, 'old'), cluster(connectTags, 'well')],
      records: [connected({}, 'old'), connected({}, 'well')],
      settings: { PAUSED: 'true' },
    });
    const { isPaused, due, asItShouldBe } = await sweep();
    assert.deepEqual([isPaused, due, asItShouldBe, started()], [true, 2, 1, []]);
  });

  it('reads all pages of clusters', async () => {
    const { sweep, msk } = sweeper();
    const page = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => cluster({ '': 'connect' }, `c${from + index}`));
    msk
      .on(ListClustersV2Command, { NextToken: undefined })
      .resolves({ ClusterInfoList: page(0, 100), NextToken: 'a' })
      .on(ListClustersV2Command, { NextToken: 'a' })
      .resolves({ ClusterInfoList: page(100, 105) });
    const { clusters, started } = await sweep();
    assert.deepEqual([clusters, started.length], [105, 105]);
    assert.equal(msk.commandCalls(ListClustersV2Command)[0]?.args[0].input.MaxResults, 100);
  });

  it('examines at most ten clusters at once', async () => {
    const names = Array.from({ length: 35 }, (_, index) => `c${index}`);
    const { sweep, secretsMock } = sweeper({
      clusters: names.map((name) => cluster(connectTags, name)),
      records: names.map((name) => connected({}, name)),
    });
    let [now, most] = [0, 0];
    secretsMock.on(DescribeSecretCommand).callsFake(async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return { VersionIdsToStages: { 'version-1': ['AWSCURRENT'] } };
    });
    assert.equal((await sweep()).asItShouldBe, 35);
    assert.equal(most, 10);
  });

  it('continues after clusters that it cannot examine or start a run for, and reports their errors', async () => {
    const { sweep, started, secretsMock, sfnMock } = sweeper({
      clusters: ['unknown', 'secretless', 'refused', 'good'].map((name) => cluster(connectTags, name)),
      records: [connected(claimed(), 'unknown'), connected({}, 'secretless')],
    });
    sfnMock
      .on(DescribeExecutionCommand)
      .rejects(awsError('AccessDeniedException', 400))
      .on(StartExecutionCommand, { input: JSON.stringify({ clusterArn: arnOf('refused') }) })
      .rejects(awsError('ExecutionLimitExceeded', 400));
    secretsMock.on(DescribeSecretCommand).rejects(awsError('ThrottlingException', 429));
    const { failed, ...counts } = await sweep();
    assert.deepEqual(failed.map(({ clusterArn: arn }) => arn).sort(), ['refused', 'secretless', 'unknown'].map(arnOf));
    const errors = failed.map(({ error }) => error).join('\n');
    assert.match(errors, /states:DescribeExecution .*AccessDeniedException/);
    assert.match(errors, /secretsmanager:DescribeSecret .*429/);
    assert.match(errors, /states:StartExecution .*ExecutionLimitExceeded/);
    assert.deepEqual(
      counts.started.map(({ clusterArn: arn }) => arn),
      [arnOf('good')],
    );
    assert.ok(started().some(({ input }) => input === JSON.stringify({ clusterArn: arnOf('good') })));
  });

  it('continues if a record cannot be read, and starts nothing for its cluster', async () => {
    const { sweep } = sweeper({
      clusters: ['unreadable', 'good'].map((name) => cluster({ '': 'connect' }, name)),
      records: [{ clusterArn: arnOf('unreadable'), status: 'paused' as 'failed' }],
    });
    const { started, failed, recorded } = await sweep();
    assert.deepEqual(
      [started, failed].map((them) => them.map(({ clusterArn: arn }) => arn)),
      [[arnOf('good')], [arnOf('unreadable')]],
    );
    assert.match(failed[0]?.error ?? '', /cannot be read \(status\)\. It was edited by hand/);
    assert.equal(recorded, 1);
  });

  it('fails if the clusters cannot be listed', async () => {
    const { sweep, msk } = sweeper({ records: [connected()] });
    msk.on(ListClustersV2Command).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(sweep(), { name: 'AwsThrottled', message: /kafka:ListClustersV2/ });
  });

  for (const [exception, status, name] of [
    ['ResourceNotFoundException', 400, 'DeploymentMisconfigured'],
    ['AccessDeniedException', 400, 'DeploymentMisconfigured'],
    ['ThrottlingException', 429, 'AwsThrottled'],
    ['InternalServerError', 500, 'AwsUnavailable'],
  ] as const) {
    it(`starts nothing if the registry answers ${exception}`, async () => {
      const { sweep, started, dynamodbMock } = sweeper({ clusters: [cluster({ '': 'connect' })] });
      dynamodbMock.on(ScanCommand).rejects(awsError(exception, status));
      await assert.rejects(sweep(), { name });
      assert.deepEqual(started(), []);
    });

    it(`stops if the registry answers ${exception} to a write`, async () => {
      const names = Array.from({ length: 11 }, (_, index) => `c${index}`);
      const { sweep, started, dynamodbMock } = sweeper({
        clusters: names.map((it) => cluster(connectTags, it)),
        records: [connected(claimed(), 'c0')],
      });
      dynamodbMock.on(UpdateItemCommand).rejects(awsError(exception, status));
      await assert.rejects(sweep(), { name });
      // Those that were under way; none of the next ten.
      assert.equal(started().length, 9);
    });
  }
});

describe('The executions that a sweep starts', () => {
  const nameFor = async (tags: Record<string, string>, at = now, name = 'orders') => {
    const { sweep, started } = sweeper({
      clusters: [cluster(tags, name)],
      records: [connected({ status: undefined }, name)],
    });
    await sweep(at);
    return started()[0]?.name ?? 'none';
  };

  it('have a name that Step Functions allows and that says where they come from', async () => {
    assert.match(await nameFor({ '': 'connect' }), /^sweep-connect-[0-9a-f]{32}$/);
    assert.match(await nameFor({ '': 'disconnect' }), /^sweep-disconnect-[0-9a-f]{32}$/);
  });

  it('have the same name if the same sweep runs twice, and another one in each sweep and for each cluster and action', async () => {
    const tags = { '': 'connect' };
    assert.equal(await nameFor(tags), await nameFor(tags));
    const names = [
      await nameFor(tags),
      await nameFor({ '': 'disconnect' }),
      await nameFor(tags, now, 'payroll'),
      await nameFor(tags, minutesLater(15)),
      await nameFor(tags, minutesLater(30)),
    ];
    assert.equal(new Set(names).size, names.length);
  });

  it('count as running if the same sweep has started them before', async () => {
    const { sweep, sfnMock } = sweeper({ clusters: [cluster({ '': 'connect' })] });
    sfnMock.on(StartExecutionCommand).rejects(awsError('ExecutionAlreadyExists', 400));
    const { running, started, failed } = await sweep();
    assert.deepEqual([running, started, failed], [1, [], []]);
  });

  it('are started for each need, also if tags are removed twice and a secret rotates within six hours', async () => {
    const { world, sweep, started, write } = sweeper({
      clusters: [cluster({ '': 'connect' })],
      records: [connected()],
    });
    const reasons: (string | undefined)[] = [];
    const sweepAt = async (minutes: number) => {
      reasons.push((await sweep(minutesLater(minutes))).started[0]?.reason);
      write(connected({ verifiedAt: minutesLater(minutes + 1), strippedReported: true }));
    };
    await sweepAt(0);
    await sweepAt(120);
    world.clusters = [cluster(connectTags)];
    world.secrets = rotated;
    await sweepAt(135);
    assert.deepEqual(reasons, [
      'its status tags were removed',
      'its status tags were removed',
      'its SCRAM secret has rotated',
    ]);
    assert.equal(new Set(started().map(({ name }) => name)).size, 3);
  });
});

describe('The report of a sweep', () => {
  const reported = async (t: { mock: typeof import('node:test').mock }, world: World) => {
    const addMetric = t.mock.method(metrics, 'addMetric', () => undefined);
    const lines = ['info', 'warn', 'error'] as const;
    const logged = lines.map((level) => t.mock.method(logger, level, () => undefined));
    const { sweep, sfnMock } = sweeper(world);
    sfnMock.on(StartExecutionCommand).rejects(awsError('ExecutionLimitExceeded', 400));
    report(await sweep());
    return {
      metrics: addMetric.mock.calls.map(({ arguments: [name, , value] }) => [name, value]),
      logged: lines.filter((_, index) => (logged[index]?.mock.callCount() ?? 0) > 0),
    };
  };

  it('is one line if all is well', async (t) => {
    const found = await reported(t, { clusters: [cluster(connectTags)], records: [connected()] });
    assert.deepEqual(found, { metrics: [], logged: ['info'] });
  });

  it('counts clusters that were not swept', async (t) => {
    const found = await reported(t, { clusters: ['a', 'b'].map((name) => cluster(connectTags, name)) });
    assert.deepEqual(found, { metrics: [['ClustersNotSwept', 2]], logged: ['warn'] });
  });

  it('counts clusters that have vanished at once', async (t) => {
    const found = await reported(t, { records: [connected({}, 'a'), connected({}, 'b')] });
    assert.deepEqual(found, { metrics: [['ClustersVanished', 2]], logged: ['info', 'error'] });
    const few = await reported(t, { records: [connected({}, 'a')] });
    assert.deepEqual(few, { metrics: [], logged: ['info'] });
  });
});

describe('The settings of the sweep', () => {
  const variables = {
    CONNECT_STATE_MACHINE_ARN: machines.connect,
    DISCONNECT_STATE_MACHINE_ARN: machines.disconnect,
    VERIFY_EVERY_HOURS: '6',
    DISCONNECT_DELETED_CLUSTERS: 'true',
    DISCONNECT_ON_UNTAG: 'false',
    RESTART_PROCESSORS: 'true',
    PAUSED: 'false',
  };

  it('are read from the environment', () => {
    assert.deepEqual(Environment.parse(variables), {
      machines,
      verifyEveryHours: 6,
      disconnectDeletedClusters: true,
      disconnectOnUntag: false,
      restartProcessors: true,
      paused: false,
    });
  });

  it('must be complete and of the right kind', () => {
    for (const wrong of [
      { VERIFY_EVERY_HOURS: 'x' },
      { VERIFY_EVERY_HOURS: '0' },
      { VERIFY_EVERY_HOURS: undefined },
      { DISCONNECT_ON_UNTAG: 'yes' },
      { RESTART_PROCESSORS: undefined },
      { PAUSED: '' },
      { DISCONNECT_DELETED_CLUSTERS: undefined },
    ])
      assert.equal(Environment.safeParse({ ...variables, ...wrong }).success, false, JSON.stringify(wrong));
  });
});
