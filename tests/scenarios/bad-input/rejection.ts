import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { firehoseStatement, policyOf } from '../../fixtures/cluster-policy.ts';
import { changes, cloudWith, type Ended, privateConnectivityIsOn } from '../local-cloud.ts';

/** Must not be visible anywhere. The tests put it where a person may put a secret by mistake. */
export const secret = 'hunter2-of-nobody';

export const foreignTags = { team: 'orders', 'cost center': '42' };

/** A cluster that already has tags and a policy, and is ready to be connected. */
export const cloudInUse = (cluster: Partial<ClusterSeed> = {}, seed: WorldSeed = {}): Promise<Cloud> =>
  cloudWith({
    ...seed,
    cluster: {
      ...privateConnectivityIsOn,
      policy: (clusterArn) => policyOf(firehoseStatement(clusterArn)),
      ...cluster,
      tags: { ...foreignTags, ...cluster.tags },
    },
  });

export interface Rejection {
  /** The Cause: which field, which value, what would be right. */
  says: RegExp;
  error?: string;
}

/**
 * One message in one line that ends with a full stop, perhaps with a command in the next line, or the list of everything that is missing; then what was changed, the cluster, the execution, how to start
 * again, and what could not be written.
 */
const shape =
  /^\w+ failed: ([^\n]+(\.|:\n {2}(aws|atlas) [^\n]+(\n[^\n]+\.)?)|\d+ prerequisites are not met:(\n(\d+\.| {2}) [^\n]+)+)\nNothing was changed\.\n(Cluster: arn:[^\n]+\n)?Execution: arn:[^\n]+\n(After the fix|After you have changed the tag), start again:\n {2}aws stepfunctions [^\n]+\n(Put the [^\n]+\n)?(This leaves out [^\n]+\n)?(To (dis)?connect instead:\n {2}aws [^\n]+\n)?(The|If the cluster has the tag \S+, the) sweep [^\n]+\nDon't use Redrive: [^\n]+(\nThe (registry|status tags) [^\n]+)*$/;

/**
 * Checks that a run failed with a clear message, changed nothing of others, and showed no secret. Requests also show what the
 * run writes on tags.
 */
export function assertRejected(cloud: Cloud, run: Ended, { error = 'InvalidRequest', says }: Rejection): void {
  const cause = run.cause ?? '';
  assert.match(run.endState, /^(Setup|Removal)Failed$/, cause);
  assert.equal(run.error, error, cause);
  assert.match(cause, says);
  assert.match(cause, shape);
  assert.doesNotMatch(cause, /[^\P{C}\n]|\p{Zl}|\p{Zp}/u);
  assert.ok(cause.length < 32_768);
  assertUntouched(cloud);
  const requests = cloud.recorder.exchanges.filter(({ service }) => service !== 'secretsmanager');
  const seen = JSON.stringify([cause, requests.map(({ path, requestBody }) => [path, requestBody])]);
  assert.ok(!seen.includes(secret), seen);
}

export function assertUntouched(cloud: Cloud): void {
  assert.deepEqual(changes(cloud), []);
  const { tags, policy, seed } = cloud.world.cluster;
  assert.deepEqual({ ...tags.all, ...seed.tags }, tags.all, 'existing tags are unchanged');
  const added = Object.keys(tags.all).filter((key) => !(key in seed.tags));
  assert.deepEqual(
    added.filter((key) => !/^atlas-streaming(\/|$)/.test(key)),
    [],
  );
  assert.deepEqual(policy?.document, seed.policy);
}
