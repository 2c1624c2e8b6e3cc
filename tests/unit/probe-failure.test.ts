import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Probed, probeFailed } from '../../shared/atlas/probe-failure.ts';
import type { ProbeFailureKind } from '../../shared/atlas/probe-kind.ts';
import { shortForm } from '../../shared/short-form.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { byRole, clusterArn, login, roleArn } from '../fixtures/request.ts';

const probed: Probed = {
  ...{ clusterArn, workspace: 'streams', connectionName: 'orders', isOwn: true, topic: 'orders', partitions: null },
  ...{ tier: 'SP2', login, hint: 'Check the network.' },
};
const group = clusterArn.replace(':cluster/', ':group/');
const topic = clusterArn.replace(':cluster/', ':topic/');

const cases: [kind: ProbeFailureKind, overrides: Partial<Probed>, name: string, remedy: RegExp][] = [
  ['unreachable', {}, 'unreachable', /Check the network\./],
  ['loginRefused', {}, 'login refused', /secret AmazonMSK_orders .*If it was changed a moment ago, wait\./],
  ['loginRefused', { isOwn: false }, 'login refused', /Its owner must correct how it logs in/],
  [
    'loginRefused',
    { login: byRole },
    'login refused',
    new RegExp(`kafka-cluster:Connect on ${clusterArn}.*streamsRoleClusters`),
  ],
  [
    'loginRefused',
    { login: { ...byRole, roleArn: roleArn.replace('msk-', 'own-') } as typeof byRole },
    'login refused',
    /Correct its policy/,
  ],
  [
    'topicMissing',
    {},
    'topic missing',
    /tag-resource .*atlas-streaming\/topics=TOPIC\n.*create it\. If it exists: Give the user .* Describe and Read/,
  ],
  ['topicDenied', {}, 'topic denied by a Kafka ACL', /ACLs Describe and Read on topic "orders"/],
  [
    'topicDenied',
    { login: byRole },
    'topic denied by IAM',
    new RegExp(`ReadData on ${topic}/orders\\..*streamsRoleTopics`),
  ],
  ['groupDenied', {}, 'consumer group denied by a Kafka ACL', /ACL Read on all consumer groups that start with "asp-"/],
  [
    'groupDenied',
    { login: byRole },
    'consumer group denied by IAM',
    new RegExp(`AlterGroup on ${group}/asp-\\*`.replace('*\\', '*')),
  ],
  [
    'topicDenied',
    { isOwn: false },
    'topic denied by a Kafka ACL',
    /did not create connection "orders".*Its owner must let its user read topic "orders"/,
  ],
  [
    'topicDenied',
    { isOwn: false, login: byRole },
    'topic denied by IAM',
    /Its owner must let its role read topic "orders"/,
  ],
  [
    'groupDenied',
    { isOwn: false },
    'consumer group denied by a Kafka ACL',
    /Its owner must let its user use all consumer groups that start with "asp-"/,
  ],
  ['tooManyPartitions', { partitions: 40, tier: 'SP5' }, 'too many partitions', /Raise the maximum tier/],
  [
    'tooManyPartitions',
    {},
    'too many partitions',
    /number of partitions is unknown.*\n.*Apache Kafka 3\.6\.0.*kafka:DescribeTopic.*name a topic with at most 32 partitions first/,
  ],
  ['noBilling', {}, 'no billing', /payment method/],
  ['sinkRefused', { sinkConnection: 'db' }, 'sink refused', /^Check .*connection "db" .*type Cluster/m],
  ['unknown', {}, 'unknown reason', /Project Data Access Read Only/],
];

describe('ProbeFailed', () => {
  for (const [kind, overrides, name, remedy] of cases)
    it(`names ${kind} as "${name}", with its remedy for ${(overrides.login ?? login).mechanism}`, () => {
      const { message } = probeFailed({ ...probed, ...overrides }, { kind, said: 'What Atlas says' });
      assert.ok(
        message.startsWith(
          `The probe could not read topic "orders" through connection "orders" in workspace streams (${name}). `,
        ),
      );
      assert.match(message, remedy);
      assert.match(message, /Atlas says: "What Atlas says"\./);
      assert.match(message, /\nThe connection stays\.$/);
      assertCopyable(message);
    });

  it('names neither the secret nor the role of this deployment if another party has created the connection', () => {
    for (const [kind] of cases)
      for (const by of [login, byRole]) {
        const { message } = probeFailed({ ...probed, login: by, isOwn: false }, { kind });
        assert.doesNotMatch(message, /AmazonMSK_|streams role|SCRAM user|:role\//);
      }
  });

  it('fits a tag with its kind', () => {
    const { message } = probeFailed(probed, { kind: 'loginRefused' });
    assert.equal(
      shortForm({ state: 'CheckProbe', error: 'ProbeFailed', message }, clusterArn),
      'CheckProbe ProbeFailed - The probe could not read topic orders through connection orders in workspace streams login refused',
    );
  });
});
