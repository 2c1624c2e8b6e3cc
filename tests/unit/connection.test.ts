import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionState, differences, sameBootstrapServers, whyNotOurs } from '../../shared/atlas/connection.ts';
import type { KafkaConnectionRequest } from '../../shared/atlas/types.ts';
import { bootstrapServers, connection, privateLinkId } from '../fixtures/atlas.ts';
import { byRole, clusterArn, login } from '../fixtures/request.ts';

const wanted: KafkaConnectionRequest = {
  name: 'orders',
  type: 'Kafka',
  bootstrapServers,
  authentication: { mechanism: 'SCRAM-512', username: 'atlas', password: 'hunter2' },
  security: { protocol: 'SASL_SSL' },
  networking: { access: { type: 'PRIVATE_LINK', connectionId: privateLinkId } },
};

const iamRole = 'arn:aws:iam::111122223333:role/streams';
const byIam = { ...wanted, authentication: { mechanism: 'AWS_MSK_IAM' as const, aws: { roleArn: iamRole } } };

describe('a connection that logs in as a role', () => {
  const shown = (aws: object | null) => connection({ authentication: { mechanism: 'AWS_MSK_IAM', aws } });

  it('has no difference if it has the role', () =>
    assert.deepEqual(differences(shown({ roleArn: iamRole }), byIam), []));

  it('differs by its role, also if Atlas shows none', () => {
    for (const aws of [{ roleArn: `${iamRole}2` }, {}, null])
      assert.deepEqual(differences(shown(aws), byIam), ['authentication.aws.roleArn']);
  });

  it('names the role, and no secret, if it is FAILED', () =>
    assert.throws(() => connectionState(connection({ state: 'FAILED' }), byRole, 'created', clusterArn, ''), {
      message:
        /Check that the role arn:aws:iam::111122223333:role\/msk-atlas-privatelink-streams-us-east-1 trusts Atlas(?!.*SCRAM)/,
    }));

  it('says how to connect by SCRAM instead, if it is FAILED', () =>
    assert.throws(() => connectionState(connection({ state: 'FAILED' }), byRole, 'created', clusterArn, ''), {
      message:
        /1\. Fix what is wrong there\. Or connect by SCRAM .*:\n {5}aws .* --tags atlas-streaming\/mechanism=SCRAM-512\n {2}2\. Tag/,
    }));
});

describe('two strings of bootstrap servers', () => {
  const [one, two, three] = bootstrapServers.split(',') as [string, string, string];
  it('are equal in another order and with other spaces', () =>
    assert.ok(sameBootstrapServers(bootstrapServers, ` ${three}, ${one} ,${two}`)));
  it('are equal if they name other brokers of one cluster', () =>
    assert.ok(sameBootstrapServers(`${one},${two}`, three)));
  it('differ by the port of a broker', () =>
    assert.ok(!sameBootstrapServers(bootstrapServers, bootstrapServers.replace('14002', '14012'))));
  it('differ by the cluster', () =>
    assert.ok(!sameBootstrapServers(bootstrapServers, bootstrapServers.replaceAll('abc123', 'xyz789'))));
  it('differ by the listener', () => assert.ok(!sameBootstrapServers(one, one.replace('.scram.', '.iam.'))));
  it('differ if one is empty', () => assert.ok(!sameBootstrapServers('', bootstrapServers)));
});

describe('an existing connection', () => {
  it('has no difference if it is equal', () => assert.deepEqual(differences(connection(), wanted), []));

  const different: [field: string, overrides: Record<string, unknown>][] = [
    ['bootstrapServers', { bootstrapServers: 'b-1.orders.abc123.c2.kafka.us-east-1.amazonaws.com:9096' }],
    ['bootstrapServers', { bootstrapServers: undefined }],
    ['authentication.mechanism', { authentication: { mechanism: 'PLAIN', username: 'atlas' } }],
    ['authentication.username', { authentication: { mechanism: 'SCRAM-512', username: 'other' } }],
    ['security.protocol', { security: { protocol: 'SASL_PLAINTEXT' } }],
    ['security.protocol', { security: undefined }],
  ];
  for (const [field, overrides] of different)
    it(`differs in ${field}: ${JSON.stringify(overrides)}`, () =>
      assert.deepEqual(differences(connection(overrides), wanted), [field]));

  it('is compared in its config only if the request has one', () => {
    const config = { 'client.id': 'a', 'auto.offset.reset': 'earliest' };
    assert.deepEqual(differences(connection({ config }), wanted), []);
    const reordered = { 'auto.offset.reset': 'earliest', 'client.id': 'a' };
    assert.deepEqual(differences(connection({ config: reordered }), { ...wanted, config }), []);
    assert.deepEqual(differences(connection({ config }), { ...wanted, config: reordered }), []);
    assert.deepEqual(differences(connection({ config: {} }), { ...wanted, config }), ['config']);
    const more = { ...config, retries: '3' };
    assert.deepEqual(differences(connection({ config: more }), { ...wanted, config }), [], 'only those that are given');
    assert.deepEqual(differences(connection({ config }), { ...wanted, config: more }), ['config']);
    assert.deepEqual(differences(connection({ config: { ...config, 'client.id': 'b' } }), { ...wanted, config }), [
      'config',
    ]);
    assert.deepEqual(differences(connection({ config: null }), { ...wanted, config }), ['config']);
  });

  it('is ours if it is a Kafka connection through the private link to the cluster', () =>
    assert.equal(whyNotOurs(connection(), privateLinkId), undefined));

  const foreign: [why: RegExp, overrides: Record<string, unknown>, linkId?: string | undefined][] = [
    [/"orders" exists and is of type Cluster, not Kafka/, { type: 'Cluster' }],
    [/exists with PUBLIC networking, not PRIVATE_LINK/, { networking: undefined }],
    [/exists with VPC networking, not PRIVATE_LINK/, { networking: { access: { type: 'VPC' } } }],
    [/goes through private link 6a7941d3c0eb9e7a17722d71, which is not the one/, {}, 'ffffffffffffffffffffffff'],
    [/goes through private link 6a7941d3c0eb9e7a17722d71, which is not the one/, {}, undefined],
  ];
  for (const [why, overrides, ...link] of foreign)
    it(`is not ours: ${why.source}`, () =>
      assert.match(whyNotOurs(connection(overrides), link.length ? link[0] : privateLinkId) ?? '', why));
});

describe("a connection's state", () => {
  it('is ready if it is READY', () =>
    assert.deepEqual(connectionState(connection(), login, 'created', clusterArn, ''), {
      state: 'READY',
      isReady: true,
    }));

  for (const state of ['PENDING', 'SOMETHING_NEW', undefined])
    it(`is in progress if it is ${state}`, () =>
      assert.deepEqual(connectionState(connection({ state }), login, 'created', clusterArn, ''), {
        state: state ?? 'PENDING',
        isReady: false,
      }));

  for (const [ownership, remedy] of [
    ['created', /Do this:\n {2}1\. Fix what is wrong there\.\n {2}2\. Tag .*=disconnect/],
    ['adopted', /This deployment did not create the connection\. Its owner must correct it, or delete it, in Atlas\./],
  ] as const)
    it(`ends the run if it is FAILED and ${ownership}, with what to check and what to do`, () => {
      const failed = () =>
        connectionState(connection({ state: 'FAILED' }), login, ownership, clusterArn, 'Look there.');
      const message = /"orders" as FAILED.*Kafka ACLs.*user and password.*bootstrap servers\. Look there\.\n(Do|This)/;
      assert.throws(failed, { name: 'ConnectionFailed', message });
      assert.throws(failed, { message: remedy });
      assert.throws(failed, { message: /A new start before that fails again\.$/ });
    });

  it('ends the run if it is DELETING', () =>
    assert.throws(() => connectionState(connection({ state: 'DELETING' }), login, 'created', clusterArn, ''), {
      name: 'ConnectionFailed',
    }));
});
