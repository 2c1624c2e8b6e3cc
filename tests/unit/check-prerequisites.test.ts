import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  DescribeConfigurationRevisionCommand,
  DescribeTopicCommand,
  GetBootstrapBrokersCommand,
  GetClusterPolicyCommand,
  ListTopicsCommand,
} from '@aws-sdk/client-kafka';
import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { checkPrerequisites } from '../../functions/check-prerequisites/check-prerequisites.ts';
import type { Login } from '../../shared/login.ts';
import type { ClusterDetails } from '../../shared/msk/cluster.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import type { Result } from '../../shared/outcomes.ts';
import type { StreamsRole } from '../../shared/prerequisites/streams-role.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Request } from '../../shared/request/request.ts';
import {
  type Answer,
  apiError,
  bootstrapServers,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import {
  before,
  byRole,
  clusterArn,
  login,
  network,
  principalArn,
  projectId,
  request,
  roleArn,
  secretArn,
  taskInput,
} from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';

const otherSecretArn = secretArn.replace('orders', 'others');
const credentials = '{"username":"atlas","password":"hunter2"}';
const requiresAcls = 'allow.everyone.if.no.acl.found=false';

interface Situation {
  request?: Partial<Request>;
  cluster?: Partial<ClusterDetails>;
  /** For the scheme of the mechanism. */
  isPrivateConnectivityOn?: boolean;
  /** The mechanism that this run has chosen before. */
  plan?: { login: Login };
  streamsRole?: StreamsRole;
  /** Set if this run has already visited EnablePrivateConnectivity. */
  connectivity?: { result: Result };
  properties?: string;
  secrets?: Record<string, string>;
  /** How their descriptions differ from those of a usable secret. */
  described?: Partial<DescribeSecretResponse>;
  policy?: string;
  /** The partitions of the topics that exist, or an exception. */
  topics?: Record<string, number | null> | Error;
  mayListTopics?: boolean;
  /** One that MSK still shows. */
  deletedTopic?: string;
  /** The parameter atlasAwsAccountIds. */
  allowedAccounts?: string[];
  atlas?: Record<string, Answer>;
}

/** Checks a cluster and a workspace that lack nothing, except what the situation says. */
async function check(t: TestContext, situation: Situation = {}) {
  const { client, msk } = fakeMsk();
  const {
    isPrivateConnectivityOn = true,
    properties = requiresAcls,
    secrets = { [secretArn]: credentials },
    policy,
  } = situation;
  msk.on(DescribeConfigurationRevisionCommand).resolves({ ServerProperties: new TextEncoder().encode(properties) });
  if (policy) msk.on(GetClusterPolicyCommand).resolves({ Policy: policy, CurrentVersion: 'K1' });
  else msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  msk.on(GetBootstrapBrokersCommand, { ClusterArn: clusterArn }).resolves({
    BootstrapBrokerStringVpcConnectivitySaslScram: bootstrapServers,
    BootstrapBrokerStringVpcConnectivitySaslIam: bootstrapServers.replaceAll('.scram.', '.iam.'),
  });
  const { topics = {}, mayListTopics = true, deletedTopic } = situation;
  msk.on(DescribeTopicCommand).callsFake(({ TopicName }: { TopicName: string }) => {
    if (topics instanceof Error) throw topics;
    const count = topics[TopicName];
    if (count === undefined) throw awsError('NotFoundException', 404);
    if (TopicName === deletedTopic) return { PartitionCount: count, Status: 'DELETING' };
    return count === null ? {} : { PartitionCount: count };
  });
  if (mayListTopics)
    msk.on(ListTopicsCommand).resolves({ Topics: Object.keys(topics).map((TopicName) => ({ TopicName })) });
  else msk.on(ListTopicsCommand).rejects(awsError('AccessDeniedException', 403));
  const { atlas, calls } = await fakeAtlas(t, {
    'GET /streams': ok(workspaceOf()),
    'GET /privateLinkConnections': list([]),
    'GET /accountDetails': ok({ awsAccountId: '123456789012', cidrBlock: '192.168.248.0/21' }),
    ...situation.atlas,
  });
  const details = {
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
    triggerTag: 'connect',
    ...network.cluster.details,
    fingerprint: 'as-it-was',
    ...situation.cluster,
  };
  const input = taskInput({
    request: request(situation.request),
    cluster: { privateConnectivity: { scram: isPrivateConnectivityOn, iam: isPrivateConnectivityOn }, details },
    ...(situation.plan && { plan: situation.plan }),
    ...(situation.connectivity && { connectivity: situation.connectivity }),
  });
  const fake = fakeSecretsManager(secrets, situation.described);
  const plan = await checkPrerequisites(input, {
    msk: client,
    secrets: fake.secrets,
    atlas,
    allowedAccounts: new Set(situation.allowedAccounts),
    streamsRole: situation.streamsRole,
  });
  return { plan, calls: [...calls(), ...commandsOf(msk)] };
}

/** The message about the unmet prerequisites. */
async function complaint(t: TestContext, situation: Situation): Promise<string> {
  const error = await check(t, situation).then(
    () => assert.fail('Every prerequisite is met.'),
    (thrown: Error) => thrown,
  );
  assert.equal(error.name, 'PrerequisitesNotMet', error.message);
  assert.doesNotMatch(error.message, /hunter2/);
  return error.message;
}

/** The plan if nothing is missing. */
const ready = {
  login,
  isScramSecretAssociated: true,
  clusterArn,
  isLinkReady: false,
  changes: [],
  plannedFor: 'as-it-was',
  isConnected: false,
};

describe('CheckPrerequisites by AWS_MSK_IAM', () => {
  const streamsRole = { arn: roleArn, trustedArn: null, externalIds: [], requiresTag: true };
  const registered = {
    roleId: privateLinkId,
    atlasAWSAccountArn: principalArn,
    atlasAssumedRoleExternalId: '2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f',
    iamAssumedRoleArn: roleArn,
    authorizedDate: before,
  };
  /** A cluster whose owner has prepared nothing. */
  const byIam: Situation = {
    request: { mechanism: 'auto' },
    streamsRole,
    secrets: {},
    cluster: { isScramOn: false, isIamOn: true, configurationArn: null, scramSecretArns: [] },
    atlas: { 'GET /cloudProviderAccess': ok({ awsIamRoles: [registered] }) },
  };

  it('needs no SCRAM, no secret and no ACLs, and asks for the role once', async (t) => {
    const { plan, calls } = await check(t, byIam);
    assert.deepEqual(plan, { ...ready, login: byRole, isScramSecretAssociated: false });
    assert.equal(calls.filter((call) => /cloudProviderAccess/.test(call)).length, 1);
    assert.ok(!calls.some((call) => /DescribeConfigurationRevision/.test(call)));
  });

  it('says in a dry run what a run would change, and why by this mechanism', async (t) => {
    const request = { mechanism: 'auto', dryRun: true } as const;
    const { plan } = await check(t, { ...byIam, request, isPrivateConnectivityOn: false });
    assert.match(plan.note ?? '', /^The mechanism is AWS_MSK_IAM, because the cluster has IAM authentication on/);
    assert.deepEqual(
      plan.changes.map(({ state }) => state),
      ['EnablePrivateConnectivity', 'ApplyClusterPolicy', 'RequestPrivateLink', 'CreateConnection'],
    );
    assert.match(plan.changes[0]?.change ?? '', /connectivity for IAM\./);
    assert.match(plan.changes[3]?.change ?? '', /which logs in as the role arn:aws:iam/);
  });

  it('keeps the mechanism that the run has chosen', async (t) => {
    const scram = { ...byIam, cluster: {}, secrets: { [secretArn]: credentials } };
    const { plan } = await check(t, { ...scram, plan: { login: { mechanism: 'SCRAM-512', secretArn } } });
    assert.deepEqual(plan.login, login);
  });

  it('lists all that is missing, without what only SCRAM needs', async (t) => {
    const message = await complaint(t, {
      ...byIam,
      request: { mechanism: 'AWS_MSK_IAM' },
      cluster: { ...byIam.cluster, isIamOn: false, triggerTag: null },
      atlas: { 'GET /cloudProviderAccess': ok({ awsIamRoles: [] }) },
    });
    assert.match(message, /^3 prerequisites are not met:\n1\. IAM authentication is off/);
    assert.match(message, /\n2\. The streams role .* is not registered/);
    assert.match(message, /\n3\. The streams role may log in only to clusters with the tag atlas-streaming=connect/);
    assertCopyable(message);
  });
});

describe('CheckPrerequisites', () => {
  it('names the only SCRAM secret of the cluster if nothing is missing, and changes nothing', async (t) => {
    const { plan, calls } = await check(t);
    assert.deepEqual(plan, ready);
    assert.ok(
      calls.every((call) => /^(GET|Describe|Get)/.test(call)),
      String(calls),
    );
  });

  const unmet: [what: string, situation: Situation, found: RegExp, remedy: RegExp][] = [
    [
      'a serverless cluster',
      { cluster: { clusterType: 'SERVERLESS', isScramOn: false, kafkaVersion: null, clientBroker: null } },
      new RegExp(
        `Cluster ${clusterArn} is MSK Serverless, which supports only IAM authentication\\. Atlas needs multi-VPC connectivity`,
      ),
      RegExp(
        `Use another cluster, and remove the tag:\n {2}aws kafka untag-resource --region us-east-1 --resource-arn ${clusterArn} --tag-keys atlas-streaming\n`,
      ),
    ],
    [
      'a type of cluster that is not known',
      { cluster: { clusterType: 'OTHER' } },
      new RegExp(`The type of cluster ${clusterArn} is OTHER`),
      /it must be PROVISIONED\./,
    ],
    ['an old Kafka', { cluster: { kafkaVersion: '2.7.0' } }, /Kafka is 2\.7\.0; it must be 2\.7\.1/, /Upgrade/],
    ['a small broker', { cluster: { instanceType: 'kafka.t3.small' } }, /kafka\.t3\.small/, /Change the broker type/],
    [
      'SCRAM that is off',
      { cluster: { isScramOn: false, scramSecretArns: [] } },
      /SASL\/SCRAM .* is off/,
      /Turn it on/,
    ],
    ['open access', { cluster: { isUnauthenticatedOn: true } }, /Unauthenticated access is on/, /turn it off/],
    [
      'plain text between clients and brokers',
      { cluster: { clientBroker: 'TLS_PLAINTEXT' } },
      /clients and brokers is TLS_PLAINTEXT; it must be TLS/,
      /Change it/,
    ],
    [
      'a cluster without a custom configuration',
      { cluster: { configurationArn: null, configurationRevision: null } },
      /no custom configuration, so allow\.everyone\.if\.no\.acl\.found is true/,
      /ACLs first, then set allow\.everyone\.if\.no\.acl\.found=false/,
    ],
    [
      'access for everyone if no ACL is found',
      { properties: 'allow.everyone.if.no.acl.found=true' },
      /allow\.everyone\.if\.no\.acl\.found is true in revision 2 of arn:aws:kafka:.*; it must be false/,
      /ACLs first/,
    ],
    [
      'a configuration that leaves access without ACLs at its default',
      { properties: 'a=b' },
      /is true, the default in revision 2/,
      /ACLs first/,
    ],
    [
      'no SCRAM secret',
      { cluster: { scramSecretArns: [] } },
      /No SCRAM secret is associated/,
      /AmazonMSK_.*customer managed KMS key.*secretArn in the input/,
    ],
    [
      'two SCRAM secrets',
      { cluster: { scramSecretArns: [secretArn, otherSecretArn] } },
      /2 SCRAM secrets are associated/,
      /tag atlas-streaming\/secret \(its name\) or by secretArn in the input: arn:.*, arn:/,
    ],
    [
      'a secret without a password',
      { secrets: { [secretArn]: '{"username":"atlas"}' } },
      /has no usable password/,
      /it must be JSON such as/,
    ],
    [
      'a secret that its owner has not released',
      { described: { Tags: [{ Key: 'team', Value: 'orders' }] } },
      /The SCRAM secret arn:\S+ has no tag atlas-streaming=allow, so no run may read it/,
      RegExp(
        `:\n {2}aws secretsmanager tag-resource --region us-east-1 --secret-id ${secretArn} --tags Key=atlas-streaming,Value=allow$`,
      ),
    ],
    [
      'a secret whose tag has another value',
      { described: { Tags: [{ Key: 'atlas-streaming', Value: 'deny' }] } },
      /has the tag atlas-streaming="deny", so no run may read it; it must be "allow"/,
      /Value=allow$/,
    ],
    [
      'a secret under the default key',
      { described: { KmsKeyId: undefined } },
      /is encrypted with the default key aws\/secretsmanager, which MSK does not accept/,
      /in place of KEY:\n {2}aws secretsmanager update-secret --region us-east-1 --secret-id arn:\S+ --kms-key-id KEY$/,
    ],
    [
      'a secret under the default key, by its alias',
      { described: { KmsKeyId: 'alias/aws/secretsmanager' } },
      /the default key aws\/secretsmanager/,
      /--kms-key-id/,
    ],
    [
      "a secret under the default key, by its alias's ARN",
      { described: { KmsKeyId: 'arn:aws:kms:us-east-1:111122223333:alias/aws/secretsmanager' } },
      /the default key aws\/secretsmanager/,
      /--kms-key-id/,
    ],
    [
      'a secret that is scheduled for deletion',
      { described: { DeletedDate: new Date('2026-11-20T10:00:00Z') } },
      /is scheduled for deletion, so its value cannot be read/,
      RegExp(`:\n {2}aws secretsmanager restore-secret --region us-east-1 --secret-id ${secretArn}$`),
    ],
    ['a secret that does not exist', { secrets: {} }, /cannot be read \(ResourceNotFoundException/, /must exist/],
    [
      'a secret in a tag that is not associated, although it is usable',
      { request: { secretName: 'AmazonMSK_b' }, secrets: { [secretArn]: credentials, [otherSecretArn]: credentials } },
      /tag atlas-streaming\/secret names "AmazonMSK_b", and no secret of that name is associated/,
      /Associate it .*, or start a run manually/,
    ],
    [
      'no workspace',
      { atlas: { 'GET /streams': apiError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME') } },
      /STREAM_TENANT_NOT_FOUND_FOR_NAME/,
      /Create the workspace "streams" in Atlas project .*workspace in the input, or the tag atlas-streaming\/workspace/,
    ],
    [
      'a project that does not exist',
      { atlas: { 'GET /streams': apiError(404, 'GROUP_NOT_FOUND', 'No group with ID X exists.') } },
      /GROUP_NOT_FOUND: "No group with ID X exists/,
      /Correct projectId \(the parameter atlasProjectId, or the tag atlas-streaming\/project-id\)(?!.*[Cc]reate the workspace)/,
    ],
    [
      'a project without resources in the Region, before the brokers are rebooted',
      { isPrivateConnectivityOn: false, atlas: { 'GET /accountDetails': apiError(404, 'NOTHING_THERE') } },
      /names no AWS account for project .* in US_EAST_1.*NOTHING_THERE/,
      /deploy an Atlas cluster/,
    ],
    [
      'a private link that is FAILED, before the brokers are rebooted',
      {
        isPrivateConnectivityOn: false,
        atlas: {
          'GET /privateLinkConnections': list([privateLink({ state: 'FAILED', errorMessage: 'No policy.' })]),
        },
      },
      /could not set up private link 6a7941d3c0eb9e7a17722d71: "No policy"\. .*use1-az1, use1-az2.*--group-id sg-0a1b.*--cidr 192\.168\.248\.0\/21/s,
      /Its owner must delete it in Atlas/,
    ],
    [
      'a private link with another authentication scheme, before the brokers are rebooted',
      {
        isPrivateConnectivityOn: false,
        atlas: { 'GET /privateLinkConnections': list([privateLink({ authenticationScheme: 'IAM' })]) },
      },
      /authentication scheme IAM, which never changes\. The mechanism SCRAM-512 needs SASL_SCRAM/,
      /delete it in Atlas/,
    ],
    [
      'a workspace in another cloud',
      {
        atlas: { 'GET /streams': ok(workspaceOf({ dataProcessRegion: { cloudProvider: 'GCP', region: 'US_EAST1' } })) },
      },
      /in GCP; it must be on AWS in us-east-1/,
      /Choose another workspace .*, or create one there/,
    ],
    [
      'a workspace in another Region',
      {
        atlas: { 'GET /streams': ok(workspaceOf({ dataProcessRegion: { cloudProvider: 'AWS', region: 'OHIO_USA' } })) },
      },
      /in AWS us-east-2; it must be on AWS in us-east-1/,
      /Choose another workspace/,
    ],
    [
      'a workspace elsewhere, if Atlas offers no Stream Processing in the Region of the cluster',
      { request: { clusterArn: clusterArn.replace('us-east-1', 'eu-north-1') } },
      /Atlas offers no Stream Processing in eu-north-1; it offers ap-northeast-1, .*, us-west-2\./,
      /the cluster must be in one of these.*Use another cluster, and remove the tag:\n {2}aws kafka untag-resource --region eu-north-1 /,
    ],
    [
      'no workspace, if Atlas offers no Stream Processing in the Region of the cluster',
      {
        request: { clusterArn: clusterArn.replace('us-east-1', 'eu-north-1') },
        atlas: { 'GET /streams': apiError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME') },
      },
      /: Atlas offers no Stream Processing in eu-north-1/,
      /the cluster must be in one of these.*Use another cluster, and remove the tag:\n {2}aws kafka untag-resource --region eu-north-1 /,
    ],
    [
      'a connection of that name that is not a Kafka connection',
      { atlas: { 'GET /streams/connections/orders': ok(connection({ type: 'Cluster' })) } },
      /In workspace streams, connection "orders" exists and is of type Cluster/,
      /Choose another name .*atlas-streaming\/connection-name.*, or delete that connection/,
    ],
    [
      'a connection of that name without a private link',
      { atlas: { 'GET /streams/connections/orders': ok(connection({ networking: { access: { type: 'PUBLIC' } } })) } },
      /exists with PUBLIC networking/,
      /Choose another name/,
    ],
    [
      'a connection of that name through another private link',
      {
        atlas: {
          'GET /streams/connections/orders': ok(connection()),
          'GET /privateLinkConnections': list([privateLink({ _id: 'f'.repeat(24) })]),
        },
      },
      /goes through private link 6a7941d3c0eb9e7a17722d71, which is not the one to this cluster/,
      /Choose another name/,
    ],
  ];
  for (const [what, situation, found, remedy] of unmet)
    it(`refuses ${what}, with a remedy`, async (t) => {
      const message = await complaint(t, situation);
      assert.match(message, /^One prerequisite is not met: /);
      assertCopyable(message);
      assert.match(message, found);
      assert.match(message, remedy);
    });

  it('reports everything that is wrong with a secret at once, and does not read it', async (t) => {
    const described = { Tags: [], KmsKeyId: undefined, DeletedDate: new Date('2026-11-20T10:00:00Z') };
    const message = await complaint(t, { described, secrets: { [secretArn]: 'not JSON' } });
    assert.match(
      message,
      /^3 prerequisites are not met:\n1\. .*\n {3}aws .* restore-secret .*\n2\. .*\n {3}aws .* tag-resource .*\n3\. .*\n {3}aws .* update-secret/,
    );
    assert.doesNotMatch(message, /JSON/);
  });

  it('names only five of many SCRAM secrets', async (t) => {
    const scramSecretArns = Array.from({ length: 6 }, (_, i) => `${secretArn}${i}`);
    const message = await complaint(t, { cluster: { scramSecretArns } });
    assert.match(message, /6 SCRAM secrets/);
    assert.ok(message.endsWith(`${scramSecretArns.slice(0, 5).join(', ')}, ….`), message);
  });

  it('reports everything that is missing at once', async (t) => {
    const message = await complaint(t, {
      cluster: {
        kafkaVersion: '2.6.3',
        instanceType: 'kafka.t3.small',
        isUnauthenticatedOn: true,
        clientBroker: 'PLAINTEXT',
        configurationArn: null,
        scramSecretArns: [],
      },
      atlas: {
        'GET /streams': ok(workspaceOf({ dataProcessRegion: { cloudProvider: 'AWS', region: 'OHIO_USA' } })),
        'GET /streams/connections/orders': ok(connection({ type: 'Sample' })),
      },
    });
    const [first, ...lines] = message.split('\n');
    assert.equal(first, '8 prerequisites are not met:');
    assert.deepEqual(
      lines.map((line) => line.slice(0, 2)),
      ['1.', '2.', '3.', '4.', '5.', '6.', '7.', '8.'],
    );
  });

  it('also reports what the states after the reboot would miss', async (t) => {
    const message = await complaint(t, {
      isPrivateConnectivityOn: false,
      cluster: { kafkaVersion: '2.6.3' },
      atlas: {
        'GET /accountDetails': apiError(400, 'NOTHING_THERE'),
        'GET /privateLinkConnections': list([privateLink({ state: 'FAILED' })]),
      },
    });
    assert.match(
      message,
      /^3 prerequisites .*\n1\. Apache Kafka is 2\.6\.3.*\n2\. Atlas names no AWS.*\n {3}atlas clusters .*\n {3}When .*\n3\. Atlas could not set up.*\n {3}1\. The network/,
    );
    assertCopyable(message);
  });

  it('does not take the connection for absent if the key does not see the project', async (t) => {
    const atlas = { 'GET /streams/connections/orders': apiError(404, 'GROUP_NOT_FOUND') };
    await assert.rejects(check(t, { atlas }), { name: 'AtlasRefused', message: /GROUP_NOT_FOUND/ });
  });

  it('leaves that to those states if no reboot is needed', async (t) => {
    const { plan, calls } = await check(t, { atlas: { 'GET /accountDetails': apiError(404, 'NOTHING_THERE') } });
    assert.deepEqual(plan, ready);
    assert.deepEqual(
      calls.filter((call) => call.startsWith('GET ')),
      ['GET /streams', 'GET /streams/connections/orders'],
    );
  });

  for (const [status, name] of [
    [403, 'AtlasRefused'],
    [500, 'AtlasUnavailable'],
  ] as const)
    it(`does not treat Atlas's ${status} as an answer about the account`, async (t) => {
      const atlas = { 'GET /accountDetails': apiError(status, 'X') };
      await assert.rejects(check(t, { isPrivateConnectivityOn: false, atlas }), { name });
    });

  for (const [kafkaVersion, isMet] of [
    ['2.2.1', false],
    ['2.7', false],
    ['2.7.0', false],
    ['2.7.1', true],
    ['2.7.x', true],
    ['2.8.2.tiered', true],
    ['2.10.0', true],
    ['3.7.x', true],
    ['3.7.x.kraft', true],
    ['4.0.x', true],
    ['10.0', true],
  ] as const)
    it(`${isMet ? 'accepts' : 'refuses'} Kafka ${kafkaVersion}`, async (t) => {
      const situation = { cluster: { kafkaVersion } };
      if (isMet) await check(t, situation);
      else await complaint(t, situation);
    });

  for (const [properties, isMet] of [
    ['allow.everyone.if.no.acl.found = FALSE\r\n', true],
    ['a=b\nallow.everyone.if.no.acl.found:false', true],
    ['allow.everyone.if.no.acl.found=true\nallow.everyone.if.no.acl.found=false', true],
    ['allow.everyone.if.no.acl.found=false\nallow.everyone.if.no.acl.found=true', false],
    ['#allow.everyone.if.no.acl.found=false', false],
    ['! allow.everyone.if.no.acl.found=false', false],
    ['x.allow.everyone.if.no.acl.found=false', false],
    ['allow.everyone.if.no.acl.found=', false],
    ['allow.everyone.if.no.acl.found=\\\n  false', true],
    ['allow.everyone.if.\\\r\n  no.acl.found false', true],
    ['allow.everyone.if.no.acl.found=fal\\u0073e ', true],
    ['a=\\\nallow.everyone.if.no.acl.found=false', false],
    ['# comments do not continue \\\nallow.everyone.if.no.acl.found=false', true],
    ['allow.everyone.if.no.acl.found=\\u00zz', false],
  ] as const)
    it(`${isMet ? 'accepts' : 'refuses'} the configuration ${JSON.stringify(properties)}`, async (t) => {
      if (isMet) await check(t, { properties });
      else await complaint(t, { properties });
    });

  for (const [what, situation] of [
    ['if a tag names one', { request: { secretName: 'AmazonMSK_orders' } }],
    ['if one is recorded', { request: { secretArn } }],
    ['if the input names one', { request: { secretArn, maySecretBeAssociated: true } }],
  ] as const)
    it(`accepts two SCRAM secrets ${what}`, async (t) => {
      const { plan } = await check(t, { ...situation, cluster: { scramSecretArns: [otherSecretArn, secretArn] } });
      assert.deepEqual(plan, ready);
    });

  it('takes no other secret than the recorded one, which may be that of an administrator', async (t) => {
    for (const scramSecretArns of [[secretArn], [secretArn, otherSecretArn], []]) {
      const message = await complaint(t, { request: { secretArn: `${secretArn}3` }, cluster: { scramSecretArns } });
      assert.match(
        message,
        /was connected with the SCRAM secret arn:.*3, which is no longer associated with it\. .*perhaps by Terraform.*add the secret to that tool's list\. Otherwise associate it again/,
      );
    }
  });

  it('says in the plan what the settings ask for instead', async (t) => {
    const { plan } = await check(t, { request: { targetChange: 'Connected to A, asked for B' } });
    assert.equal(plan.note, 'Connected to A, asked for B. A run verifies the connected target and changes no other.');
  });

  it('accepts a secret in the input that is not associated yet', async (t) => {
    const { plan } = await check(t, {
      request: { secretArn, maySecretBeAssociated: true },
      cluster: { scramSecretArns: [] },
    });
    assert.deepEqual(plan, { ...ready, isScramSecretAssociated: false });
  });

  it("accepts every spelling of the workspace's Region and cloud", async (t) => {
    const dataProcessRegion = { cloudProvider: 'aws', region: 'us_east_1' };
    assert.deepEqual(
      (await check(t, { atlas: { 'GET /streams': ok(workspaceOf({ dataProcessRegion })) } })).plan,
      ready,
    );
  });

  it('accepts a connection of that name that uses the private link to the cluster', async (t) => {
    const { plan } = await check(t, {
      atlas: {
        'GET /streams/connections/orders': ok(connection({ state: 'PENDING' })),
        'GET /privateLinkConnections': list([privateLink()]),
      },
    });
    assert.deepEqual(plan, { ...ready, isLinkReady: true });
  });

  for (const [status, name] of [
    [401, 'AtlasCredentialsRefused'],
    [403, 'AtlasRefused'],
    [429, 'AtlasThrottled'],
    [500, 'AtlasUnavailable'],
  ] as const)
    it(`does not treat Atlas's ${status} as an answer about the workspace`, async (t) => {
      await assert.rejects(check(t, { atlas: { 'GET /streams': apiError(status, 'X') } }), { name });
    });
});

const states = (plan: { changes: { state: string }[] }) => plan.changes.map(({ state }) => state);

/** What the registry says about a cluster for which we have created everything. */
const record = (overrides: Partial<RegistryRecord> = {}): Partial<Request> => ({
  recorded: {
    clusterArn,
    secretVersionId: 'version-1',
    principalArn,
    connection: { id: connection().id, ownership: 'created' },
    privateLink: { id: privateLinkId, ownership: 'created' },
    statement: { sid, principalArn, ownership: 'created' },
    ...overrides,
  },
});
const sid = 'AtlasStreamProcessing123456789012';

/** Everything exists, and Atlas has the current password. */
const connectedSituation: Situation = {
  request: record(),
  policy: JSON.stringify({ Statement: atlasStatement(clusterArn, principalArn) }),
  atlas: {
    'GET /streams/connections/orders': ok(connection()),
    'GET /privateLinkConnections': list([privateLink()]),
  },
};
const connected = {
  principal: { awsAccountId: '123456789012', principalArn, cidrBlock: '192.168.248.0/21' },
  policy: { sid, result: 'unchanged', ownership: 'created' },
  privateLink: { id: privateLinkId, result: 'unchanged', ownership: 'created' },
  connection: {
    id: connection().id,
    ownership: 'created',
    name: 'orders',
    state: 'READY',
    result: 'unchanged',
    bootstrapServers,
    secretVersionId: 'version-1',
  },
};

describe('CheckPrerequisites, if the connection is READY,', () => {
  it('finds that nothing is left to do, and reads nothing twice', async (t) => {
    const { plan, calls } = await check(t, connectedSituation);
    assert.deepEqual(plan, { ...ready, isLinkReady: true, isConnected: true, connected });
    assert.deepEqual([...new Set(calls)].sort(), calls.toSorted());
  });

  const atlasWith = (answers: Record<string, Answer>) => ({ atlas: { ...connectedSituation.atlas, ...answers } });
  const incomplete: [what: string, situation: Situation, changes: string[]][] = [
    ['the statement is missing', { policy: '{"Statement":[]}' }, ['ApplyClusterPolicy']],
    ['the SCRAM secret has rotated', { request: record({ secretVersionId: 'version-0' }) }, ['CreateConnection']],
    ['this run has turned on connectivity, which its output must report', { connectivity: { result: 'updated' } }, []],
    [
      'it is unknown which password Atlas has',
      { request: { recorded: { ...record().recorded, clusterArn, secretVersionId: undefined } } },
      [],
    ],
    ['connectivity is off', { isPrivateConnectivityOn: false }, []],
    [
      'the bootstrap servers differ',
      atlasWith({ 'GET /streams/connections/orders': ok(connection({ bootstrapServers: 'b-1.old.example:14001' })) }),
      ['CreateConnection'],
    ],
    [
      'the private link is still WORKING',
      atlasWith({ 'GET /privateLinkConnections': list([privateLink({ state: 'WORKING' })]) }),
      [],
    ],
    [
      'the secret is not associated yet',
      {
        request: { ...record(), secretArn, maySecretBeAssociated: true },
        cluster: { scramSecretArns: [] },
      },
      ['AssociateScramSecret'],
    ],
  ];
  for (const [what, situation, changes] of incomplete)
    it(`leaves the rest to the later states if ${what}`, async (t) => {
      const { plan } = await check(t, { ...connectedSituation, ...situation });
      assert.deepEqual([states(plan), plan.isConnected], [changes, false]);
    });

  it('reads nothing else while the connection is still PENDING', async (t) => {
    const atlas = atlasWith({ 'GET /streams/connections/orders': ok(connection({ state: 'PENDING' })) });
    const { plan, calls } = await check(t, { ...connectedSituation, ...atlas });
    assert.deepEqual(plan, { ...ready, isLinkReady: true });
    assert.deepEqual(
      calls.filter((call) => /Policy|Bootstrap|account/.test(call)),
      [],
    );
  });
});

describe('CheckPrerequisites in a dry run', () => {
  const dryRun = { request: { dryRun: true } };
  it('plans every change, in the order of the states, and makes none', async (t) => {
    const { plan, calls } = await check(t, {
      request: { dryRun: true, secretArn, maySecretBeAssociated: true },
      cluster: { scramSecretArns: [] },
      isPrivateConnectivityOn: false,
    });
    assert.deepEqual(states(plan), [
      'EnablePrivateConnectivity',
      'AssociateScramSecret',
      'ApplyClusterPolicy',
      'RequestPrivateLink',
      'CreateConnection',
    ]);
    const [, associate, policy, link, kafka] = plan.changes.map(({ change }) => change);
    assert.ok(associate?.includes(secretArn));
    assert.ok(policy?.includes(JSON.stringify(atlasStatement(clusterArn, principalArn))));
    assert.ok(link?.includes(projectId));
    assert.match(kafka ?? '', /"orders" in workspace "streams"/);
    assert.ok(
      calls.every((call) => /^(GET|Describe|Get)/.test(call)),
      String(calls),
    );
  });

  const everything: Situation = { ...connectedSituation, request: { ...record(), dryRun: true } };

  it('plans nothing if everything exists', async (t) => {
    const { plan } = await check(t, everything);
    assert.deepEqual(plan, { ...ready, isLinkReady: true, isConnected: true, connected });
  });

  it('plans only what is missing', async (t) => {
    const { plan } = await check(t, { ...everything, policy: '{"Version":"2012-10-17","Statement":[]}' });
    assert.deepEqual(states(plan), ['ApplyClusterPolicy']);
  });

  const other = {
    bootstrapServers: 'b-1.elsewhere.example:14001',
    authentication: { mechanism: 'PLAIN', username: 'other' },
    security: { protocol: 'SSL' },
    config: { 'client.id': 'b' },
  };
  const updates: [what: string, found: Record<string, unknown>, wanted: Partial<Request>, fields: string][] = [
    [
      'whose user differs',
      { authentication: { ...other.authentication, mechanism: 'SCRAM-512' } },
      {},
      'authentication.username',
    ],
    [
      'whose password comes from another version of the secret',
      {},
      record({ secretVersionId: 'version-0' }),
      'authentication.password',
    ],
    [
      'in which everything differs',
      other,
      { config: { 'client.id': 'a' }, ...record({ secretVersionId: 'version-0' }) },
      'bootstrapServers, authentication.mechanism, authentication.username, security.protocol, config, authentication.password',
    ],
  ];
  for (const [what, found, wanted, fields] of updates)
    it(`plans the update of a connection ${what}, field by field`, async (t) => {
      const atlas = { ...everything.atlas, 'GET /streams/connections/orders': ok(connection(found)) };
      const { plan } = await check(t, { ...everything, atlas, request: { ...everything.request, ...wanted } });
      assert.deepEqual(plan.changes, [
        {
          state: 'CreateConnection',
          change: `Update ${fields} of the Kafka connection "orders" in workspace "streams".`,
        },
      ]);
    });

  it('plans no update of bootstrap servers that exist only after the reboot', async (t) => {
    const { bootstrapServers } = other;
    const atlas = { ...everything.atlas, 'GET /streams/connections/orders': ok(connection({ bootstrapServers })) };
    const { plan, calls } = await check(t, { ...everything, atlas, isPrivateConnectivityOn: false });
    assert.deepEqual(states(plan), ['EnablePrivateConnectivity']);
    assert.ok(!calls.includes('GetBootstrapBrokers'));
  });

  it('fails as the run would on a project without resources in the Region', async (t) => {
    const atlas = { ...everything.atlas, 'GET /accountDetails': apiError(404, 'NOTHING_THERE') };
    await assert.rejects(check(t, { ...everything, atlas }), {
      name: 'PrerequisitesNotMet',
      message: /deploy an Atlas/,
    });
  });

  it('fails as the run would on a private link that is FAILED', async (t) => {
    const atlas = {
      'GET /privateLinkConnections': list([privateLink({ state: 'FAILED', errorMessage: 'No policy.' })]),
    };
    await assert.rejects(check(t, { ...dryRun, atlas }), {
      name: 'PrivateLinkFailed',
      message: new RegExp(`${privateLinkId}: "No policy"\\. .*use1-az1, use1-az2.*--group-id sg-0a1b`, 's'),
    });
  });
});

describe('CheckPrerequisites and the registry:', () => {
  const former = atlasStatement(clusterArn, 'arn:aws:iam::210987654321:root');
  const formerRecord = record({
    principalArn: former.Principal.AWS,
    statement: { sid: former.Sid, principalArn: former.Principal.AWS, ownership: 'created' },
  });
  const answers = (overrides: Record<string, Answer>) => ({ ...connectedSituation.atlas, ...overrides });
  const planOf = async (t: TestContext, overrides: Situation) =>
    (await check(t, { ...connectedSituation, ...overrides })).plan;
  /** Whose the statement, the link and the connection are in the plan. */
  const owners = (plan: Awaited<ReturnType<typeof check>>['plan']) => {
    if (!plan.isConnected) return undefined;
    const { policy, privateLink, connection } = plan.connected;
    return [policy.ownership, privateLink.ownership, connection.ownership];
  };

  it('a cluster that was connected before there was a registry is adopted', async (t) => {
    const plan = await planOf(t, { request: { recorded: null } });
    assert.deepEqual([plan.isConnected, owners(plan)], [true, ['adopted', 'adopted', 'adopted']]);
  });

  it('an adopted connection is connected as it is, even if it differs and the secret has rotated', async (t) => {
    const theirs = connection({
      bootstrapServers: 'b-1.old:14001',
      authentication: { mechanism: 'PLAIN', username: 'x' },
    });
    const request = record({ secretVersionId: undefined, connection: { id: theirs.id, ownership: 'adopted' } });
    const plan = await planOf(t, { request, atlas: answers({ 'GET /streams/connections/orders': ok(theirs) }) });
    assert.deepEqual([plan.isConnected, plan.changes, owners(plan)], [true, [], ['created', 'created', 'adopted']]);
    assert.equal(
      plan.isConnected && plan.connected.connection.note,
      'not created by this deployment: runs never change its brokers, mechanism, user, and send it no rotated password. To change that, start a run with "claim": true',
    );
  });

  it('a dry run says what a run would use and never change', async (t) => {
    const { plan } = await check(t, { ...connectedSituation, request: { recorded: null, dryRun: true } });
    assert.deepEqual(plan.changes, []);
    assert.equal(
      plan.note,
      `A run would use private link ${privateLinkId} and the Kafka connection "orders", which this deployment did not create; a disconnect leaves both.`,
    );
    assert.equal((await planOf(t, { request: { recorded: null } })).note, undefined);
  });

  it('a claim leaves an adopted link and connection to the states that record them, and says what a disconnect will do', async (t) => {
    const adopted = { ownership: 'adopted' as const };
    const claimed = {
      ...record({ privateLink: { id: privateLinkId, ...adopted }, statement: { sid, principalArn, ...adopted } }),
      claim: true,
    };
    const plan = await planOf(t, { request: claimed });
    assert.deepEqual(
      [plan.isConnected, plan.changes],
      [
        false,
        [
          {
            state: 'RequestPrivateLink',
            change: `Take over private link ${privateLinkId}. A later disconnect deletes it.`,
          },
        ],
      ],
    );
    const request = { ...record({ connection: { id: connection().id, ...adopted } }), claim: true };
    const { changes } = await planOf(t, { request });
    assert.match(changes[0]?.change ?? '', /^Take over the Kafka connection "orders" .* send it the user and password/);
    // What is ours already is not taken over.
    assert.equal((await planOf(t, { request: { ...record(), claim: true } })).isConnected, true);
  });

  it("another party's statement that grants enough is not ours", async (t) => {
    const policy = JSON.stringify({ Statement: { ...atlasStatement(clusterArn, principalArn), Sid: 'Terraform' } });
    const plan = await planOf(t, { policy });
    assert.deepEqual(owners(plan), ['adopted', 'created', 'created']);
    assert.deepEqual(plan.isConnected && plan.connected.policy, {
      sid: 'Terraform',
      result: 'adopted',
      ownership: 'adopted',
    });
  });

  it('a statement under our Sid that grants more than the one of an unclear attempt is not ours', async (t) => {
    const policy = JSON.stringify({ Statement: { ...atlasStatement(clusterArn, principalArn), Action: 'kafka:*' } });
    const attempt = record({ statement: { sid, principalArn, attemptedAt: before } });
    assert.equal(owners(await planOf(t, { policy, request: attempt }))?.[0], 'adopted');
    assert.equal(owners(await planOf(t, { policy }))?.[0], 'created');
  });

  it("another party's statement under our Sid is refused", async (t) => {
    const policy = JSON.stringify({ Statement: { ...atlasStatement(clusterArn, principalArn), Action: 'kafka:X' } });
    await assert.rejects(planOf(t, { policy, request: record({ statement: undefined }) }), { name: 'PolicyRefused' });
  });

  it('another principal than the recorded one ends the run, unless a person has accepted it', async (t) => {
    await assert.rejects(planOf(t, { request: formerRecord }), { name: 'PrincipalChanged' });
    const policy = JSON.stringify({ Statement: [former] });
    const plan = await planOf(t, { policy, request: { ...formerRecord, acceptPrincipal: '123456789012' } });
    assert.deepEqual(states(plan), ['ApplyClusterPolicy', 'ApplyClusterPolicy']);
    assert.match(plan.changes[1]?.change ?? '', /^Remove the statement AtlasStreamProcessing210987654321/);
  });

  for (const [when, situation] of [
    ['before the reboot', { isPrivateConnectivityOn: false }],
    ['in a dry run', { request: { dryRun: true } }],
    ['at a verification', connectedSituation],
    [
      'although a person accepts it',
      { ...connectedSituation, request: { ...formerRecord, acceptPrincipal: '123456789012' } },
    ],
  ] as [string, Situation][])
    it(`an account that atlasAwsAccountIds does not list ends the run ${when}`, async (t) => {
      await assert.rejects(check(t, { ...situation, allowedAccounts: ['999988887777'] }), {
        name: 'PrincipalNotAllowed',
        message: /AWS account 123456789012 .*999988887777/,
      });
      await check(t, { ...situation, allowedAccounts: ['999988887777', '123456789012'] });
    });

  it('a plan names the account that it would let in, and whether a setting allows it', async (t) => {
    for (const [allowedAccounts, says] of [
      [['123456789012'], / Atlas connects from AWS account 123456789012, which atlasAwsAccountIds allows\.$/],
      [
        [],
        / Atlas connects from AWS account 123456789012\. The account was not compared with a list, because the setting atlasAwsAccountIds is empty\.$/,
      ],
    ] as const) {
      const { plan } = await check(t, { request: { dryRun: true }, allowedAccounts: [...allowedAccounts] });
      const { change = '' } = plan.changes.find(({ state }) => state === 'ApplyClusterPolicy') ?? {};
      assert.match(change, says);
    }
  });

  it("our statement for the former account is removed although another party's grants enough", async (t) => {
    const granting = { ...atlasStatement(clusterArn, principalArn), Sid: 'Terraform' };
    const policy = JSON.stringify({ Statement: [former, granting] });
    const plan = await planOf(t, { policy, request: { ...formerRecord, acceptPrincipal: '123456789012' } });
    assert.deepEqual([plan.isConnected, states(plan)], [false, ['ApplyClusterPolicy']]);
  });

  const missing: [what: string, situation: Situation][] = [
    ['the connection is missing', { atlas: { 'GET /privateLinkConnections': list([privateLink()]) } }],
    ['the link is missing', { atlas: answers({ 'GET /privateLinkConnections': list([]) }) }],
    ['connectivity is off', { isPrivateConnectivityOn: false }],
  ];
  for (const [what, situation] of missing)
    it(`the sweep creates nothing for an untagged cluster if ${what}`, async (t) => {
      const request = { ...record(), wantedBy: 'sweep' as const };
      const message = await complaint(t, { ...connectedSituation, ...situation, request });
      assert.match(message, /has no tag atlas-streaming=connect, and its connection "orders", its private link or its/);
      assert.ok(
        message.includes(
          `aws kafka tag-resource --region us-east-1 --resource-arn ${clusterArn} --tags atlas-streaming=connect`,
        ),
      );
    });

  it('the sweep repairs an untagged cluster of which everything exists', async (t) => {
    const plan = await planOf(t, { request: { ...record(), wantedBy: 'sweep' }, policy: '{"Statement":[]}' });
    assert.deepEqual(states(plan), ['ApplyClusterPolicy']);
  });

  it('a connection to an earlier cluster of the same name is refused with what happens to it', async (t) => {
    const arn = `${clusterArn.slice(0, -1)}9`;
    const atlas = answers({ 'GET /privateLinkConnections': list([privateLink({ arn })]) });
    const message = await complaint(t, { ...connectedSituation, atlas });
    assert.ok(
      message.includes(`but to ${arn}, a cluster with the same name. If that cluster was deleted, the sweep`),
      message,
    );
  });
});

describe('CheckPrerequisites finds in the cluster policy', () => {
  const ours = atlasStatement(clusterArn, principalArn);
  const deny = { Sid: 'Perimeter', Effect: 'Deny', Principal: '*', Action: 'kafka:*', Resource: '*' };
  const conditional = { ...deny, Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } };
  const gone = { ...ours, Sid: 'Old', Principal: { AWS: 'AROAEXAMPLEDELETED01' } };
  const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

  /** Before which change, or for which answer, the policy is checked. */
  const moments: [when: string, situation: Situation][] = [
    ['before the reboot of the brokers', { isPrivateConnectivityOn: false }],
    [
      'before another secret is associated',
      { cluster: { scramSecretArns: [] }, request: { secretArn, maySecretBeAssociated: true } },
    ],
    ['in a dry run', { request: { dryRun: true } }],
    [
      'in a verification without a ready link',
      {
        ...connectedSituation,
        request: { ...connectedSituation.request, recorded: null },
        atlas: {
          ...connectedSituation.atlas,
          'GET /privateLinkConnections': list([privateLink({ state: 'WORKING' })]),
        },
      },
    ],
  ];
  for (const [when, situation] of moments)
    it(`a Deny for Atlas and a deleted role, ${when}`, async (t) => {
      const message = await complaint(t, { ...situation, policy: policyOf(deny, gone) });
      assert.match(
        message,
        /^2 prerequisites are not met:\n1\. In the cluster policy, statement "Perimeter" denies Atlas's/,
      );
      assert.match(message, /\n2\. In the cluster policy, statement "Old" names AROAEXAMPLEDELETED01, the unique id/);
    });

  it('a Deny beside a complete Allow, which does not stop a run whose link is ready', async (t) => {
    const { plan } = await check(t, { ...connectedSituation, policy: policyOf(ours, deny) });
    assert.deepEqual([plan.isConnected, plan.isLinkReady], [true, true]);
    const denials = plan.isConnected ? plan.connected.policy.denials : undefined;
    assert.match(denials ?? '', /^In the cluster policy, statement "Perimeter" denies/);
  });

  it('no deleted role to complain about if the policy needs no change', async (t) => {
    const { plan } = await check(t, { ...connectedSituation, policy: policyOf(ours, gone) });
    assert.equal(plan.isConnected, true);
  });

  it('a deleted role if only the statement for a former account has to go', async (t) => {
    const former = atlasStatement(clusterArn, 'arn:aws:iam::210987654321:root');
    const statement = { sid: former.Sid, principalArn: former.Principal.AWS, ownership: 'created' as const };
    const request = { dryRun: true, recorded: { clusterArn, statement } };
    const message = await complaint(t, { policy: policyOf(former, { ...ours, Sid: 'Terraform' }, gone), request });
    assert.match(message, /statement "Old" names/);
  });

  it('a Deny under a condition, which the plan of a dry run names', async (t) => {
    for (const isPrivateConnectivityOn of [true, false]) {
      const situation = { policy: policyOf(conditional), isPrivateConnectivityOn, request: { dryRun: true } };
      const { plan } = await check(t, situation);
      assert.match(plan.note ?? '', /^The cluster policy may deny Atlas's account .* statement "Perimeter" denies/);
      assert.deepEqual(
        plan.changes.some(({ state }) => state === 'ApplyClusterPolicy'),
        true,
      );
    }
  });

  it('a Deny under a condition, which the Cause of a FAILED link names', async (t) => {
    const failed = privateLink({ state: 'FAILED', errorMessage: 'Not authorized.' });
    const atlas = { 'GET /privateLinkConnections': list([failed]) };
    const checked = check(t, { policy: policyOf(conditional), request: { dryRun: true }, atlas });
    await assert.rejects(checked, {
      name: 'PrivateLinkFailed',
      message: /Not authorized"\. The cluster policy may deny/,
    });
  });
});

describe('before the brokers are rebooted, CheckPrerequisites', () => {
  const sid = 'AtlasStreamProcessing123456789012';
  const foreign = JSON.stringify({
    Statement: [{ Sid: sid, Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }],
  });

  it("reports another party's statement under our Sid", async (t) => {
    const message = await complaint(t, { isPrivateConnectivityOn: false, policy: foreign });
    assert.match(message, new RegExp(`has a statement with the Sid ${sid}`));
  });

  const statement = { sid, principalArn, ownership: 'created' as const };

  it('accepts an older statement of ours if the registry says that it is ours', async (t) => {
    const older = JSON.stringify({ Statement: { ...atlasStatement(clusterArn, principalArn), Action: [] } });
    const request = { recorded: { clusterArn, statement } };
    const { plan } = await check(t, { isPrivateConnectivityOn: false, policy: older, request });
    assert.equal(plan.isConnected, false);
  });

  it('reports a statement under our Sid in another shape, whatever the registry says', async (t) => {
    for (const request of [{ recorded: { clusterArn, statement } }, { claim: true }]) {
      const message = await complaint(t, { isPrivateConnectivityOn: false, policy: foreign, request });
      assert.match(message, new RegExp(`has a statement with the Sid ${sid}`));
    }
  });

  it('reports that Atlas names another account than at the first connect', async (t) => {
    const recorded = { clusterArn, principalArn: 'arn:aws:iam::210987654321:root' };
    await assert.rejects(check(t, { isPrivateConnectivityOn: false, request: { recorded } }), {
      name: 'PrincipalChanged',
    });
  });
});

describe('CheckPrerequisites and topics:', () => {
  const topics = { orders: 6, 'orders-dlq': 1, payments: 3, __consumer_offsets: 50, unrelated: 1 };
  const named = (...names: string[]): Situation => ({ request: { topics: names }, topics });

  it('the plan says what a probe would do, on which tier and for how much, and counts it as no change', async (t) => {
    const request = { topics: ['orders'], probe: true, dryRun: true };
    const { plan } = await check(t, { ...connectedSituation, request: { ...record(), ...request }, topics });
    assert.equal(plan.isConnected, true);
    const [change] = plan.changes;
    assert.equal(change?.state, 'StartProbe');
    assert.match(
      change?.change ?? '',
      /"aspprobe[\da-f]{16}" in workspace "streams".*topic "orders" on tier SP2.*costs about a cent\./,
    );
    const { plan: larger } = await check(t, { request, topics: { orders: 33 } });
    assert.match(larger.changes.at(-1)?.change ?? '', /on tier SP5, .* costs about two cents\./);
  });

  it('the plan of a run has no probe, and a dry run says if the deployment asks for one without a topic', async (t) => {
    const { plan } = await check(t, {
      ...connectedSituation,
      request: { ...record(), topics: ['orders'], probe: true },
      topics,
    });
    assert.deepEqual(plan.changes, []);
    const { plan: dry } = await check(t, { request: { isProbeWithoutTopic: true, dryRun: true } });
    assert.match(dry.note ?? '', /asks for a probe \(the setting probe\), but no topic is named/);
  });

  it('without any, MSK is not asked for them', async (t) => {
    const { plan, calls } = await check(t, { topics });
    assert.equal('topics' in plan, false);
    assert.ok(!calls.some((call) => /Topic/.test(call)), calls.join());
  });

  it('the plan has their partitions', async (t) => {
    const { plan, calls } = await check(t, named('orders', 'payments'));
    assert.deepEqual(plan.topics, [
      { name: 'orders', partitions: 6 },
      { name: 'payments', partitions: 3 },
    ]);
    assert.equal(plan.uncheckedTopics, undefined);
    assert.deepEqual(
      calls.filter((call) => /Topic/.test(call)),
      ['DescribeTopic', 'DescribeTopic'],
    );
  });

  it('a dry run says how many partitions they have, as far as MSK says it', async (t) => {
    const situation = { ...named('orders', 'orders-dlq', 'a'), topics: { ...topics, a: null } };
    const { plan } = await check(t, { ...situation, request: { ...situation.request, dryRun: true } });
    assert.match(plan.note ?? '', /Topic orders has 6 partitions\. Topic orders-dlq has 1 partition\.$/);
  });

  it('a missing one is reported with up to three similar names', async (t) => {
    const more = { ...topics, 'orders-a': 1, 'orders-b': 1 };
    assert.equal(
      await complaint(t, { ...named('ordres', 'payments', 'order'), topics: more }),
      [
        '2 prerequisites are not met:',
        `1. Cluster ${clusterArn} has no topic ordres. Similar names: orders. Create the topic, or correct topics in the input or in the tag atlas-streaming/topics. MSK shows a new topic after about a minute.`,
        `2. Cluster ${clusterArn} has no topic order. Similar names: orders, orders-a, orders-b. Create the topic, or correct topics in the input or in the tag atlas-streaming/topics. MSK shows a new topic after about a minute.`,
      ].join('\n'),
    );
  });

  it('complains about a topic that MSK is deleting, and does not name it as a similar one', async (t) => {
    const text = await complaint(t, { ...named('orders'), topics, deletedTopic: 'orders' });
    assert.match(text, /has no topic orders, or is deleting it\. Similar names: orders-dlq\./);
  });

  it('a missing one is reported without similar names if there are none, or if they cannot be read', async (t) => {
    for (const situation of [named('zzz'), { ...named('ordres'), mayListTopics: false }])
      assert.match(await complaint(t, situation), /has no topic \w+\. Create the topic, /);
  });

  for (const [what, situation, why] of [
    [
      'Apache Kafka is older than 3.6.0',
      { ...named('orders'), cluster: { kafkaVersion: '3.5.1' } },
      /^Whether topic orders exists was not checked\. MSK shows topics only with Apache Kafka 3\.6\.0 or newer, and the cluster has 3\.5\.1\.$/,
    ],
    [
      'the role does not have the permission',
      { ...named('orders', 'a'), topics: awsError('ForbiddenException', 403) },
      /^Whether topic orders and topic a exist was not checked\. AWS refused kafka:DescribeTopic with HTTP 403 .* Something denies kafka:DescribeTopic to/,
    ],
    [
      'MSK refuses the question',
      { ...named('orders'), topics: awsError('BadRequestException', 400) },
      /^Whether topic orders exists was not checked\. AWS refused kafka:DescribeTopic with HTTP 400/,
    ],
  ] as [string, Situation, RegExp][])
    it(`they are not checked if ${what}, which is said and ends no run`, async (t) => {
      const { plan } = await check(t, situation);
      assert.match(plan.uncheckedTopics ?? '', why);
      assert.equal(plan.topics?.[0]?.partitions, null);
      const dry = await check(t, { ...situation, request: { ...situation.request, dryRun: true } });
      assert.ok(dry.plan.note?.includes(plan.uncheckedTopics ?? '?'), dry.plan.note);
    });

  it('throttling is retried by the machine', async (t) => {
    const throttled = awsError('TooManyRequestsException', 429);
    await assert.rejects(check(t, { ...named('orders'), topics: throttled }), { name: 'AwsThrottled' });
  });
});

describe('CheckPrerequisites and the reboot window:', () => {
  const changeWith = async (t: TestContext, rebootWindow: string | null) => {
    const { plan } = await check(t, { request: { dryRun: true, rebootWindow }, isPrivateConnectivityOn: false });
    return plan.changes[0]?.change ?? '';
  };

  it('the plan says until when the run waits before the brokers reboot', async (t) => {
    assert.match(await changeWith(t, null), /takes 30 minutes to hours\.$/);
    assert.match(await changeWith(t, 'Mon 10:00-14:00 UTC'), / The reboot window Mon 10:00-14:00 UTC is open now\.$/);
    assert.match(
      await changeWith(t, 'Sat 02:00-06:00 UTC'),
      / Before that, the run waits for the reboot window Sat 02:00-06:00 UTC, which opens 2026-11-28T02:00:00Z\.$/,
    );
  });
});
