import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { cloudFor, isEvent, readInput } from '../../../local/input.ts';

const clusterArn = 'arn:aws:kafka:eu-west-1:999988887777:cluster/pay/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-7';
const secretArn = 'arn:aws:secretsmanager:eu-west-1:999988887777:secret:AmazonMSK_pay-a1B2c3';

const event = (tags: Record<string, string>) => ({
  source: 'aws.tag',
  'detail-type': 'Tag Change on Resource',
  resources: [clusterArn],
  detail: { 'changed-tag-keys': ['atlas-streaming'], tags },
});

suite('an input of the user', () => {
  test('puts the deployment into the account and Region of its cluster', () => {
    const place = { region: 'eu-west-1', accountId: '999988887777', clusterArn };
    assert.deepEqual(cloudFor({ clusterArn }, {}).place, place);
    assert.deepEqual(cloudFor(event({}), {}).place, place);
  });

  test('leaves the deployment in the default account and Region if it names no cluster', () => {
    for (const input of [undefined, null, 'hello', [], {}, { clusterArn: 'arn:aws:s3:::bucket' }, { resources: {} }]) {
      const { place, world, settings } = cloudFor(input, { normalisesPrincipals: true });
      assert.equal(place.accountId, '123456789012');
      assert.deepEqual(world, { normalisesPrincipals: true });
      assert.deepEqual(settings, {});
    }
  });

  test('creates its project and workspace, and its secret, which is not associated yet', () => {
    const projectId = '5f1a2b3c4d5e6f7a8b9c0d1e';
    const { world, settings } = cloudFor({ clusterArn, projectId, workspace: 'prod', secretArn }, {});
    assert.deepEqual(settings, { atlasProjectId: projectId, atlasWorkspace: 'prod' });
    assert.deepEqual(world.project?.workspaces, [
      { name: 'prod', dataProcessRegion: { cloudProvider: 'AWS', region: 'DUBLIN_IRL' } },
    ]);
    assert.deepEqual(world.scramSecrets, [{ name: 'AmazonMSK_pay', arn: secretArn, isAssociated: false }]);
  });

  test('gives the cluster the tags of an event, and associates the secret that they name', () => {
    const tags = { 'atlas-streaming': 'connect', 'atlas-streaming/secret': 'AmazonMSK_pay' };
    const { world } = cloudFor(event(tags), { cluster: { kafkaVersion: '3.7.0' } });
    assert.deepEqual(world.cluster, { kafkaVersion: '3.7.0', tags });
    assert.deepEqual(world.scramSecrets, [{ name: 'AmazonMSK_pay', isAssociated: true }]);
  });

  test('is an event if it has a detail-type', () => {
    assert.equal(isEvent(event({})), true);
    assert.equal(isEvent({ clusterArn }), false);
    assert.equal(isEvent(null), false);
  });

  test('is rejected if it cannot be read', () => {
    assert.throws(() => readInput('no/such.json'), /^Error: --input no\/such\.json cannot be read as JSON: ENOENT/);
    assert.throws(() => readInput(import.meta.filename), /cannot be read as JSON/);
  });
});
