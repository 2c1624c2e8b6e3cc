import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Report } from '../../cli/preflight/report.ts';
import type { Observer } from '../../cli/recording/recording.ts';
import { readDocument } from '../../docs/generators/documents.ts';
import { Cloud } from '../../emulators/cloud.ts';
import type { ClusterSeed } from '../../emulators/msk/seed.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { scenarios } from '../../local/scenarios.ts';
import { monthlyDollars, type Resource } from '../../shared/outcomes.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { preflightOf, preflightOfCluster, targetOptions } from '../fixtures/preflight.ts';

let cloud: Cloud;
before(async () => {
  cloud = await Cloud.start({ speed: 1 });
});
after(() => cloud.close());

async function look(world: WorldSeed = {}, args: string[] = []) {
  await cloud.replaceWorld(world);
  return preflightOfCluster(cloud, args);
}

const withCluster = (cluster: Partial<ClusterSeed>, args: string[] = []) => look({ cluster }, args);

const complaints = ({ checks }: Report) =>
  checks.flatMap(({ id, result, text }) => (result === 'unmet' ? [`${id}: ${text}`] : []));

describe('preflight judges the cluster', () => {
  it('as one that a run waits for while it is UPDATING', async () => {
    const { report, exitCode } = await withCluster({ state: 'UPDATING' });
    assert.deepEqual([report.ready, exitCode], [true, 0]);
    assert.match(report.notes.join(), /^The cluster is UPDATING\. A run waits until it is ACTIVE\.$/);
  });

  for (const state of ['FAILED', 'DELETING'] as const)
    it(`as one that no run connects if it is ${state}`, async () => {
      const { report, exitCode } = await withCluster({ state });
      assert.match(
        complaints(report).join(),
        new RegExp(`^clusterState: Cluster .* is ${state}; it must be ACTIVE\\. `),
      );
      assert.deepEqual([report.plan, exitCode], [null, 1]);
    });

  it('as one that no run can ever connect if it is MSK Serverless', async () => {
    const { report, text, exitCode } = await withCluster({ clusterType: 'SERVERLESS' } as Partial<ClusterSeed>);
    assert.match(complaints(report).join(), /^clusterType: Cluster .* is MSK Serverless, which supports only IAM/);
    assert.deepEqual([report.plan, report.cost, exitCode], [null, null, 1]);
    assert.match(
      text,
      /– Not checked: Apache Kafka is 2\.7\.1 or newer\.\n.*\n.*Needed first: The cluster is a provisioned/s,
    );
  });

  it('by the rules of its setting tags, and makes the other checks of AWS if a tag is wrong', async () => {
    const { report } = await withCluster({ tags: { 'atlas-streaming/workspace': 'not allowed' } });
    assert.match(
      complaints(report).join(),
      /^settings: The tag atlas-streaming\/workspace is "not allowed"; it must be/,
    );
    assert.equal(report.checks.find(({ id }) => id === 'acls')?.result, 'met');
    assert.equal(report.checks.find(({ id }) => id === 'workspace')?.result, 'unknown');
  });

  it('in the workspace that a tag names, without a stage and options', async () => {
    await cloud.replaceWorld({
      cluster: {
        tags: { 'atlas-streaming/project-id': cloud.world.project.id, 'atlas-streaming/workspace': 'streams' },
      },
    });
    const { report } = await preflightOf(cloud, ['--cluster', cloud.world.cluster.arn]);
    assert.deepEqual([report.ready, report.target.workspace], [true, 'streams']);
  });

  it('as one that must be tagged otherwise if its tag is disconnect', async () => {
    const { report } = await withCluster({ tags: { 'atlas-streaming': 'disconnect' } });
    assert.equal(report.ready, false);
    assert.deepEqual(
      report.checks.filter(({ result }) => result !== 'met').map(({ id }) => id),
      ['tag'],
    );
    const { text, remedy } = report.checks.find(({ id }) => id === 'tag') ?? {};
    assert.match(text ?? '', /^The tag atlas-streaming of \S+ is "disconnect", so a connect would be undone\./);
    assert.match(remedy ?? '', /^aws kafka tag-resource .* --tags atlas-streaming=connect$/);
  });

  it('by the topics that an option or a tag names, and says how many partitions they have', async () => {
    const { report } = await look({}, ['--topics', 'orders,payments']);
    assert.equal(report.checks.find(({ id }) => id === 'topics')?.result, 'met');
    assert.match(report.notes.join(), /Topic orders has 6 partitions\. Topic payments has 3 partitions\./);
    const missing = await withCluster({ tags: { 'atlas-streaming/topics': 'ordres' } });
    assert.match(
      complaints(missing.report).join(),
      /^topics: Cluster \S+ has no topic ordres\. Similar names: orders\./,
    );
    const without = await look();
    assert.equal(
      without.report.checks.some(({ id }) => id === 'topics'),
      false,
    );
  });

  it('without its topics if its Apache Kafka is too old, which is no complaint', async () => {
    const { report } = await withCluster({ kafkaVersion: '3.5.1' }, ['--topics', 'orders']);
    assert.equal(report.ready, true);
    assert.match(report.notes.join(), /^Whether topic orders exists was not checked\. MSK shows topics only with/);
  });

  it('with the secret that an option names', async () => {
    const secrets = { scramSecrets: [{ name: 'AmazonMSK_a' }, { name: 'AmazonMSK_b', isAssociated: false }] };
    const byName = await look(secrets, ['--secret', 'AmazonMSK_a']);
    assert.equal(byName.report.ready, true);
    const arn = cloud.world.scramSecrets[1]?.arn ?? '';
    const byArn = await preflightOfCluster(cloud, ['--secret', arn]);
    assert.deepEqual(byArn.report.plan?.[1], {
      state: 'AssociateScramSecret',
      change: `Associate ${arn} with the cluster.`,
    });
    const unassociated = await preflightOfCluster(cloud, ['--secret', 'AmazonMSK_b']);
    assert.match(complaints(unassociated.report).join(), /^secretChoice: .*no secret of that name is associated/);
  });

  it('as one that a run would connect with what a person has made, and leaves to that person', async () => {
    const scenario = scenarios.find(({ name }) => name === 'hand-made-connection');
    await cloud.replaceWorld(scenario?.world ?? {});
    await scenario?.prepare?.(cloud);
    const { report } = await preflightOfCluster(cloud, ['--stage', 'local']);
    assert.equal(report.ready, true);
    const use = 'A run would use private link \\w+ and the Kafka connection "orders", which';
    assert.match(report.notes.join(), new RegExp(`${use} this deployment did not create; a disconnect leaves both`));
    const without = await preflightOfCluster(cloud);
    assert.match(without.report.notes.join(), new RegExp(`${use} exist already.* it was not read \\(--stage NAME`));
  });

  it('with the record of the cluster, which pins the AWS account of Atlas', async () => {
    await cloud.replaceWorld({});
    const clusterArn = cloud.world.cluster.arn;
    await cloud.registry.put({ clusterArn, principalArn: 'arn:aws:iam::210987654321:root' });
    const { report } = await preflightOfCluster(cloud, ['--stage', 'local']);
    assert.match(
      complaints(report).join(),
      /^account: Atlas names .* at the first connect it was arn:aws:iam::210987654321:root/,
    );
    const without = await preflightOfCluster(cloud);
    assert.equal(without.report.ready, true);
  });

  it('as connected to the recorded target, whatever a tag asks for now', async () => {
    await cloud.replaceWorld({ cluster: { tags: { 'atlas-streaming/connection-name': 'orders-v2' } } });
    const { cluster, project } = cloud.world;
    await cloud.registry.put({
      clusterArn: cluster.arn,
      target: { projectId: project.id, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' },
      connection: { ownership: 'created' },
    });
    const { report, text } = await preflightOfCluster(cloud, ['--stage', 'local']);
    assert.equal(report.target.connectionName, 'orders');
    assert.match(
      report.notes.join('\n'),
      /but the tag atlas-streaming\/connection-name is "orders-v2"\. A run verifies the connected target/,
    );
    assert.match(text, /\n +aws kafka tag-resource .* --tags atlas-streaming\/connection-name=orders\n/);
    assertCopyable(text);
  });

  it('without a record if the stage is not deployed', async () => {
    await cloud.replaceWorld({});
    cloud.intercept = async ({ operation }, next) =>
      operation === 'GetItem'
        ? { status: 400, body: '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}' }
        : next();
    const { report, text } = await preflightOfCluster(cloud, ['--stage', 'local']);
    assert.equal(report.ready, true);
    assert.match(text, /\nStage "local" is not deployed in us-east-1 yet, so no record of a cluster counts\.\n/);
  });
});

describe('preflight says who owns the cluster', () => {
  for (const [tags, tool, tag] of [
    [{ 'aws:cloudformation:stack-name': 'orders' }, 'CloudFormation', 'aws:cloudformation:stack-name=orders'],
    [{ ManagedBy: 'terraform' }, 'Terraform', 'ManagedBy=terraform'],
    [{ managed_by: 'Terraform Cloud' }, 'Terraform', 'managed_by=Terraform Cloud'],
    [{ Terraform: 'true' }, 'Terraform', 'Terraform=true'],
    [{ 'managed-by': 'OpenTofu' }, 'OpenTofu', 'managed-by=OpenTofu'],
    [{ 'managed-by': 'pulumi' }, 'Pulumi', 'managed-by=pulumi'],
    [{ terraform: 'false', ManagedBy: 'hand' }, undefined, undefined],
  ] as const)
    it(`by the tags ${JSON.stringify(tags)}`, async () => {
      const { report } = await withCluster({ tags });
      assert.deepEqual([report.owner?.tool, report.owner?.tag], [tool, tag]);
    });

  it('with the snippets of docs/infrastructure-as-code.md, and the values of this cluster', async () => {
    for (const tags of [{ ManagedBy: 'terraform' }, { 'aws:cloudformation:stack-name': 'orders' }]) {
      const { report } = await withCluster({ tags } as Partial<ClusterSeed>);
      const { snippets = [] } = report.owner ?? {};
      assert.deepEqual(
        snippets.map(({ title }) => title),
        ['Tags', 'Multi-VPC connectivity', 'Cluster policy'],
      );
      const policy = snippets[2]?.text ?? '';
      assert.ok(
        policy.includes(report.clusterArn) && policy.includes(`arn:aws:iam::${cloud.world.project.awsAccountId}:root`),
      );
      assert.doesNotMatch(policy, /aws_msk_cluster\.orders\.arn|!Ref/);
    }
  });
});

describe('preflight of all clusters', () => {
  it('has a line for each, and reads what they share once', async () => {
    await cloud.replaceWorld({});
    for (const name of ['payments', 'old'])
      cloud.world.createCluster({
        name,
        scramSecretArns: cloud.world.scramSecrets.map(({ arn }) => arn),
        ...(name === 'old' && { kafkaVersion: '2.2.1', instanceType: 'kafka.t3.small' }),
      });
    const { reports, text, exitCode } = await preflightOf(cloud, ['--all', '--stage', 'local', ...targetOptions]);
    assert.equal(exitCode, 1);
    assert.deepEqual(text.split('\n').toSorted(), [
      'old       SCRAM-512  ✘ not ready: Apache Kafka is 2.2.1; it must be 2.7.1 or newer (1 more)',
      'orders    SCRAM-512  ✔ ready',
      'payments  SCRAM-512  ✔ ready',
    ]);
    assert.equal(reports.length, 3);
    const made = cloud.recorder.exchanges.filter(({ status }) => status !== 401).map(({ operation }) => operation);
    const count = (operation: string) => made.filter((it) => it === operation).length;
    for (const operation of [
      'ListClustersV2',
      'Scan',
      'DescribeSecret',
      'GetSecretValue',
      'getGroupStreamWorkspace',
      'listGroupStreamPrivateLinkConnections',
      'getGroupStreamAccountDetails',
    ])
      assert.equal(count(operation), 1, operation);
    for (const operation of ['ListScramSecrets', 'GetClusterPolicy', 'getGroupStreamConnection'])
      assert.equal(count(operation), 3, operation);
    assert.equal(count('DescribeClusterV2') + count('GetItem'), 0);
  });
});

describe('what preflight prints', () => {
  it('has every command on a line of its own, fits the width, and shows no secret', async () => {
    for (const world of scenarios.map((scenario) => scenario.world ?? {})) {
      const { report, text } = await look(world);
      for (const secret of cloud.world.secretValues)
        assert.ok(!text.includes(secret) && !JSON.stringify(report).includes(secret));
      assertCopyable(text);
      const tooLong = text
        .split('\n')
        .filter((line) => line.length > 100 && line.trim().includes(' ') && !/^ *(aws|atlas) |arn:/.test(line));
      assert.deepEqual(tooLong, []);
    }
  });

  it('is one JSON document that has the commands as remedies', async () => {
    const { report } = await look({ scramSecrets: [{ tags: {} }] });
    assert.deepEqual(Object.keys(report), [
      'clusterArn',
      'cluster',
      'ready',
      'target',
      'mechanism',
      'because',
      'checks',
      'otherWay',
      'plan',
      'notes',
      'cost',
      'owner',
    ]);
    const unmet = report.checks.find(({ result }) => result === 'unmet');
    assert.match(
      unmet?.remedy ?? '',
      /^aws secretsmanager tag-resource --region us-east-1 .* --tags Key=atlas-streaming,Value=allow$/,
    );
  });
});

describe('an observer of preflight', () => {
  it('sees each client of AWS and each request to Atlas', async () => {
    await cloud.replaceWorld({});
    const seen: string[] = [];
    const observer: Observer = {
      aws: ({ config }) => seen.push(config.serviceId),
      atlas: (fetch) => (url, init) => {
        seen.push(`${init.method} ${new URL(url).pathname.split('/').at(-1)}`);
        return fetch(url, init);
      },
    };
    const { report } = await preflightOfCluster(cloud, [], { observer });
    assert.equal(report.ready, true);
    assert.deepEqual(seen.toSorted(), [
      'DynamoDB',
      'GET accountDetails',
      'GET orders',
      'GET privateLinkConnections',
      'GET streams',
      'Kafka',
      'Secrets Manager',
    ]);
  });
});

describe('what a plan costs', () => {
  it('is what docs/cost.md and README.md say', async () => {
    const { report } = await look();
    assert.deepEqual(report.cost, {
      monthlyDollars: 67.5,
      parts: [
        { for: 'AWS for multi-VPC connectivity', monthlyDollars: 16.5 },
        { for: 'Atlas for the private link', monthlyDollars: 51 },
      ],
    });
    const dollars = (resource: Resource) => `$${(Math.round(monthlyDollars(resource) * 100) / 100).toFixed(2)}`;
    for (const [name, resource] of [
      ['private link in Atlas', 'privateLink'],
      ['multi-VPC connectivity in MSK', 'multiVpcConnectivity'],
    ] as const)
      assert.ok(
        readDocument('docs/cost.md')
          .split('\n')
          .some((line) => line.startsWith(`| ${name} |`) && line.endsWith(`| ${dollars(resource)} |`)),
        dollars(resource),
      );
    assert.match(
      readDocument('README.md'),
      /about \$67\.50 a month for the private connection: \$51 to Atlas .* \$16\.50 to AWS/,
    );
  });
});
