import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Cloud } from '../../emulators/cloud.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { tagAndConnect } from '../../local/scenario.ts';
import { preflightOf, preflightOfCluster, targetOptions } from '../fixtures/preflight.ts';

let cloud: Cloud;
before(async () => {
  cloud = await Cloud.start({ speed: 10_000 });
});
after(() => cloud.close());
beforeEach(() => cloud.replaceWorld({}));

/** Begins a line of its own, colours it, and reverses the text after it. */
const evil = '\u001b[31mX\n  ✔ forged line\u202e';

// biome-ignore lint/suspicious/noExplicitAny: the answers of several operations
type Body = any;

/** Changes what AWS answers to one operation. */
function change(operation: string, by: (body: Body) => void): void {
  cloud.intercept = async (call, next) => {
    const answer = await next();
    if (call.operation !== operation) return answer;
    const body = JSON.parse(answer.body);
    by(body);
    return { ...answer, body: JSON.stringify(body) };
  };
}

function assertHarmless(text: string): void {
  assert.doesNotMatch(text, /^ *✔ forged/m);
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{C}\p{Zl}\p{Zp}]/u);
}

describe('preflight prints a text of AWS on one line, and without what a terminal obeys', () => {
  const worsen = (cluster: Body) => {
    const { provisioned } = cluster;
    cluster.state = `UPDATING${evil}`;
    provisioned.currentBrokerSoftwareInfo.kafkaVersion = `2.2.1${evil}`;
    provisioned.brokerNodeGroupInfo.instanceType = evil;
    provisioned.encryptionInfo.encryptionInTransit.clientBroker = evil;
    const names = ['aws:cloudformation:stack-name', 'atlas-streaming/project-id', 'atlas-streaming/workspace'];
    cluster.tags = Object.fromEntries(names.map((name) => [name, evil]));
  };

  for (const args of [[], targetOptions])
    it(`for one cluster${args.length ? ' and a target' : ''}`, async () => {
      change('DescribeClusterV2', ({ clusterInfo }) => worsen(clusterInfo));
      const { text, report } = await preflightOf(cloud, ['--cluster', cloud.world.cluster.arn, ...args]);
      assert.match(text, /Apache Kafka is 2\.2\.1 \[31mX ✔ forged line ; it must be/);
      assertHarmless(text);
      assert.doesNotMatch(JSON.stringify(report), /\\u001b\[31mX\\n/);
    });

  it('for all clusters', async () => {
    change('ListClustersV2', ({ clusterInfoList: [cluster] }) => {
      worsen(cluster);
      cluster.clusterArn += evil;
    });
    const { text } = await preflightOf(cloud, ['--all', ...targetOptions]);
    assertHarmless(text);
    assert.equal(text.split('\n').length, 1);
  });

  it('for the secrets of a cluster', async () => {
    for (const secretArnList of [[evil], [evil, 'b']]) {
      change('ListScramSecrets', (body) => Object.assign(body, { secretArnList }));
      assertHarmless((await preflightOfCluster(cloud)).text);
    }
  });

  it('for a property of the configuration', async () => {
    await cloud.replaceWorld({
      cluster: { serverProperties: 'allow.everyone.if.no.acl.found=\\u001b[31mX\\n  ✔ forged' },
    });
    const { text } = await preflightOfCluster(cloud);
    assert.match(text, /allow\.everyone\.if\.no\.acl\.found is {2}\[31mX ✔ forged in revision/);
    assertHarmless(text);
  });
});

describe('preflight of a connected cluster', () => {
  beforeEach(async () => {
    await cloud.replaceWorld({
      cluster: { vpcConnectivity: { scram: true, iam: false, tls: false } },
      atlas: { linkMinutes: 1, connectionMinutes: 1 },
    });
    await tagAndConnect(cloud);
  });

  it('names the permission without which the plan is unknown', async () => {
    cloud.intercept = async ({ operation }, next) =>
      operation === 'GetBootstrapBrokers' ? mskError('AccessDeniedException', 'No.').answer : next();
    const { report } = await preflightOfCluster(cloud, ['--stage', 'local']);
    assert.equal(report.plan, null);
    assert.equal(
      report.notes.join(),
      'The plan is unknown. The AWS credentials lack kafka:GetBootstrapBrokers, or a policy denies it ("No.").',
    );
  });

  it('says no if the record is one that a run cannot read', async () => {
    const item = { clusterArn: { S: cloud.world.cluster.arn }, status: { S: 'nonsense' } };
    cloud.intercept = async ({ operation }, next) =>
      operation === 'GetItem' ? { status: 200, body: JSON.stringify({ Item: item }) } : next();
    const { report, exitCode } = await preflightOfCluster(cloud, ['--stage', 'local']);
    const { result, text } = report.checks.find(({ id }) => id === 'registry') ?? {};
    assert.equal(result, 'unmet');
    assert.match(text ?? '', /cannot be read \(status\)/);
    assert.equal(exitCode, 1);
  });
});

it('preflight uses the secret of an option although a tag is wrong', async () => {
  await cloud.replaceWorld({
    cluster: { tags: { 'atlas-streaming/workspace': 'not allowed' } },
    scramSecrets: [{ name: 'AmazonMSK_a' }, { name: 'AmazonMSK_b' }],
  });
  const { report } = await preflightOfCluster(cloud, ['--secret', 'AmazonMSK_a']);
  assert.deepEqual(
    report.checks.filter(({ result }) => result === 'unmet').map(({ id }) => id),
    ['settings'],
  );
});
