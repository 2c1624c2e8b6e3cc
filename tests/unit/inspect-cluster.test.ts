import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClientAuthentication,
  type Cluster,
  DescribeClusterV2Command,
  ListScramSecretsCommand,
} from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type InspectClusterInput, inspectCluster } from '../../functions/inspect-cluster/inspect-cluster.ts';
import { awsError, cluster, commandsOf, fakeMsk, provisioned } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import {
  before,
  byRole,
  clusterArn,
  deadline,
  executionArn,
  later,
  login,
  now,
  request,
  secretArn,
  taskInput,
  wait,
} from '../fixtures/request.ts';

/** What an earlier visit of the state has found. */
const visited = { deadline: later, slowdown: 1 };

async function inspector(t: Test, found: Cluster, holder = executionArn) {
  const { client, msk } = fakeMsk();
  const { registry, whole } = await heldRegistry(t, { status: 'connecting' }, holder);
  msk.on(DescribeClusterV2Command, { ClusterArn: clusterArn }).resolves({ ClusterInfo: found });
  msk.on(ListScramSecretsCommand).resolves({ SecretArnList: [secretArn] });
  const inspect = (run: Partial<z.infer<typeof InspectClusterInput>['run']> = {}) =>
    inspectCluster(taskInput({ request: request(), ...run }), { msk: client, registry, wait });
  return { msk, inspect, whole, inspectAt: (end: string) => inspect({ cluster: { ...visited, deadline: end } }) };
}

const brokers = { ClientSubnets: [], InstanceType: 'kafka.m7g.large' };

describe('InspectCluster', () => {
  it('returns everything that later states read of an ACTIVE cluster, and sets the deadline', async (t) => {
    const { details, ...rest } = await (await inspector(t, cluster())).inspect();
    const { fingerprint, ...found } = details;
    assert.match(fingerprint, /^[\da-f]{16}$/);
    assert.deepEqual(
      { ...rest, details: found },
      {
        isSettled: true,
        privateConnectivity: { scram: true, iam: false },
        isPlanned: false,
        deadline,
        pollSeconds: 20,
        slowdown: 1,
        details: {
          clusterType: 'PROVISIONED',
          kafkaVersion: '3.6.0',
          instanceType: 'kafka.m7g.large',
          isScramOn: true,
          isIamOn: false,
          isUnauthenticatedOn: false,
          clientBroker: 'TLS',
          configurationArn: 'arn:aws:kafka:us-east-1:111122223333:configuration/strict/1-2-3-4',
          configurationRevision: 2,
          scramSecretArns: [secretArn],
          triggerTag: null,
          securityGroups: ['sg-0a1b', 'sg-0c2d'],
          zoneIds: ['use1-az1', 'use1-az2'],
        },
      },
    );
  });

  it('ends at the deadline if MSK still reports an ACTIVE cluster as busy', async (t) => {
    const clusterBusy = { Error: 'ClusterBusy' };
    const { inspect } = await inspector(t, cluster());
    await assert.rejects(inspect({ cluster: { ...visited, deadline: before }, clusterBusy }), {
      name: 'WaitTimedOut',
      message: /^MSK still reports the ACTIVE cluster as busy, and the deadline/,
    });
    assert.equal((await inspect({ cluster: visited, clusterBusy })).isSettled, true);
  });

  it('polls later if AWS has throttled this poll, and then gradually faster', async (t) => {
    const { inspect, msk } = await inspector(t, cluster());
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: cluster(), $metadata: { attempts: 2 } });
    const { pollSeconds, slowdown } = await inspect();
    assert.deepEqual([pollSeconds, slowdown], [40, 2]);
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: cluster(), $metadata: { attempts: 1 } });
    assert.equal((await inspect({ cluster: { ...visited, slowdown } })).slowdown, 1.9);
  });

  it('has another fingerprint as soon as a secret or a setting differs, in whatever order MSK lists the secrets', async (t) => {
    const fingerprintWith = async (found: Cluster, ...SecretArnList: string[]) => {
      const { inspect, msk } = await inspector(t, found);
      msk.on(ListScramSecretsCommand).resolves({ SecretArnList });
      return (await inspect()).details.fingerprint;
    };
    const before = await fingerprintWith(cluster(), 'a', 'b');
    assert.equal(await fingerprintWith(cluster(), 'b', 'a'), before);
    const open = provisioned({
      ClientAuthentication: { Sasl: { Scram: { Enabled: true } }, Unauthenticated: { Enabled: true } },
    });
    for (const other of [
      await fingerprintWith(cluster(), 'a'),
      await fingerprintWith(cluster(), 'a', 'c'),
      await fingerprintWith(cluster({ Provisioned: open }), 'a', 'b'),
    ])
      assert.notEqual(other, before);
  });

  it('is planned only while the cluster is as CheckPrerequisites found it', async (t) => {
    const { inspect } = await inspector(t, cluster());
    const { fingerprint } = (await inspect()).details;
    for (const [plannedFor, isPlanned] of [
      [fingerprint, true],
      ['0123456789abcdef', false],
    ] as const)
      assert.equal((await inspect({ plan: { plannedFor, login } })).isPlanned, isPlanned);
  });

  it('has the whole time for the reboot after a wait for the reboot window, and checks everything again', async (t) => {
    const off = provisioned({ BrokerNodeGroupInfo: brokers });
    const { inspect } = await inspector(t, cluster({ Provisioned: off }));
    const { details } = await inspect();
    const plan = { plannedFor: details.fingerprint, login };
    const passed = { ...visited, deadline: before };
    const connectivity = { isWaiting: true, waitUntil: now };
    const found = await inspect({ cluster: passed, plan, connectivity });
    assert.deepEqual([found.deadline, found.isPlanned], [deadline, false]);
    // The deadline does not move with later visits, and when the update is requested, it stays.
    const visit = { ...visited, deadline: found.deadline };
    const requested = await inspect({ cluster: visit, plan, connectivity: { isWaiting: false } });
    assert.deepEqual([requested.deadline, requested.isPlanned], [deadline, true]);
  });

  it('polls half as often if the cluster is ACTIVE and its connectivity still off', async (t) => {
    const off = cluster({ Provisioned: provisioned({ BrokerNodeGroupInfo: brokers }) });
    assert.equal((await (await inspector(t, off)).inspect()).pollSeconds, 40);
  });

  it('has the same fingerprint whatever the network is: no prerequisite depends on it', async (t) => {
    const fingerprintWith = async (...SecurityGroups: string[]) => {
      const BrokerNodeGroupInfo = { ...provisioned({}).BrokerNodeGroupInfo, ...brokers, SecurityGroups };
      const { inspect } = await inspector(t, cluster({ Provisioned: provisioned({ BrokerNodeGroupInfo }) }));
      return (await inspect()).details.fingerprint;
    };
    assert.equal(await fingerprintWith('sg-1'), await fingerprintWith('sg-2'));
  });

  it('reads all pages of SCRAM secrets', async (t) => {
    const { inspect, msk } = await inspector(t, cluster());
    msk
      .on(ListScramSecretsCommand)
      .resolvesOnce({ SecretArnList: ['a', 'b'], NextToken: 'next' })
      .resolvesOnce({ SecretArnList: ['c'] });
    assert.deepEqual((await inspect()).details.scramSecretArns, ['a', 'b', 'c']);
    assert.equal(msk.commandCalls(ListScramSecretsCommand)[1]?.args[0].input.NextToken, 'next');
  });

  it('reads a serverless cluster, about which MSK says nothing else', async (t) => {
    const { inspect, msk } = await inspector(t, { ClusterArn: clusterArn, ClusterType: 'SERVERLESS', State: 'ACTIVE' });
    const { isSettled, privateConnectivity, details } = await inspect();
    assert.deepEqual([isSettled, privateConnectivity], [true, { scram: false, iam: false }]);
    const { fingerprint: _, ...found } = details;
    assert.deepEqual(found, {
      clusterType: 'SERVERLESS',
      kafkaVersion: null,
      instanceType: null,
      isScramOn: false,
      isIamOn: false,
      isUnauthenticatedOn: false,
      clientBroker: null,
      configurationArn: null,
      configurationRevision: null,
      scramSecretArns: [],
      triggerTag: null,
      securityGroups: [],
      zoneIds: [],
    });
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  const authentications: [what: string, ClientAuthentication: ClientAuthentication | undefined, isOpen: boolean][] = [
    ['none', undefined, true],
    ['an empty one', {}, true],
    ['only schemes that are off', { Sasl: { Scram: { Enabled: false }, Iam: { Enabled: false } } }, true],
    ['IAM', { Sasl: { Iam: { Enabled: true } } }, false],
    ['TLS', { Tls: { Enabled: true } }, false],
    ['TLS and unauthenticated access', { Tls: { Enabled: true }, Unauthenticated: { Enabled: true } }, true],
    ['unauthenticated access that is off', { Unauthenticated: { Enabled: false } }, false],
  ];
  for (const [what, ClientAuthentication, isOpen] of authentications)
    it(`reads unauthenticated access as ${isOpen ? 'on' : 'off'} if MSK shows ${what}`, async (t) => {
      const found = cluster({ Provisioned: { ...provisioned({}), ClientAuthentication } });
      const { inspect } = await inspector(t, found);
      const { isUnauthenticatedOn, isScramOn } = (await inspect()).details;
      assert.deepEqual([isUnauthenticatedOn, isScramOn], [isOpen, false]);
    });

  it('lists no SCRAM secrets for AWS_MSK_IAM', async (t) => {
    const { inspect, msk } = await inspector(t, cluster());
    assert.deepEqual((await inspect({ request: request({ mechanism: 'AWS_MSK_IAM' }) })).details.scramSecretArns, []);
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  it('has another fingerprint if IAM is on, or if the trigger tag differs', async (t) => {
    const fingerprintOf = async (found: Cluster) => (await (await inspector(t, found)).inspect()).details.fingerprint;
    const withIam = provisioned({
      ClientAuthentication: { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } } },
    });
    const before = await fingerprintOf(cluster());
    assert.notEqual(await fingerprintOf(cluster({ Provisioned: withIam })), before);
    assert.notEqual(await fingerprintOf(cluster({ Tags: { 'atlas-streaming': 'connect' } })), before);
  });

  it('waits for the scheme of the planned connection', async (t) => {
    const plan = { plannedFor: '', login: byRole };
    const { inspect } = await inspector(t, cluster());
    assert.equal((await inspect({ plan })).pollSeconds, 40);
    await assert.rejects(inspect({ plan, cluster: { ...visited, deadline: before } }), { name: 'WaitTimedOut' });
  });

  it('tells the schemes of connectivity apart', async (t) => {
    const BrokerNodeGroupInfo = {
      ...brokers,
      ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } } },
    };
    const found = cluster({ Provisioned: provisioned({ BrokerNodeGroupInfo }) });
    assert.deepEqual((await (await inspector(t, found)).inspect()).privateConnectivity, { scram: false, iam: true });
  });

  for (const State of [
    'CREATING',
    'UPDATING',
    'HEALING',
    'MAINTENANCE',
    'REBOOTING_BROKER',
    'SOMETHING_NEW',
    undefined,
  ])
    it(`waits while the cluster is ${State}, until the deadline`, async (t) => {
      const { inspect, inspectAt, msk } = await inspector(t, cluster({ State } as Cluster));
      assert.equal((await inspect()).isSettled, false);
      assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
      await assert.rejects(inspectAt(before), {
        name: 'WaitTimedOut',
        message: new RegExp(`is still ${State ?? 'unknown'}, and the deadline of this wait \\(${before}\\) has passed`),
      });
    });

  it('waits until exactly the deadline', async (t) => {
    const { inspectAt } = await inspector(t, cluster({ State: 'UPDATING' }));
    assert.equal((await inspectAt(now)).isSettled, false);
  });

  it('continues after the deadline if the cluster is ready', async (t) => {
    const { inspectAt } = await inspector(t, cluster());
    assert.equal((await inspectAt(before)).isSettled, true);
  });

  it('keeps the deadline even if MSK reports the update as complete and connectivity stays off', async (t) => {
    const { inspect, inspectAt } = await inspector(
      t,
      cluster({ Provisioned: provisioned({ BrokerNodeGroupInfo: brokers }) }),
    );
    assert.equal((await inspect()).isSettled, true);
    await assert.rejects(inspectAt(before), { name: 'WaitTimedOut', message: /private connectivity.*still off/ });
  });

  for (const [State, remedy] of [
    ['FAILED', 'Check the cluster in the MSK console\\. .* ask AWS Support\\.'],
    ['DELETING', 'When it is deleted, the sweep disconnects it, .* Each connect with this ARN fails\\.'],
  ] as const)
    it(`ends the run if the cluster is ${State}, with MSK's reason`, async (t) => {
      const { inspect } = await inspector(t, cluster({ State, StateInfo: { Message: 'No KMS key.' } }));
      await assert.rejects(inspect(), {
        name: 'ClusterUnusable',
        message: RegExp(`^Cluster ${clusterArn} is ${State} \\("No KMS key\\."\\); it must be ACTIVE\\. ${remedy}$`),
      });
    });

  it('ends the run if the cluster does not exist', async (t) => {
    const { inspect, msk } = await inspector(t, cluster());
    msk.on(DescribeClusterV2Command).rejects(awsError('NotFoundException', 404));
    await assert.rejects(inspect(), { name: 'ClusterUnusable', message: /does not exist/ });
  });
});

describe('InspectCluster reads the tag again:', () => {
  const tagged = (value?: string) => cluster(value === undefined ? {} : { Tags: { 'atlas-streaming': value } });
  const cases: [what: string, value: string | undefined, endsOnUntag: boolean, reason: RegExp | undefined][] = [
    ['connect', 'connect', true, undefined],
    ['disconnect', 'disconnect', false, /^The tag atlas-streaming of arn:.* is "disconnect" now\. This run stops here/],
    ['disconnect', 'disconnect', true, /is "disconnect" now/],
    ['removed', undefined, false, undefined],
    ['removed', undefined, true, /^The tag atlas-streaming of arn:.* was removed\./],
    ['something else', 'Connect', false, undefined],
    ['something else', 'Connect', true, /is "Connect" now/],
  ];
  for (const [what, value, endsOnUntag, reason] of cases)
    it(`a run ${endsOnUntag ? 'that ends on untag ' : ''}${reason ? 'gives the cluster back and ends' : 'goes on'} if the tag is ${what}`, async (t) => {
      const { inspect, whole } = await inspector(t, tagged(value));
      const inspected = inspect({ request: request({ endsOnUntag }) });
      if (!reason) return assert.equal((await inspected).isSettled, true);
      await assert.rejects(inspected, { name: 'NoLongerWanted', message: reason });
      assert.deepEqual(await whole(), { clusterArn, lastExecution: executionArn });
      // The answer may have been lost.
      await assert.rejects(inspect({ request: request({ endsOnUntag }) }), { name: 'NoLongerWanted' });
    });

  it('also while the cluster is busy, or about to fail', async (t) => {
    for (const State of ['UPDATING', 'FAILED'] as const) {
      const { inspect } = await inspector(t, { ...tagged('disconnect'), State });
      await assert.rejects(inspect(), { name: 'NoLongerWanted' });
    }
  });

  it('a dry run does not depend on the tag', async (t) => {
    const { inspect } = await inspector(t, tagged('disconnect'), takenOverBy);
    assert.equal((await inspect({ request: request({ dryRun: true }) })).isSettled, true);
  });

  it('a run that another execution has taken over from gives nothing back', async (t) => {
    const { inspect, whole } = await inspector(t, tagged('disconnect'), takenOverBy);
    await assert.rejects(inspect(), { name: 'ClaimLost' });
    assert.equal((await whole()).holder, takenOverBy);
  });
});
