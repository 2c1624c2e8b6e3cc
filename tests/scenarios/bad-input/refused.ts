import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { changes, cloudWith, type Ended, privateConnectivityIsOn } from '../local-cloud.ts';

/** What nobody may read: the rows put it where a person may put a secret by mistake. */
export const secret = 'hunter2-of-nobody';

export const foreignTags = { team: 'orders', 'cost center': '42' };
export const foreignPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Firehose',
      Effect: 'Allow',
      Principal: { Service: 'firehose.amazonaws.com' },
      Action: 'kafka:CreateVpcConnection',
      Resource: '*',
    },
  ],
};

/** A cluster of somebody who has tags and a policy on it already, where nothing but what a row says is wrong. */
export const somebodysCloud = (cluster: Partial<ClusterSeed> = {}, seed: WorldSeed = {}): Promise<Cloud> =>
  cloudWith({
    ...seed,
    cluster: {
      ...privateConnectivityIsOn,
      policy: foreignPolicy,
      ...cluster,
      tags: { ...foreignTags, ...cluster.tags },
    },
  });

/** What is wrong, and what the Cause must say of it: where it stands, what stands there, what would be right. */
export interface Refused {
  says: RegExp;
  error?: string;
}

/** One message in one line, and what it is about; or the list of all that is missing. */
const shape =
  /^\w+ failed: ([^\n]+\.|\d+ prerequisites are not met[^\n]+(\n\d+\. [^\n]+)+)\n(Cluster: arn:[^\n]+\n)?Execution: arn:[^\n]+(\nThe cluster's status tags [^\n]+)?$/;

/**
 * The run has ended in a sentence for a person, and nobody's things have changed. What is written on tags is in the
 * requests, where the tags that were there are not.
 */
export function assertRefused(cloud: Cloud, run: Ended, { error = 'InvalidRequest', says }: Refused): void {
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
  assert.deepEqual({ ...tags.all, ...seed.tags }, tags.all, 'the tags that were there are there');
  const added = Object.keys(tags.all).filter((key) => !(key in seed.tags));
  assert.deepEqual(
    added.filter((key) => !/^atlas-streaming(:|$)/.test(key)),
    [],
  );
  assert.deepEqual(policy?.document, seed.policy);
}
