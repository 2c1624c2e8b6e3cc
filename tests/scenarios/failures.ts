import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { defaultPlace, type WorldSeed } from '../../emulators/world.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  disconnectByTag,
  failFunction,
  faultAt,
  privateConnectivityIsOn as isOn,
  recordOf,
  startOwnCloud,
} from './local-cloud.ts';
import { onlyOnce, scramOnly } from './way.ts';

interface Failure {
  /** What is wrong: completes "if …". */
  when: string;
  /** The Task that fails. */
  at: string;
  world?: WorldSeed;
  prepare?: (cloud: Cloud) => void;
  input?: (cloud: Cloud) => object;
  error: string;
  /** What the Cause must match. */
  says: RegExp;
  isScramOnly?: true;
}

const failures: Failure[] = [
  {
    when: 'the cluster has failed',
    at: 'InspectCluster',
    world: { cluster: { state: 'FAILED' } },
    error: 'ClusterUnusable',
    says: /is FAILED; it must be ACTIVE/,
  },
  {
    when: 'the cluster is being deleted',
    at: 'InspectCluster',
    world: { cluster: { state: 'DELETING' } },
    error: 'ClusterUnusable',
    says: /is DELETING; it must be ACTIVE\. When it is deleted, .* Each connect with this ARN fails\.\nNothing was changed\.\nCluster: .*\nExecution: .*\nDon't use Redrive: .* fails again\.$/,
  },
  {
    when: 'the cluster is serverless',
    at: 'CheckPrerequisites',
    world: { cluster: { clusterType: 'SERVERLESS' } },
    error: 'PrerequisitesNotMet',
    says: /is MSK Serverless, which .* Use another cluster, and remove the tag:\n {2}aws kafka untag-resource .*\nUntil then, .* fails\.\nNothing was changed\.\nCluster: .*\nExecution: .*\nDon't use Redrive: .* fails again\.$/,
  },
  {
    when: 'the cluster has no authentication at all',
    at: 'CheckPrerequisites',
    world: { cluster: { clientAuthentication: { scram: false, iam: false, tls: false, unauthenticated: true } } },
    error: 'PrerequisitesNotMet',
    says: /1\. SASL\/SCRAM authentication is off.*\n2\. Unauthenticated access is on/,
  },
  {
    when: 'MSK cannot read the SCRAM secret',
    at: 'AssociateScramSecret',
    world: {
      cluster: { ...isOn, secretsReadableAfterMinutes: 600 },
      scramSecrets: [{ name: 'AmazonMSK_new', isAssociated: false }],
    },
    input: (cloud) => ({ secretArn: cloud.world.scramSecrets[0]?.arn }),
    error: 'AwsUnavailable',
    says: /wasn't able to access the provided secret.*created a moment ago.*kafka\.amazonaws\.com/,
    isScramOnly: true,
  },
  {
    when: 'the workspace does not exist',
    at: 'CheckPrerequisites',
    world: { project: { workspaces: [] } },
    error: 'PrerequisitesNotMet',
    says: /STREAM_TENANT_NOT_FOUND_FOR_NAME.*Create the workspace "streams"/,
  },
  {
    when: 'Atlas does not know the API key',
    at: 'CheckPrerequisites',
    world: { atlasCredentials: { publicKey: 'unknown', privateKey: 'unknown' } },
    error: 'AtlasCredentialsRefused',
    says: /HTTP 401.*Check the keys in the Atlas credentials secret/,
  },
  {
    when: 'Atlas does not know the service account',
    at: 'CheckPrerequisites',
    world: { atlasCredentials: { clientId: 'mdb_sa_id_unknown', clientSecret: 'mdb_sa_sk_unknown' } },
    error: 'AtlasCredentialsRefused',
    says: /HTTP 401 \(invalid_client/,
  },
  {
    when: 'the credentials secret holds no credentials',
    at: 'CheckPrerequisites',
    world: { atlasCredentials: { user: 'me' } },
    error: 'DeploymentMisconfigured',
    says: /has no usable credentials\. It must be JSON such as .* setting atlasCredentialsSecretArn names/,
  },
  {
    when: 'the access list of the API key lacks the function’s address',
    at: 'CheckPrerequisites',
    world: { atlas: { blockedAddress: '203.0.113.7' } },
    error: 'AtlasCredentialsRefused',
    says: /IP_ADDRESS_NOT_ON_ACCESS_LIST.*203\.0\.113\.7.*Add the address/,
  },
  {
    when: 'MSK fails the connectivity update',
    at: 'EnablePrivateConnectivity',
    world: { cluster: { updateError: { ErrorCode: 'Subnets', ErrorString: 'No free addresses.' } } },
    error: 'ClusterUpdateFailed',
    says: /Subnets: "No free addresses\."/,
  },
  {
    when: 'MSK refuses to associate the secret',
    at: 'AssociateScramSecret',
    world: { cluster: isOn, scramSecrets: [{ isAssociated: false }] },
    prepare: (cloud) => {
      cloud.intercept = faultAt('BatchAssociateScramSecret', () => mskError('ForbiddenException', 'Not you.').answer);
    },
    input: ({ world }) => ({ secretArn: world.scramSecrets[0]?.arn }),
    error: 'AwsRefused',
    says: /kafka:BatchAssociateScramSecret with HTTP 403 \(ForbiddenException: "Not you\."\)/,
    isScramOnly: true,
  },
  {
    when: 'the project has no resource in the Region',
    at: 'LookUpPrincipal',
    world: { cluster: isOn, project: { awsRegions: [] } },
    error: 'PrerequisitesNotMet',
    says: /us-east-1|US_EAST_1/,
  },
  {
    when: 'the project has no Atlas cluster in the Region, although Atlas names its account there',
    at: 'RequestPrivateLink',
    world: { cluster: isOn, project: { awsRegions: [], accountRegions: ['us-east-1'] } },
    error: 'PrerequisitesNotMet',
    says: /You must have an Atlas Cluster on AWS or AWS Network Peering configured.*deploy an Atlas cluster \(or a network peering\) on AWS in US_EAST_1, for example:\n {2}atlas clusters create msk-private-link --projectId 64b7e1c2d3f4a5968778695a --provider AWS --region US_EAST_1 --tier M10/,
  },
  {
    when: 'the cluster policy is full',
    at: 'ApplyClusterPolicy',
    world: { cluster: { ...isOn, policy: fullPolicy } },
    error: 'PolicyRefused',
    says: /MSK allows 20480/,
  },
  {
    when: 'Atlas refuses to create a link',
    at: 'RequestPrivateLink',
    world: { cluster: isOn },
    prepare: (cloud) => {
      const refusal = atlasError(400, 'VALIDATION_ERROR', 'The arn is not that of a cluster.');
      cloud.intercept = faultAt('createGroupStreamPrivateLinkConnection', () => refusal.answer);
    },
    error: 'AtlasRefused',
    says: /VALIDATION_ERROR: "The arn is not that of a cluster\."/,
  },
  {
    when: 'Atlas cannot set up the link',
    at: 'CheckPrivateLink',
    world: { cluster: isOn, atlas: { linkFails: 'No zone in common.' } },
    error: 'PrivateLinkFailed',
    says: /could not set up private link [0-9a-f]{24}: "No zone in common"\. .*use1-az1, use1-az2, use1-az4\. Atlas must [\s\S]*\n {5}aws .*--group-id sg-0a1b2c3d4e5f60718 --protocol tcp --port 14001-14100 --cidr 192\.168\.248\.0\/21\nDo this:\n/,
  },
  {
    when: 'another party removes our statement before Atlas connects',
    at: 'CheckPrivateLink',
    world: { cluster: isOn },
    prepare: (cloud) => {
      cloud.intercept = faultAt('createGroupStreamPrivateLinkConnection', (_, next) => {
        cloud.world.cluster.policy = undefined;
        return next();
      });
    },
    error: 'PrivateLinkFailed',
    says: /Not authorized to create a VPC connection/,
  },
  {
    when: 'another party deletes the link meanwhile',
    at: 'CheckPrivateLink',
    world: { cluster: isOn },
    prepare: (cloud) => {
      cloud.intercept = faultAt('getGroupStreamPrivateLinkConnection', (_, next) => {
        for (const { id } of cloud.world.project.links) cloud.world.project.deleteLink(id);
        return next();
      });
    },
    error: 'PrivateLinkFailed',
    says: /is being deleted \(DELETE_REQUESTED\)/,
  },
  {
    when: 'the cluster fails meanwhile',
    at: 'CreateConnection',
    world: { cluster: isOn },
    prepare: (cloud) => {
      cloud.intercept = faultAt('getGroupStreamPrivateLinkConnection', (_, next) => {
        Object.assign(cloud.world.cluster.seed, { state: 'FAILED', settlesAfterMinutes: Number.POSITIVE_INFINITY });
        return next();
      });
    },
    error: 'ClusterUnusable',
    says: /Cluster arn:.* is FAILED; it must be ACTIVE/,
  },
  {
    when: 'another party creates a connection of that name meanwhile',
    at: 'CreateConnection',
    world: { cluster: isOn },
    prepare: (cloud) => {
      cloud.intercept = faultAt('createGroupStreamConnection', (_, next) => {
        cloud.world.project.createConnection('streams', { ...publicConnection, name: 'orders' });
        return next();
      });
    },
    error: 'ConnectionRefused',
    says: /connection "orders" exists with PUBLIC networking/,
  },
  {
    when: 'Atlas cannot connect',
    at: 'CheckConnection',
    world: { cluster: isOn, atlas: { connectionFails: true } },
    error: 'ConnectionFailed',
    says: /connection "orders" as FAILED.*--group-id sg-0a1b2c3d4e5f60718 .*--cidr 192\.168\.248\.0\/21\nDo this:/s,
  },
  {
    when: 'MSK does not support the mechanism',
    at: 'CheckConnection',
    world: { cluster: isOn },
    input: () => ({ mechanism: 'PLAIN' }),
    error: 'ConnectionFailed',
    says: /connection "orders" as FAILED/,
    isScramOnly: true,
  },
  {
    when: 'the function throws an unexpected error',
    at: 'RecordSuccess',
    world: { cluster: isOn },
    prepare: (cloud) =>
      failFunction(cloud, 'RecordSuccess', { errorType: 'TypeError', errorMessage: 'x is undefined' }),
    error: 'TypeError',
    says: /x is undefined/,
  },
];

const publicConnection = {
  type: 'Kafka' as const,
  bootstrapServers: 'broker.example.com:9092',
  authentication: { mechanism: 'PLAIN' },
  security: { protocol: 'SASL_SSL' },
  networking: { access: { type: 'PUBLIC' as const } },
};

/** A policy that has no room for another statement. */
function fullPolicy(clusterArn: string) {
  const Resource = `${clusterArn.replace(':cluster/', ':topic/')}/${'a'.repeat(20_100)}`;
  const statement = { Effect: 'Allow', Principal: { AWS: '210987654321' }, Action: 'kafka:DescribeCluster', Resource };
  return { Version: '2012-10-17', Statement: [statement] };
}

suite('a run fails', () => {
  for (const { when, at, world, prepare, input, error, says, isScramOnly } of failures) {
    test(`in ${at} if ${when}`, isScramOnly ? scramOnly : {}, async () => {
      const cloud = await cloudWith(world);
      prepare?.(cloud);
      const run = input ? await connectByHand(cloud, input(cloud)) : await connectByTag(cloud);
      assertFailed(run, error, says);
      const gaveBack = at === 'RecordSuccess' ? [] : ['IsAnythingLeft'];
      assert.deepEqual(run.states.slice(-3 - gaveBack.length), [at, ...gaveBack, 'RecordFailure', 'SetupFailed']);
      assert.match(run.cause ?? '', new RegExp(`^${at} failed: `));
      assert.ok(run.cause?.includes(run.execution.arn), 'the Cause names the execution');
      const { 'atlas-streaming/status': status, 'atlas-streaming/detail': detail } = cloud.world.cluster.tags.all;
      assert.equal(status, 'failed');
      assert.ok(detail?.startsWith(`${at} ${error}`), detail);
      const record = await recordOf(cloud);
      assert.deepEqual([record.status, record.failures, record.holder], ['failed', 1, undefined]);
      assert.deepEqual([record.lastFailure?.error, record.lastFailure?.executionArn], [error, run.execution.arn]);
    });
  }

  test('with FailureNotRecorded if RecordFailure fails as well', async () => {
    const cloud = await cloudWith({ cluster: { state: 'FAILED' } });
    failFunction(cloud, 'RecordFailure', { errorType: 'TypeError', errorMessage: 'x is undefined' });
    const { endState, error, cause } = await connectByTag(cloud);
    assert.equal(endState, 'FailureNotRecorded');
    assert.equal(error, 'FailureNotRecorded');
    assert.match(cause ?? '', /Start a new execution\.$/);
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'connecting');
  });

  test('and connects when it is started again after the cause is fixed', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { connectionFails: true } });
    assertFailed(
      await connectByTag(cloud),
      'ConnectionFailed',
      /Tag the cluster atlas-streaming=disconnect:\n[\s\S]*Tag the cluster atlas-streaming=connect:\n/,
    );
    cloud.world.atlas.behaviour.connectionFails = false;
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual(cloud.world.project.connections('streams'), []);
    assertConnected(await connectByTag(cloud));
    assert.equal(cloud.world.project.links.length, 1);
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'connected');
  });

  test(
    'if Atlas offers no Stream Processing in the Region, before any change and without other advice',
    onlyOnce,
    async (t) => {
      const place = defaultPlace('eu-north-1');
      const cloud = await startOwnCloud(t, { place });
      const offered =
        /Atlas offers no Stream Processing in eu-north-1; it offers ap-northeast-1, .*eu-west-1, .*us-west-2\./;
      const run = await connectByTag(cloud);
      assertFailed(run, 'PrerequisitesNotMet', offered);
      assert.match(run.cause ?? '', /^CheckPrerequisites failed: One prerequisite is not met: /);
      assert.doesNotMatch(run.cause ?? '', /create one there|Create the workspace|names no AWS account/);
      assert.deepEqual(changes(cloud), []);
    },
  );

  test('with all unmet prerequisites at once, each with its remedy, and changes nothing', scramOnly, async () => {
    const cloud = await cloudWith({
      cluster: {
        kafkaVersion: '2.2.1',
        instanceType: 'kafka.t3.small',
        clientAuthentication: { scram: true, iam: false, tls: false, unauthenticated: true },
        clientBroker: 'PLAINTEXT',
        serverProperties: 'allow.everyone.if.no.acl.found = true',
      },
      scramSecrets: [{}, { name: 'AmazonMSK_second' }],
      project: {
        workspaces: [{ name: 'streams', dataProcessRegion: { cloudProvider: 'AZURE', region: 'eastus2' } }],
      },
    });
    const { cause = '' } = await connectByTag(cloud);
    assert.match(cause, /^CheckPrerequisites failed: 7 prerequisites are not met:/);
    for (const says of [
      /1\. Apache Kafka is 2\.2\.1; it must be 2\.7\.1 or newer/,
      /2\. The brokers are kafka\.t3\.small/,
      /3\. Unauthenticated access is on/,
      /4\. Encryption between clients and brokers is PLAINTEXT; it must be TLS/,
      /5\. allow\.everyone\.if\.no\.acl\.found is true in revision 1/,
      /6\. 2 SCRAM secrets are associated with the cluster/,
      /7\. Workspace "streams" processes its data in AZURE; it must be on AWS in us-east-1/,
    ]) {
      assert.match(cause, says);
    }
    assert.deepEqual(changes(cloud), []);
  });
});
