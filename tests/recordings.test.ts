import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import type { RecordedExchange, RecordingFile } from '../cli/recording/recording.ts';
import { Cloud } from '../emulators/cloud.ts';
import { atlasStatement } from '../shared/msk/policy.ts';
import type { RegistryRecord } from '../shared/registry/record.ts';
import { faultsIn, recordLocalCloud } from './fixtures/recordings.ts';

/** What users have sent: CONTRIBUTING.md, "Send a recording". */
const sent = globSync('recordings/*.json', { cwd: import.meta.dirname }).map((file) => join(import.meta.dirname, file));

const accountId = '424242424242';
const atlasAccountId = '434343434343';
const clusterArn = `arn:aws:kafka:us-east-1:${accountId}:cluster/topsecret/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5`;

/** A connected cluster, with names that are in no API. */
async function startConnected(): Promise<Cloud> {
  const statement = atlasStatement(clusterArn, `arn:aws:iam::${atlasAccountId}:root`);
  const policy = { Version: '2012-10-17', Statement: [{ ...statement, Sid: 'TeamSid' }] };
  const cloud = await Cloud.start({
    speed: 1,
    place: { region: 'us-east-1', accountId, clusterArn },
    settings: { atlasWorkspace: 'workspace-of-tom' },
    world: {
      cluster: {
        policy,
        tags: { 'atlas-streaming': 'connect', 'team-of': 'tom@corp.example', [`cost-${accountId}`]: 'x' },
        vpcConnectivity: { scram: true, iam: false, tls: false },
      },
      scramSecrets: [
        { name: 'AmazonMSK_toms', secretString: JSON.stringify({ username: 'toms-user', password: 'toms-password' }) },
      ],
      project: { awsAccountId: atlasAccountId, awsRoles: [{ roleArn: `arn:aws:iam::${accountId}:role/of-tom` }] },
      atlas: { linkMinutes: 1, connectionMinutes: 1 },
    },
  });
  const { cluster, project } = cloud.world;
  const link = project.createLink({
    provider: 'AWS',
    vendor: 'MSK',
    arn: cluster.arn,
    authenticationScheme: 'SASL_SCRAM',
  });
  cloud.clock.advance(3);
  project.createConnection('workspace-of-tom', {
    name: 'connection-of-tom',
    type: 'Kafka',
    bootstrapServers: 'b-1.topsecret.a1b2c3.c2.kafka.us-east-1.amazonaws.com:14001',
    authentication: { mechanism: 'SCRAM-512', username: 'toms-user', password: 'toms-password' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: link.id } },
    config: { 'group.id': 'toms-group' },
  });
  const record: RegistryRecord = {
    clusterArn: cluster.arn,
    status: 'connected',
    detail: 'Connection connection-of-tom',
    privateLink: { id: link.id, ownership: 'created' },
  };
  await cloud.registry.put(record);
  return cloud;
}

suite('a recording', () => {
  let text: string;
  let hidden: string[];
  let local: RecordingFile;
  before(async () => {
    const cloud = await startConnected();
    ({ text, hidden } = await recordLocalCloud(cloud).finally(() => cloud.close()));
    local = JSON.parse(text);
  });
  const bodyOf = <Body>(is: (exchange: RecordedExchange) => boolean) => {
    const exchange = local.exchanges.find(is);
    assert.ok(exchange);
    return exchange.body as Body;
  };

  test('has every exchange, with its operation, path, status and fields', () => {
    const of = (operation: string) => local.exchanges.filter((it) => it.operation === operation);
    assert.deepEqual(
      of('DescribeClusterV2').map(({ status }) => status),
      [200, 404],
    );
    const { clusterInfo } = bodyOf<{ clusterInfo: Record<string, Record<string, unknown>> }>(
      ({ operation }) => operation === 'DescribeClusterV2',
    );
    assert.deepEqual(
      [clusterInfo.state, clusterInfo.clusterType, clusterInfo.provisioned?.numberOfBrokerNodes],
      ['ACTIVE', 'PROVISIONED', 3],
    );
    const { results } = bodyOf<{ results: { state: string }[] }>(({ path }) =>
      /^\/api\/atlas\/v2\/groups\/0{23}[0-9a-f]\/streams\/privateLinkConnections$/.test(path),
    );
    assert.equal(results[0]?.state, 'DONE');
    assert.ok(local.exchanges.length >= 20);
  });

  test('has no secret, name, id, address or account of the world', () => {
    assert.ok(hidden.length > 20, String(hidden.length));
    const own = [
      accountId,
      atlasAccountId,
      'TeamSid',
      'team-of',
      'corp.example',
      'toms-',
      'topsecret',
      '-of-tom',
      '127.0.0.1',
      'AmazonMSK_',
    ];
    for (const value of [...hidden, ...own]) assert.ok(!text.includes(value), value);
  });

  test('keeps the actions of a policy', () => assert.match(text, /kafka:DescribeClusterV2/));

  test('replaces the same value by the same text everywhere', () => {
    const { clusterInfo } = bodyOf<{ clusterInfo: { clusterArn: string; clusterName: string } }>(
      ({ operation }) => operation === 'DescribeClusterV2',
    );
    const { clusterInfoList } = bodyOf<{ clusterInfoList: { clusterArn: string }[] }>(
      ({ operation }) => operation === 'ListClustersV2',
    );
    assert.equal(clusterInfoList[0]?.clusterArn, clusterInfo.clusterArn);
    assert.match(clusterInfo.clusterArn, /^arn:aws:kafka:us-east-1:0{11}\d:cluster\/text-\d+\/text-\d+$/);
    assert.equal(clusterInfo.clusterArn.split('/')[1], clusterInfo.clusterName);
    assert.ok(text.includes(`"arn": "${clusterInfo.clusterArn}"`), 'the private link has the same ARN');
    assert.ok(text.includes(encodeURIComponent(clusterInfo.clusterArn)), 'and so have the paths');
  });

  test('of the local cloud is as the emulators say', () => assert.deepEqual(faultsIn(local, local), []));

  for (const [what, expected, change] of [
    [
      'a number that is a text',
      /^kafka DescribeClusterV2: .*numberOfBrokerNodes must be a number/,
      (all: string) => all.replace('"numberOfBrokerNodes": 3', '"numberOfBrokerNodes": "3"'),
    ],
    [
      'a new field of MSK',
      /^kafka DescribeClusterV2: the emulator's answer has no clusterInfo\.rebalancing\./,
      (all: string) => all.replace('"state": "ACTIVE"', '"state": "ACTIVE", "rebalancing": true'),
    ],
    ['a new state of Atlas', /^atlas listGroup\w+: .*state/, (all: string) => all.replace('"DONE"', '"RESTING"')],
    [
      'a new field of Atlas',
      /^atlas listGroup\w+: .*Unrecognized key.*zone/,
      (all: string) => all.replace('"state": "DONE"', '"state": "DONE", "zone": 1'),
    ],
    [
      'an endpoint that is not emulated',
      /^atlas GET .*: the emulator of Atlas has no such endpoint\./,
      (all: string) => all.replace('streams/privateLinkConnections"', 'streams/other/things/there"'),
    ],
  ] as const)
    test(`with ${what} does not agree with the emulators`, () => {
      const changed = change(text);
      assert.ok(changed !== text);
      assert.match(faultsIn(JSON.parse(changed), local).join('\n'), expected);
    });

  for (const file of sent)
    test(`${file} agrees with the emulators`, () =>
      assert.deepEqual(faultsIn(JSON.parse(readFileSync(file, 'utf8')), local), []));
});
