import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Cluster,
  DescribeClusterOperationV2Command,
  DescribeClusterV2Command,
  TagResourceCommand,
  UpdateConnectivityCommand,
  type VpcConnectivityClientAuthentication,
} from '@aws-sdk/client-kafka';
import { enablePrivateConnectivity } from '../../functions/enable-private-connectivity/enable-private-connectivity.ts';
import type { Login } from '../../shared/login.ts';
import { awsError, cluster, commandsOf, fakeMsk, provisioned } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import { before, byRole, clusterArn, now, request, taskInput, login as withSecret } from '../fixtures/request.ts';

const operationArn = 'arn:aws:kafka:us-east-1:111122223333:cluster-operation/orders/1/2';

type Connectivity = Awaited<ReturnType<typeof enablePrivateConnectivity>>;
const updated: Connectivity = { isWaiting: false, operationArn, result: 'updated' };
const unchanged: Connectivity = { isWaiting: false, operationArn: '', result: 'unchanged' };

/** An ACTIVE cluster with public access and these schemes of multi-VPC connectivity. */
const withSchemes = (ClientAuthentication?: VpcConnectivityClientAuthentication): Cluster =>
  cluster({
    Provisioned: provisioned({
      BrokerNodeGroupInfo: {
        ClientSubnets: [],
        InstanceType: 'kafka.m7g.large',
        ConnectivityInfo: {
          PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' },
          ...(ClientAuthentication && { VpcConnectivity: { ClientAuthentication } }),
        },
      },
    }),
  });

/** Runs the state on a cluster that MSK first shows as `found` and then as `later`. */
async function enabler(
  t: Test,
  found: Cluster = withSchemes(),
  later: Cluster = found,
  {
    turnedOn,
    holder,
    login = withSecret,
    rebootWindow = null,
    startedAt = now,
  }: { turnedOn?: string; holder?: string; login?: Login; rebootWindow?: string | null; startedAt?: string } = {},
) {
  const { registry, record } = await heldRegistry(t, turnedOn === undefined ? {} : { turnedOn }, holder);
  const { client, msk } = fakeMsk();
  msk
    .on(DescribeClusterV2Command, { ClusterArn: clusterArn })
    .resolvesOnce({ ClusterInfo: found })
    .resolves({ ClusterInfo: later });
  msk.on(UpdateConnectivityCommand).resolves({ ClusterOperationArn: operationArn });
  const enable = (connectivity?: Connectivity) =>
    enablePrivateConnectivity(
      taskInput({
        startedAt,
        request: request({ rebootWindow }),
        plan: { login },
        ...(connectivity && { connectivity }),
      }),
      {
        msk: client,
        registry,
      },
    );
  msk.on(TagResourceCommand).resolves({});
  return { msk, enable, record, turnedOn: async () => (await record()).turnedOn };
}

describe('EnablePrivateConnectivity', () => {
  const unionsWithIam: [what: string, on: VpcConnectivityClientAuthentication | undefined, sent: object][] = [
    ['turns on IAM alone', undefined, { Sasl: { Iam: { Enabled: true } } }],
    [
      'turns on IAM and keeps SCRAM and TLS on',
      { Sasl: { Scram: { Enabled: true } }, Tls: { Enabled: true } },
      { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } }, Tls: { Enabled: true } },
    ],
  ];
  for (const [what, on, sent] of unionsWithIam)
    it(`${what} for a connection that logs in as a role`, async (t) => {
      const { msk, enable } = await enabler(t, withSchemes(on), undefined, { login: byRole });
      assert.deepEqual(await enable(), { isWaiting: false, operationArn, result: 'updated' });
      assert.deepEqual(msk.commandCalls(UpdateConnectivityCommand)[0]?.args[0].input.ConnectivityInfo, {
        VpcConnectivity: { ClientAuthentication: sent },
      });
    });

  const unions: [what: string, on: VpcConnectivityClientAuthentication | undefined, sent: object][] = [
    ['turns on SCRAM', undefined, { Sasl: { Scram: { Enabled: true } } }],
    [
      'turns on SCRAM if all schemes are off',
      { Sasl: { Scram: { Enabled: false }, Iam: { Enabled: false } }, Tls: { Enabled: false } },
      { Sasl: { Scram: { Enabled: true } } },
    ],
    [
      'turns on SCRAM and keeps IAM on',
      { Sasl: { Iam: { Enabled: true } }, Tls: { Enabled: false } },
      { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } } },
    ],
    [
      'turns on SCRAM and keeps TLS on',
      { Tls: { Enabled: true } },
      { Sasl: { Scram: { Enabled: true } }, Tls: { Enabled: true } },
    ],
    [
      'turns on SCRAM and keeps IAM and TLS on',
      { Sasl: { Iam: { Enabled: true } }, Tls: { Enabled: true } },
      { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } }, Tls: { Enabled: true } },
    ],
  ];
  for (const [what, on, ClientAuthentication] of unions)
    it(`${what}, with the version that it read, and leaves out public access`, async (t) => {
      const { enable, msk } = await enabler(t, withSchemes(on));
      assert.deepEqual(await enable(), updated);
      assert.deepEqual(msk.commandCalls(UpdateConnectivityCommand)[0]?.args[0].input, {
        ClusterArn: clusterArn,
        CurrentVersion: 'K3AEGXETSR30VB',
        ConnectivityInfo: { VpcConnectivity: { ClientAuthentication } },
      });
    });

  it('requests nothing if SCRAM is already on', async (t) => {
    const { enable, msk } = await enabler(t, withSchemes({ Sasl: { Scram: { Enabled: true } } }));
    assert.deepEqual(await enable(), unchanged);
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  it("requests nothing while another party's update is under way", async (t) => {
    const { enable, msk } = await enabler(t, { ...withSchemes(), State: 'UPDATING' });
    assert.deepEqual(await enable(), unchanged);
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  const raced: [what: string, later: Cluster, text: string][] = [
    [
      'has turned it on',
      { ...withSchemes({ Sasl: { Scram: { Enabled: true } } }), CurrentVersion: 'K2' },
      'The specified parameter value is identical to the current value for the cluster. Specify a different value.',
    ],
    [
      'has begun an update',
      { ...withSchemes(), State: 'UPDATING', CurrentVersion: 'K2' },
      "You can't perform this operation while the cluster isn't in the ACTIVE state.",
    ],
  ];
  for (const [what, later, text] of raced)
    it(`requests nothing more if MSK refuses because another party ${what}`, async (t) => {
      const { enable, msk } = await enabler(t, withSchemes(), later);
      msk.on(UpdateConnectivityCommand).rejects(awsError('BadRequestException', 400, text));
      assert.deepEqual(await enable(), unchanged);
      assert.deepEqual(commandsOf(msk), ['DescribeClusterV2', 'UpdateConnectivity', 'DescribeClusterV2']);
    });

  it('lets the machine retry if the cluster has a newer version, whatever AWS says', async (t) => {
    const { enable, msk } = await enabler(t, withSchemes(), { ...withSchemes(), CurrentVersion: 'K2' });
    msk.on(UpdateConnectivityCommand).rejects(awsError('ConflictOfSomeKind', 400, 'Look again.'));
    await assert.rejects(enable(), {
      name: 'VersionConflict',
      message: /Another writer changed the cluster \("Look again\."\)/,
    });
  });

  it('lets the machine retry if MSK says that the version is stale but does not show the newer one yet', async (t) => {
    const { enable, msk } = await enabler(t);
    const text = "The version of the cluster isn't current. Check the current version and try again.";
    msk.on(UpdateConnectivityCommand).rejects(awsError('BadRequestException', 400, text));
    await assert.rejects(enable(), { name: 'VersionConflict', message: new RegExp(text) });
  });

  it('ends the run if MSK refuses and the cluster has not changed', async (t) => {
    const { enable, msk } = await enabler(t);
    msk.on(UpdateConnectivityCommand).rejects(awsError('BadRequestException', 400, 'Not with this broker type.'));
    await assert.rejects(enable(), { name: 'AwsRefused', message: /UpdateConnectivity.*Not with this broker type/ });
  });

  it('lets the machine retry if MSK fails, without reading the cluster again', async (t) => {
    const { enable, msk } = await enabler(t);
    msk.on(UpdateConnectivityCommand).rejects(awsError('ServiceUnavailableException', 503));
    await assert.rejects(enable(), { name: 'AwsUnavailable' });
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2', 'UpdateConnectivity']);
  });

  for (const OperationState of ['PENDING', 'UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'])
    it(`requests nothing more if its own update is ${OperationState}`, async (t) => {
      const { enable, msk } = await enabler(t);
      msk.on(DescribeClusterOperationV2Command).resolves({ ClusterOperationInfo: { OperationState } });
      assert.deepEqual(await enable(updated), updated);
      assert.deepEqual(commandsOf(msk), ['DescribeClusterOperationV2']);
    });

  it("ends the run if its own update is UPDATE_FAILED, with MSK's reason", async (t) => {
    const { enable, msk } = await enabler(t);
    const ErrorInfo = { ErrorCode: 'InvalidConfiguration', ErrorString: 'ACLs are open.' };
    msk
      .on(DescribeClusterOperationV2Command, { ClusterOperationArn: operationArn })
      .resolves({ ClusterOperationInfo: { OperationState: 'UPDATE_FAILED', ErrorInfo } });
    await assert.rejects(enable(updated), {
      name: 'ClusterUpdateFailed',
      message: /\(InvalidConfiguration: "ACLs are open\."\), in operation arn:.*cluster-operation/,
    });
  });
});

describe('EnablePrivateConnectivity and the registry:', () => {
  it('an execution that has lost its claim turns nothing on', async (t) => {
    const { enable, msk } = await enabler(t, withSchemes(), withSchemes(), { holder: takenOverBy });
    await assert.rejects(enable(), { name: 'ClaimLost' });
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  it('the time is recorded before the request', async (t) => {
    const { enable, msk, turnedOn } = await enabler(t);
    const recordedBefore: unknown[] = [];
    msk.on(UpdateConnectivityCommand).callsFake(async () => {
      recordedBefore.push(await turnedOn());
      return { ClusterOperationArn: operationArn };
    });
    assert.deepEqual(await enable(), updated);
    assert.deepEqual(recordedBefore, [now]);
    assert.equal(await turnedOn(), now);
  });

  it('the time stays if the answer is lost, because the update may be under way', async (t) => {
    const { enable, msk, turnedOn } = await enabler(t);
    msk.on(UpdateConnectivityCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(enable(), { name: 'AwsUnavailable' });
    assert.equal(await turnedOn(), now);
  });

  const busy = { ...withSchemes(), State: 'UPDATING' as const };
  const refusal = awsError('BadRequestException', 400, "You can't perform this operation.");

  it('a refusal leaves what was recorded before, because nothing was turned on', async (t) => {
    for (const [later, earlier] of [
      [busy, undefined],
      [withSchemes(), undefined],
      [busy, before],
    ] as const) {
      const situation = earlier === undefined ? {} : { turnedOn: earlier };
      const { enable, msk, turnedOn } = await enabler(t, withSchemes(), later, situation);
      msk.on(UpdateConnectivityCommand).rejects(refusal);
      await enable().then(
        (result) => assert.deepEqual([result, later], [unchanged, busy]),
        (error: Error) => assert.equal(error.name, 'AwsRefused'),
      );
      assert.equal(await turnedOn(), earlier);
    }
  });

  it('a refusal of a call that the SDK has repeated is unclear, so the update may be ours', async (t) => {
    const { enable, msk, turnedOn } = await enabler(t, withSchemes(), busy);
    msk
      .on(UpdateConnectivityCommand)
      .rejects(
        Object.assign(awsError('BadRequestException', 400), { $metadata: { httpStatusCode: 400, attempts: 2 } }),
      );
    assert.deepEqual(await enable(), { isWaiting: false, operationArn: '', result: 'updated' });
    assert.equal(await turnedOn(), now);
  });
});

describe('EnablePrivateConnectivity and the reboot window:', () => {
  const closed = { rebootWindow: 'Sat 02:00-06:00 UTC' };
  const detail = 'Waits for the reboot window Sat 02:00-06:00 UTC, which opens 2026-11-28T02:00:00Z';

  it('outside of it, nothing is requested, and the registry and the tags say when it opens', async (t) => {
    const { msk, enable, record, turnedOn } = await enabler(t, undefined, undefined, closed);
    assert.deepEqual(await enable(), {
      isWaiting: true,
      operationArn: '',
      result: 'unchanged',
      waitUntil: '2026-11-28T02:00:00Z',
      waitSeconds: (4 * 24 + 14) * 3600,
    });
    assert.equal((await record()).detail, detail);
    assert.equal(await turnedOn(), undefined);
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2', 'TagResource']);
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags, {
      'atlas-streaming/status': 'connecting',
      'atlas-streaming/detail': 'Waits for the reboot window Sat 02-00-06-00 UTC which opens 2026-11-28T02-00-00Z',
      'atlas-streaming/execution': 'connect/run-1',
    });
  });

  it('when it is open, the brokers reboot, also after a wait', async (t) => {
    const { enable } = await enabler(t, undefined, undefined, { rebootWindow: 'Mon 12:00-13:00 UTC' });
    const waited = { isWaiting: true, operationArn: '', result: 'unchanged', waitUntil: now, waitSeconds: 60 } as const;
    assert.deepEqual(await enable(waited), updated);
  });

  it('when it opens, the record and the tags no longer say that the run waits', async (t) => {
    const { enable, msk, record } = await enabler(t, undefined, undefined, { rebootWindow: 'Mon 12:00-13:00 UTC' });
    await enable();
    const { detail: said } = await record();
    assert.match(String(said), /^MSK reboots the brokers/);
    assert.equal(msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags?.['atlas-streaming/detail'], said);
  });

  it('a run waits for no window that opens after the time that the machine has for it, and says so', async (t) => {
    // The brokers were busy in the first window, and the second is nine days after the start.
    const { enable, msk } = await enabler(t, undefined, undefined, {
      ...closed,
      startedAt: '2026-11-19T01:00:00.000Z',
    });
    await assert.rejects(enable(), {
      name: 'WaitTimedOut',
      message: /reboot window Sat 02:00-06:00 UTC.*opens 2026-11-28T02:00:00Z.*Start a new execution/,
    });
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });

  it('what another party has turned on, or is changing, needs no window', async (t) => {
    for (const found of [
      withSchemes({ Sasl: { Scram: { Enabled: true } } }),
      cluster({
        State: 'UPDATING',
        Provisioned: provisioned({ BrokerNodeGroupInfo: { ClientSubnets: [], InstanceType: 'kafka.m7g.large' } }),
      }),
    ]) {
      const { enable } = await enabler(t, found, undefined, closed);
      assert.deepEqual(await enable(), unchanged);
    }
  });

  it('an execution that no longer holds the cluster writes nothing', async (t) => {
    const { msk, enable } = await enabler(t, undefined, undefined, { ...closed, holder: takenOverBy });
    await assert.rejects(enable(), { name: 'ClaimLost' });
    assert.deepEqual(commandsOf(msk), ['DescribeClusterV2']);
  });
});
