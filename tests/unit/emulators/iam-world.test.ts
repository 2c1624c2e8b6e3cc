import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { atlasAwsAccountArn } from '../../../emulators/atlas/access-roles.ts';
import { Cloud } from '../../../emulators/cloud.ts';
import { externalId, iamSettings, iamWorld } from '../../../emulators/iam-world.ts';
import { defaultPlace, streamsRoleArn } from '../../../emulators/world.ts';

suite('the world for IAM', () => {
  let cloud: Cloud;
  const ofPerson = 'arn:aws:iam::123456789012:role/of-a-person';
  const trustPolicies = {
    [ofPerson]: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow' as const, Principal: { AWS: atlasAwsAccountArn }, Action: 'sts:AssumeRole', Condition: {} },
      ],
    },
  };
  before(async () => {
    cloud = await Cloud.start({ speed: 1, settings: iamSettings, world: iamWorld({ trustPolicies }) });
  });
  after(() => cloud.close());

  test('has the streams role of the deployment, authorized in the project', () => {
    const roleArn = streamsRoleArn(defaultPlace());
    assert.equal(cloud.deployment.streamsRole?.arn, roleArn);
    const { accessRoles } = cloud.world.project;
    assert.doesNotThrow(() => accessRoles.checkAuthorized(roleArn));
    assert.equal(accessRoles.all[0]?.externalId, externalId);
  });

  test('lets a person authorize a role only if its trust policy names Atlas and the external id', () => {
    const { accessRoles } = cloud.world.project;
    const [known] = accessRoles.all;
    const roleArn = streamsRoleArn(defaultPlace());
    assert.doesNotThrow(() => accessRoles.authorize(known?.roleId ?? '', roleArn));
    const { roleId } = accessRoles.create();
    const refused = /Atlas cannot assume the specified role/;
    assert.throws(() => accessRoles.authorize(roleId, roleArn), refused);
    assert.throws(() => accessRoles.authorize(roleId, `${roleArn}-2`), refused);
    assert.doesNotThrow(() => accessRoles.authorize(roleId, ofPerson));
  });

  test('has a cluster without SCRAM, secret and configuration', () => {
    const { cluster, scramSecrets } = cloud.world;
    const { ClientAuthentication, CurrentBrokerSoftwareInfo } = cluster.describe().Provisioned ?? {};
    assert.deepEqual(ClientAuthentication?.Sasl, { Scram: { Enabled: false }, Iam: { Enabled: true } });
    assert.equal(CurrentBrokerSoftwareInfo?.ConfigurationArn, undefined);
    assert.deepEqual([scramSecrets, cluster.scramSecretArns], [[], []]);
  });
});
