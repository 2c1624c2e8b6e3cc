import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { Intercept } from '../../emulators/emulator.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { readDefinition } from '../../statemachine/definition.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  failFunction,
  faultAt,
  privateConnectivityIsOn as isOn,
  neverAnswer,
  recordOf,
} from './local-cloud.ts';
import { otherWayIsOn } from './way.ts';

/** Answers the first call of each operation of a service instead of the service. */
function firstOfEach(service: string, answer: () => ReturnType<Intercept>): Intercept {
  const seen = new Set<string>();
  return async (call, next) => {
    if (call.service !== service || seen.has(call.operation)) return next();
    seen.add(call.operation);
    return answer();
  };
}

/** The Tasks that call Atlas. */
const atlasTasks = [
  'CheckPrerequisites',
  'LookUpPrincipal',
  'RequestPrivateLink',
  'CheckPrivateLink',
  'CreateConnection',
  'CheckConnection',
];

suite('a run succeeds', () => {
  test('if Atlas throttles the first call of each operation', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    // Longer than a function itself waits.
    const headers = { 'retry-after': '60' };
    cloud.intercept = firstOfEach(
      'atlas',
      async () => atlasError(429, 'RATE_LIMITED', 'Too many requests.', { headers }).answer,
    );
    const run = await connectByTag(cloud);
    assertConnected(run);
    // Every operation that CheckConnection calls was throttled before.
    assert.deepEqual([...new Set(run.retried)], atlasTasks.slice(0, 5));
  });

  test('if Atlas throttles a function for a second, without a retry of the state', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const headers = { 'retry-after': '1' };
    cloud.intercept = faultAt(
      'createGroupStreamPrivateLinkConnection',
      () => atlasError(429, 'RATE_LIMITED', 'Too many requests.', { headers }).answer,
    );
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, []);
  });

  test('if Atlas resets connections, or answers 500, 502 and 503', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const faults = [
      async () => 'reset' as const,
      ...[500, 502, 503].map((status) => async () => atlasError(status, 'UNEXPECTED_ERROR', 'Unexpected.').answer),
    ];
    cloud.intercept = firstOfEach('atlas', () => (faults.shift() ?? (async () => 'reset' as const))());
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.ok(run.retried.length >= 5, run.retried.join());
    assert.equal(cloud.world.project.links.length, 1);
  });

  test('if each nonce has expired', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = (_, next) => {
      cloud.world.atlas.auth.expireNonces();
      return next();
    };
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, []);
  });

  test('if access tokens are revoked', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlasCredentials: 'service-account' });
    cloud.intercept = ({ operation }, next) => {
      if (operation.startsWith('getGroupStream')) cloud.world.atlas.auth.expireTokens();
      return next();
    };
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, []);
  });

  test('if MSK throttles more calls than the SDK retries', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const busy = () => mskError('TooManyRequestsException', 'Too many requests.').answer;
    cloud.intercept = faultAt('DescribeClusterV2', busy, 4);
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, ['InspectCluster']);
  });

  test('if another update of the cluster starts at the same moment, and keeps what that has turned on', async () => {
    const cloud = await cloudWith({
      cluster: { clientAuthentication: otherWayIsOn().clientAuthentication },
    });
    const { cluster } = cloud.world;
    cloud.intercept = faultAt('UpdateConnectivity', (_, next) => {
      cluster.startUpdate({ ...cluster.connectivity, vpcConnectivity: otherWayIsOn().vpcConnectivity });
      return next();
    });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(cluster.connectivity.vpcConnectivity, { scram: true, iam: true, tls: false });
  });

  const notAssociated = { name: 'AmazonMSK_new', isAssociated: false };

  test('if MSK cannot read a new SCRAM secret for minutes', async () => {
    const cloud = await cloudWith({
      cluster: { ...isOn, secretsReadableAfterMinutes: 3 },
      scramSecrets: [notAssociated],
    });
    const secretArn = cloud.world.scramSecrets[0]?.arn;
    const run = await connectByHand(cloud, { secretArn });
    assertConnected(run);
    assert.deepEqual([...new Set(run.retried)], ['AssociateScramSecret']);
    assert.deepEqual(cloud.world.cluster.scramSecretArns, [secretArn]);
  });

  test('if the answer to the association is lost, and MSK refuses the secret as already associated', async () => {
    const cloud = await cloudWith({ cluster: isOn, scramSecrets: [notAssociated] });
    cloud.intercept = faultAt('BatchAssociateScramSecret', async (_, next) => {
      await next();
      return 'reset' as const;
    });
    const run = await connectByHand(cloud, { secretArn: cloud.world.scramSecrets[0]?.arn });
    assertConnected(run);
    assert.deepEqual(run.retried, [], 'the SDK has repeated the call');
    const [, repeated] = cloud.recorder.exchangesOf('kafka', 'BatchAssociateScramSecret');
    assert.match(repeated?.responseBody ?? '', /already associated with this cluster/);
  });

  test('if another writer changes the policy between reading and writing', async () => {
    const theirs = {
      Effect: 'Allow' as const,
      Principal: '*' as const,
      Action: 'kafka:DescribeCluster',
      Resource: '*',
    };
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = faultAt('PutClusterPolicy', (_, next) => {
      cloud.world.cluster.policy = { document: { Version: '2012-10-17', Statement: [theirs] }, version: 'KTHEIRS' };
      return next();
    });
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, ['ApplyClusterPolicy']);
    const statements = [cloud.world.cluster.policy?.document.Statement ?? []].flat();
    assert.deepEqual(statements[0], theirs);
    assert.equal(statements.length, 2);
  });

  test('after each error that the machine retries', async () => {
    const cloud = await cloudWith();
    const { Retry = [] } = readDefinition('connect').States.InspectCluster ?? {};
    const errors = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
    assert.ok(errors.includes('Sandbox.Timedout') && errors.includes('AtlasThrottled'));
    for (const errorType of errors) {
      failFunction(cloud, 'InspectCluster', { errorType, errorMessage: '' }, 1);
      const run = await connectByHand(cloud, { dryRun: true });
      assert.equal(run.endState, 'Planned', `${errorType}: ${run.cause}`);
      assert.deepEqual(run.retried, ['InspectCluster'], errorType);
    }
  });

  test('if a function does not answer twice within the time-out of its state', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    neverAnswer(cloud, 'RequestPrivateLink', 2);
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(run.retried, ['RequestPrivateLink', 'RequestPrivateLink']);
    assert.equal(cloud.world.project.links.length, 1);
  });

  test('if each function is idle in a VPC and has no network interface yet', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const attempts = new Map<string, number>();
    cloud.interceptInvocation = async ({ name }, next) => {
      const attempt = (attempts.get(name) ?? 0) + 1;
      attempts.set(name, attempt);
      const error = { errorType: 'Lambda.ENINotReadyException', errorMessage: 'The network interface is not ready.' };
      return attempt <= 5 ? { milliseconds: 0, error } : next();
    };
    const run = await connectByTag(cloud);
    assertConnected(run);
    const tasks = run.states.filter((name) => readDefinition('connect').States[name]?.Type === 'Task');
    assert.deepEqual(
      run.retried,
      [...new Set(tasks)].flatMap((name) => Array(5).fill(name)),
    );
  });
});

suite('a run fails', () => {
  test('if Atlas is unavailable for more than a quarter of an hour', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = async (call, next) =>
      call.service === 'atlas' ? atlasError(503, 'UNEXPECTED_ERROR', 'Maintenance.').answer : next();
    const run = await connectByTag(cloud);
    assertFailed(run, 'AtlasUnavailable', /CheckPrerequisites failed: Atlas answered .* with HTTP 503/);
    assert.equal(run.retried.length, 15);
    const [first, last] = [run.execution.history.at(0), run.execution.history.at(-1)].map((it) => Number(it?.at));
    const minutes = (Number(last) - Number(first)) / 60_000;
    assert.ok(minutes > 15 && minutes < 60, `${minutes} minutes`);
  });

  test('as FunctionTimedOut if a function never answers within the time-out of its state, again at every retry', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    neverAnswer(cloud, 'CheckPrerequisites');
    const run = await connectByTag(cloud);
    assertFailed(
      run,
      'FunctionTimedOut',
      /^CheckPrerequisites failed: The function did not answer within the time-out of its state \(States\.Timeout\)\. Its log group .*usually transient/,
    );
    assert.deepEqual(run.retried, Array(10).fill('CheckPrerequisites'));
    assert.equal((await recordOf(cloud)).lastFailure?.error, 'FunctionTimedOut');
    assert.deepEqual(changes(cloud), []);
  });

  test('if Lambda ends a function at each attempt, and the Cause names its log group', async () => {
    const cloud = await cloudWith();
    failFunction(cloud, 'InspectCluster', { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' });
    const run = await connectByTag(cloud);
    assertFailed(run, 'Sandbox.Timedout', /InspectCluster failed: Task timed out.*log group/);
    assert.equal(run.retried.length, 10);
  });
});
