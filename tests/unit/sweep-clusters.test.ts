import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cluster, ListClustersV2Command, ListScramSecretsCommand } from '@aws-sdk/client-kafka';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, type ExecutionStatus, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { sweepClusters } from '../../functions/sweep-clusters/sweep-clusters.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import {
  accountId,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  now,
  region,
  secretArn,
} from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const machines = {
  connect: `arn:aws:states:${region}:${accountId}:stateMachine:msk-atlas-privatelink-dev-connect`,
  disconnect: `arn:aws:states:${region}:${accountId}:stateMachine:msk-atlas-privatelink-dev-disconnect`,
};
const arnOf = (name: string) => clusterArn.replace('orders', name);
const hoursAgo = (hours: number) => new Date(Date.parse(now) - hours * 3_600_000);

/** A cluster with these tags, whose keys are short: `''` is atlas-streaming, `status` is atlas-streaming:status. */
const cluster = (tags: Record<string, string>, name = 'orders'): Cluster => ({
  ClusterArn: arnOf(name),
  Tags: Object.fromEntries(
    Object.entries({ ...tags, team: name }).map(([key, value]) =>
      key === 'team' ? [key, value] : [key ? `atlas-streaming:${key}` : 'atlas-streaming', value],
    ),
  ),
});

const connected = {
  '': 'connect',
  status: 'connected',
  execution: executionArn,
  'verified-at': hoursAgo(1).toISOString(),
  'secret-version': 'version-1',
};

interface Situation {
  executions?: Record<string, { status: ExecutionStatus; stopDate?: Date }>;
  /** The secrets that are associated with every cluster, each with the stages of its versions. */
  secrets?: Record<string, Record<string, string[]>>;
}

/** A sweep of these clusters. */
function sweeper(clusters: Cluster[], situation: Situation = {}) {
  const { executions: known, secrets: associated = { [secretArn]: { 'version-1': ['AWSCURRENT'] } } } = situation;
  const { client, msk } = fakeMsk();
  const { executions, sfnMock } = fakeStepFunctions(known);
  const { secrets, secretsMock } = fakeSecretsManager();
  msk.on(ListClustersV2Command).resolves({ ClusterInfoList: clusters });
  msk.on(ListScramSecretsCommand).resolves({ SecretArnList: Object.keys(associated) });
  secretsMock.on(DescribeSecretCommand).rejects(awsError('ResourceNotFoundException', 404));
  for (const [SecretId, VersionIdsToStages] of Object.entries(associated))
    secretsMock.on(DescribeSecretCommand, { SecretId }).resolves({ VersionIdsToStages });
  sfnMock.on(StartExecutionCommand).resolves({});
  const sweep = (at = now) => sweepClusters({ now: at }, { msk: client, secrets, executions, machines });
  const started = () => sfnMock.commandCalls(StartExecutionCommand).map(({ args: [{ input }] }) => input);
  return { msk, sfnMock, secretsMock, sweep, started };
}

/** What a sweep does about one cluster, by its own result and by its calls to Step Functions. */
async function sweepOne(tags: Record<string, string>, situation: Situation = {}) {
  const { sweep, started } = sweeper([cluster(tags)], situation);
  const { started: reported, asItShouldBe, failedRecently, running, failed } = await sweep();
  assert.deepEqual(failed, []);
  assert.equal(reported.length + asItShouldBe + failedRecently + running, 1);
  const [execution] = started();
  assert.equal(started().length, reported.length);
  return {
    verdict: reported[0]?.reason ?? (running ? 'running' : failedRecently ? 'failed recently' : 'as it should be'),
    machine: execution?.stateMachineArn,
    input: execution && JSON.parse(execution.input ?? ''),
  };
}

describe('SweepClusters', () => {
  const ended = (status: ExecutionStatus, hours: number) => ({
    [executionArn]: { status, stopDate: hoursAgo(hours) },
    [disconnectExecutionArn]: { status, stopDate: hoursAgo(hours) },
  });
  const running = { [executionArn]: { status: 'RUNNING' }, [disconnectExecutionArn]: { status: 'RUNNING' } } as const;
  const rule = (tags: Record<string, string>) => ({ ...connected, ...tags });
  const tagged = { '': 'connect' };
  const removal = { '': 'disconnect', execution: disconnectExecutionArn };

  const rules: [
    what: string,
    tags: Record<string, string>,
    executions: Situation['executions'],
    verdict: string | RegExp,
  ][] = [
    ['has never been connected', tagged, {}, 'it is not connected, and its tag says connect'],
    ['is connected', connected, {}, 'as it should be'],
    [
      'is disconnected and tagged to connect again',
      rule({ status: 'disconnected' }),
      {},
      /it is disconnected, .* says connect$/,
    ],
    ['has an unknown status', rule({ status: 'x' }), {}, /it is x, and its tag says connect/],
    ['is being connected', rule({ status: 'connecting' }), running, 'running'],
    [
      'is being disconnected and tagged to connect again',
      rule({ status: 'disconnecting', execution: disconnectExecutionArn }),
      running,
      'running',
    ],
    [
      'was left behind by a run',
      rule({ status: 'connecting' }),
      ended('ABORTED', 0),
      'its last run ended while connecting',
    ],
    ['was left behind by a run that no longer exists', rule({ status: 'connecting' }), {}, /ended while connecting/],
    ['is being connected but names no run', { ...tagged, status: 'connecting' }, {}, /ended while connecting/],
    ['failed five hours ago', rule({ status: 'failed' }), ended('FAILED', 5), 'failed recently'],
    ['failed exactly six hours ago', rule({ status: 'failed' }), ended('FAILED', 6), 'failed recently'],
    [
      'failed earlier',
      rule({ status: 'failed' }),
      ended('FAILED', 6.01),
      'its last run failed more than six hours ago',
    ],
    [
      'failed so long ago that the run no longer exists',
      rule({ status: 'failed' }),
      {},
      /failed more than six hours ago/,
    ],
    ['is failing right now', rule({ status: 'failed' }), running, 'running'],
    ['was verified a day ago', rule({ 'verified-at': hoursAgo(24).toISOString() }), {}, 'as it should be'],
    ['was verified earlier', rule({ 'verified-at': hoursAgo(24.01).toISOString() }), {}, /not been verified for a day/],
    ['has an unreadable time of verification', rule({ 'verified-at': 'yesterday' }), {}, /not been verified for a day/],
    ['was never verified', { ...tagged, status: 'connected' }, {}, 'it has not been verified for a day'],
    [
      'is connected and tagged to disconnect',
      { ...connected, ...removal },
      {},
      /it is connected, and its tag says disconnect/,
    ],
    ['is not connected and tagged to disconnect', { '': 'disconnect' }, {}, /it is not connected, .* says disconnect/],
    ['is disconnected', { ...removal, status: 'disconnected' }, {}, 'as it should be'],
    ['is being disconnected', { ...removal, status: 'disconnecting' }, running, 'running'],
    [
      'is being connected and tagged to disconnect',
      { ...removal, status: 'connecting', execution: executionArn },
      running,
      'running',
    ],
    [
      'was left behind by a disconnect',
      { ...removal, status: 'disconnecting' },
      ended('TIMED_OUT', 0),
      /disconnecting$/,
    ],
    ['could not be disconnected an hour ago', { ...removal, status: 'failed' }, ended('FAILED', 1), 'failed recently'],
    ['could not be disconnected earlier', { ...removal, status: 'failed' }, ended('FAILED', 7), /more than six hours/],
    [
      'could not be connected and is tagged to disconnect',
      { ...removal, status: 'failed', execution: executionArn },
      ended('FAILED', 1),
      'its last run failed, and its tag now says disconnect',
    ],
  ];
  const need = (verdict: string | RegExp) =>
    verdict === 'running'
      ? 'already has a run'
      : verdict === 'as it should be' || verdict === 'failed recently'
        ? 'needs no run'
        : 'needs a run';
  for (const [what, tags, executions = {}, verdict] of rules)
    it(`finds that a cluster that ${what} ${need(verdict)}`, async () => {
      const found = await sweepOne(tags, { executions });
      if (verdict instanceof RegExp) assert.match(found.verdict, verdict);
      else assert.equal(found.verdict, verdict);
      const starts = need(verdict) === 'needs a run';
      assert.equal(found.machine, starts ? machines[tags[''] as keyof typeof machines] : undefined);
      assert.deepEqual(found.input, starts ? { clusterArn } : undefined);
    });

  for (const foreign of [
    'me',
    executionArn.replace('-dev-', '-prod-'),
    executionArn.replace(accountId, '999999999999'),
  ])
    it(`does not read the execution ${foreign}, which is not a run of this deployment`, async () => {
      const { sweep, started, sfnMock } = sweeper([cluster({ ...connected, status: 'failed', execution: foreign })]);
      sfnMock.on(DescribeExecutionCommand).rejects(awsError('AccessDeniedException', 400));
      assert.deepEqual((await sweep()).failed, []);
      assert.equal(started().length, 1);
    });

  it('retries a cluster that failed recently if its secret has a newer version', async () => {
    const secrets = { [secretArn]: { 'version-1': ['AWSPREVIOUS'], 'version-2': ['AWSCURRENT'] } };
    const failed = { ...connected, status: 'failed' };
    assert.match((await sweepOne(failed, { executions: ended('FAILED', 1), secrets })).verdict, /secret has rotated/);
  });

  it('names the secret in use in the input of a verification if several are associated', async () => {
    const other = secretArn.replace('orders', 'billing');
    const secrets = { [other]: { 'version-9': ['AWSCURRENT'] }, [secretArn]: { 'version-1': ['AWSCURRENT'] } };
    const tags = { ...connected, 'verified-at': hoursAgo(25).toISOString() };
    assert.deepEqual((await sweepOne(tags, { secrets })).input, { clusterArn, secretArn });
  });

  it('counts what it found and did', async () => {
    const { sweep } = sweeper(
      [
        cluster({}, 'untagged'),
        cluster({ '': 'Connect' }, 'mistyped'),
        cluster({ status: 'connected' }, 'untagged-again'),
        { ClusterArn: arnOf('bare') },
        cluster(connected, 'well'),
        cluster({ ...connected, status: 'connecting' }, 'busy'),
        cluster(tagged, 'new'),
        cluster(removal, 'old'),
      ],
      { executions: running },
    );
    assert.deepEqual(await sweep(), {
      clusters: 8,
      tagged: 4,
      asItShouldBe: 1,
      failedRecently: 0,
      running: 1,
      started: [
        { clusterArn: arnOf('new'), action: 'connect', reason: 'it is not connected, and its tag says connect' },
        { clusterArn: arnOf('old'), action: 'disconnect', reason: 'it is not connected, and its tag says disconnect' },
      ],
      failed: [],
    });
  });

  it('reads all pages of clusters', async () => {
    const { sweep, msk } = sweeper([]);
    const page = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => cluster(connected, `c${from + index}`));
    msk
      .on(ListClustersV2Command, { NextToken: undefined })
      .resolves({ ClusterInfoList: page(0, 100), NextToken: 'a' })
      .on(ListClustersV2Command, { NextToken: 'a' })
      .resolves({ ClusterInfoList: page(100, 105) });
    const { clusters, asItShouldBe, failed } = await sweep();
    assert.deepEqual([clusters, asItShouldBe, failed], [105, 105, []]);
    assert.equal(msk.commandCalls(ListClustersV2Command)[0]?.args[0].input.MaxResults, 100);
  });

  it('examines at most ten clusters at once', async () => {
    const { sweep, msk } = sweeper(Array.from({ length: 35 }, (_, index) => cluster(connected, `c${index}`)));
    let [now, most] = [0, 0];
    msk.on(ListScramSecretsCommand).callsFake(async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return { SecretArnList: [secretArn] };
    });
    assert.equal((await sweep()).asItShouldBe, 35);
    assert.equal(most, 10);
  });

  it('reads nothing else of clusters that are not tagged', async () => {
    const { sweep, sfnMock, secretsMock, msk } = sweeper([cluster({ status: 'connecting', execution: executionArn })]);
    await sweep();
    assert.deepEqual([sfnMock, secretsMock, msk].flatMap(commandsOf), ['ListClustersV2']);
  });

  it('continues after clusters that it cannot examine or start a run for, and reports their errors', async () => {
    const { sweep, started, msk, sfnMock } = sweeper(
      [
        cluster({ ...connected, execution: `${executionArn}-x`, status: 'failed' }, 'unknown'),
        cluster(connected, 'secretless'),
        cluster(tagged, 'refused'),
        cluster(tagged, 'good'),
      ],
      { executions: running },
    );
    sfnMock
      .on(DescribeExecutionCommand)
      .rejects(awsError('AccessDeniedException', 400))
      .on(StartExecutionCommand, { input: JSON.stringify({ clusterArn: arnOf('refused') }) })
      .rejects(awsError('ExecutionLimitExceeded', 400));
    msk.on(ListScramSecretsCommand).rejects(awsError('ServiceUnavailableException', 503));
    const { failed, ...counts } = await sweep();
    assert.deepEqual(failed.map(({ clusterArn: arn }) => arn).sort(), ['refused', 'secretless', 'unknown'].map(arnOf));
    const errors = failed.map(({ error }) => error).join('\n');
    assert.match(errors, /states:DescribeExecution .*AccessDeniedException/);
    assert.match(errors, /kafka:ListScramSecrets .*503/);
    assert.match(errors, /states:StartExecution .*ExecutionLimitExceeded/);
    assert.deepEqual(
      counts.started.map(({ clusterArn: arn }) => arn),
      [arnOf('good')],
    );
    assert.ok(started().some(({ input }) => input === JSON.stringify({ clusterArn: arnOf('good') })));
  });

  it('fails if the clusters cannot be listed', async () => {
    const { sweep, msk } = sweeper([]);
    msk.on(ListClustersV2Command).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(sweep(), { name: 'AwsThrottled', message: /kafka:ListClustersV2/ });
  });
});

describe('The executions that a sweep starts', () => {
  const nameFor = async (tags: Record<string, string>, at = now, situation: Situation = {}, name = 'orders') => {
    const { sweep, started } = sweeper([cluster(tags, name)], situation);
    await sweep(at);
    return started()[0]?.name ?? 'none';
  };
  const left = { '': 'connect', status: 'connecting', execution: executionArn };

  it('have a name that Step Functions allows and that says where they come from', async () => {
    assert.match(await nameFor({ '': 'connect' }), /^sweep-connect-[0-9a-f]{32}$/);
    assert.match(await nameFor({ '': 'disconnect' }), /^sweep-disconnect-[0-9a-f]{32}$/);
  });

  it('have the same name in every sweep that finds the same work', async () => {
    const minutesLater = (minutes: number) => new Date(Date.parse(now) + minutes * 60_000).toISOString();
    for (const minutes of [0, 15, 345]) assert.equal(await nameFor(left, minutesLater(minutes)), await nameFor(left));
    // A run that ends before it writes its status must not block the next one for the 90 days that a name is kept.
    assert.notEqual(await nameFor(left, minutesLater(361)), await nameFor(left));
  });

  it('have another name as soon as a run has changed what the sweep finds', async () => {
    const old = { ...connected, 'verified-at': hoursAgo(30).toISOString() };
    const different: Record<string, string>[] = [
      { '': 'connect' },
      { '': 'disconnect' },
      left,
      { ...left, execution: `${executionArn}-2` },
      { ...left, status: 'failed' },
      old,
      { ...old, 'verified-at': hoursAgo(29).toISOString() },
      { ...old, execution: `${executionArn}-2` },
    ];
    const names = await Promise.all(different.map((tags) => nameFor(tags)));
    const others = [await nameFor(left, now, {}, 'payroll')];
    for (const version of ['version-2', 'version-3'])
      others.push(await nameFor(connected, now, { secrets: { [secretArn]: { [version]: ['AWSCURRENT'] } } }));
    assert.ok(!names.includes('none') && !others.includes('none'));
    assert.equal(new Set([...names, ...others]).size, different.length + 3);
  });

  it('count as running if another sweep has started them', async () => {
    const { sweep, sfnMock } = sweeper([cluster({ '': 'connect' })]);
    sfnMock.on(StartExecutionCommand).rejects(awsError('ExecutionAlreadyExists', 400));
    const { running, started, failed } = await sweep();
    assert.deepEqual([running, started, failed], [1, [], []]);
  });
});

describe('A sweep that examines the SCRAM secret', () => {
  const rotated = { 'version-2': ['AWSCURRENT'], 'version-1': ['AWSPREVIOUS'] };
  const same = { 'version-1': ['AWSCURRENT'], 'version-0': ['AWSPREVIOUS'] };
  const secretArns = ['one', 'two', 'three'].map((name) => secretArn.replace('orders', name)) as [
    string,
    string,
    string,
  ];
  const secrets = (...stages: Record<string, string[]>[]) =>
    Object.fromEntries(stages.map((versions, index) => [secretArns[index], versions]));

  it('starts a run if the current version is not the recorded one', async () => {
    const { verdict, machine, input } = await sweepOne(connected, { secrets: { [secretArn]: rotated } });
    assert.equal(verdict, 'its SCRAM secret has rotated');
    assert.equal(machine, machines.connect);
    assert.deepEqual(input, { clusterArn });
  });

  it('starts a run if the secret has rotated so often that the recorded version no longer exists', async () => {
    const { verdict } = await sweepOne(connected, { secrets: { [secretArn]: { 'version-9': ['AWSCURRENT'] } } });
    assert.equal(verdict, 'its SCRAM secret has rotated');
  });

  it('ignores a version that is only pending', async () => {
    const pending = { ...same, 'version-2': ['AWSPENDING'] };
    assert.equal((await sweepOne(connected, { secrets: { [secretArn]: pending } })).verdict, 'as it should be');
  });

  it('reads only the versions, never the value', async () => {
    const { sweep, secretsMock } = sweeper([cluster(connected)], { secrets: { [secretArn]: rotated } });
    await sweep();
    assert.deepEqual(commandsOf(secretsMock), ['DescribeSecret']);
  });

  it('reads no secret if no version is recorded', async () => {
    const { 'secret-version': _, ...unrecorded } = connected;
    const { sweep, msk, secretsMock } = sweeper([cluster(unrecorded)], { secrets: { [secretArn]: rotated } });
    assert.equal((await sweep()).asItShouldBe, 1);
    assert.deepEqual([...commandsOf(msk), ...commandsOf(secretsMock)], ['ListClustersV2']);
  });

  it('finds the secret in use among several, and names it in the input of the run', async () => {
    const several = secrets({ 'other-1': ['AWSCURRENT'] }, rotated, { 'other-2': ['AWSCURRENT'] });
    const { verdict, input } = await sweepOne(connected, { secrets: several });
    assert.equal(verdict, 'its SCRAM secret has rotated');
    assert.deepEqual(input, { clusterArn, secretArn: secretArns[1] });
  });

  it('starts no run if the secret in use is current or cannot be determined', async () => {
    for (const mine of [same, { 'version-9': ['AWSCURRENT'] }]) {
      const several = secrets({ 'other-1': ['AWSCURRENT'] }, mine);
      assert.equal((await sweepOne(connected, { secrets: several })).verdict, 'as it should be');
    }
  });

  it('reads at most ten secrets', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`${secretArn}${index}`, { 'other-1': ['AWSCURRENT'] }]),
    );
    const { sweep, secretsMock } = sweeper([cluster(connected)], { secrets: many });
    await sweep();
    assert.equal(commandsOf(secretsMock).length, 10);
  });

  it('reads only the secret that the tag names, whatever else is associated', async () => {
    const { sweep, secretsMock, msk } = sweeper([cluster({ ...connected, 'secret-arn': secretArns[1] })], {
      secrets: secrets(rotated, same, rotated),
    });
    assert.equal((await sweep()).asItShouldBe, 1);
    assert.deepEqual([...commandsOf(msk), ...commandsOf(secretsMock)], ['ListClustersV2', 'DescribeSecret']);
  });

  it('never passes the secret of a tag on as input: a run may associate a secret that its input names', async () => {
    const tags = { ...connected, 'secret-arn': secretArns[0], 'secret-version': 'made-up' };
    const { verdict, input } = await sweepOne(tags, { secrets: secrets(same) });
    assert.equal(verdict, 'its SCRAM secret has rotated');
    assert.deepEqual(input, { clusterArn });
  });
});
