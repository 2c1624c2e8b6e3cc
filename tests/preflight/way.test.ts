import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Report } from '../../cli/preflight/report.ts';
import { atlasError } from '../../emulators/atlas/error.ts';
import { Cloud } from '../../emulators/cloud.ts';
import { iamSettings, iamWorld } from '../../emulators/iam-world.ts';
import { mskError } from '../../emulators/msk/router.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { quickToConnect, tagAndConnect } from '../../local/scenario.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { preflightOf, preflightOfCluster, targetOptions } from '../fixtures/preflight.ts';

/** A cluster that is ready for both ways. */
const both: WorldSeed = {
  cluster: { clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false } },
  project: iamWorld().project ?? {},
};
const onlyScram: WorldSeed = { project: iamWorld().project ?? {} };

let cloud: Cloud;
before(async () => {
  cloud = await Cloud.start({ speed: 10_000, settings: { ...iamSettings, streamsRoleRequiresTag: 'true' } });
});
after(() => cloud.close());

/** Runs preflight for a deployment with a streams role. */
async function look(world: WorldSeed, args: string[] = [], settings: Record<string, string> = {}) {
  await cloud.replaceWorld(world);
  return lookAgain(args, settings);
}

const lookAgain = (args: string[] = [], settings: Record<string, string> = {}) =>
  preflightOfCluster(cloud, ['--stage', 'local', ...args], { settings: { ...iamSettings, ...settings } });

const idsOf = ({ checks }: Pick<Report, 'checks'>, result?: string) =>
  checks.filter((check) => result === undefined || check.result === result).map(({ id }) => id);

const made = () => cloud.recorder.exchanges.map(({ operation }) => operation);

/** Answers for Atlas that the key may not read the roles. */
function refuseRoles(): void {
  cloud.intercept = async ({ operation }, next) =>
    operation === 'listGroupCloudProviderAccess' ? atlasError(403, 'USER_UNAUTHORIZED', 'No.').answer : next();
}

describe('preflight says which way a run takes, and why:', () => {
  it('auto takes IAM if the cluster has it on and the deployment has a streams role', async () => {
    const { report, text, exitCode } = await look(iamWorld());
    assert.equal(report.mechanism, 'AWS_MSK_IAM');
    assert.match(
      text.replace(/\s+/g, ' '),
      /Login AWS_MSK_IAM, because the cluster has IAM authentication on and the deployment has a streams role/,
    );
    assert.deepEqual(idsOf(report).slice(-2), ['iam', 'streamsRole']);
    assert.deepEqual([report.ready, exitCode, report.notes], [true, 0, []]);
    assert.deepEqual(
      idsOf(report).filter((id) => /scram|acls|secret/.test(id)),
      [],
    );
  });

  for (const [why, world, args, settings, because] of [
    ['IAM is off', onlyScram, [], {}, /^the cluster has IAM authentication off$/],
    ['a secret is named', both, ['--secret', 'AmazonMSK_orders'], {}, /^the input or a tag names a SCRAM secret$/],
    [
      'the stage has no streams role',
      both,
      [],
      { streamsRoleTrustedArn: '', streamsRoleExternalIds: '' },
      /^stage "local" has no streams role$/,
    ],
    ['an option says so', both, ['--mechanism', 'SCRAM-512'], {}, /^--mechanism names it$/],
    ['the stage says so', both, [], { mechanism: 'SCRAM-512' }, /^the setting mechanism is SCRAM-512$/],
    [
      'a tag says so',
      { ...both, cluster: { ...both.cluster, tags: { 'atlas-streaming/mechanism': 'SCRAM-512' } } },
      [],
      {},
      /^the tag atlas-streaming\/mechanism names it$/,
    ],
  ] as const)
    it(`it is SCRAM if ${why}`, async () => {
      const { report } = await look(world as WorldSeed, [...args], settings);
      assert.match(report.because ?? '', because);
      assert.deepEqual([report.mechanism, report.otherWay?.mechanism], ['SCRAM-512', 'AWS_MSK_IAM']);
    });

  it('it is SCRAM without a stage', async () => {
    await cloud.replaceWorld(both);
    const { report } = await preflightOfCluster(cloud);
    assert.deepEqual(
      [report.mechanism, report.because],
      ['SCRAM-512', 'no streams role is given (--stage NAME, or --streams-role ARN)'],
    );
  });

  it('the plan by IAM names no role that does not exist yet', async () => {
    await cloud.replaceWorld(both);
    const { report } = await preflightOfCluster(cloud, ['--mechanism', 'AWS_MSK_IAM']);
    assert.match(report.plan?.at(-1)?.change ?? '', /, which logs in as the streams role\.$/);
  });

  it('it is the way of an existing private link', async () => {
    await cloud.replaceWorld(both);
    const { cluster, project } = cloud.world;
    const { id } = project.createLink({
      provider: 'AWS',
      vendor: 'MSK',
      arn: cluster.arn,
      authenticationScheme: 'SASL_SCRAM',
    });
    const { report } = await lookAgain();
    assert.equal(report.because, `private link ${id} has the authentication scheme SASL_SCRAM`);
    const [lacking, ...others] = report.otherWay?.checks.filter(({ result }) => result !== 'met') ?? [];
    assert.match(lacking?.text ?? '', /has the authentication scheme SASL_SCRAM, which never changes/);
    assert.deepEqual([lacking?.id, others, report.ready], ['privateLink', [], true]);
  });

  it('it says what could change it if Atlas cannot be asked', async () => {
    await cloud.replaceWorld(both);
    const env = { MONGODB_ATLAS_PUBLIC_KEY: '', MONGODB_ATLAS_PRIVATE_KEY: '' };
    const { report } = await preflightOfCluster(cloud, ['--stage', 'local'], { env, settings: iamSettings });
    assert.equal(report.mechanism, 'AWS_MSK_IAM');
    assert.match(report.because ?? '', /; the scheme of an existing private link would count more, but whether/);
  });

  it('it says that it does not know the cluster if that cannot be described', async () => {
    await cloud.replaceWorld(both);
    cloud.intercept = async ({ operation }, next) =>
      operation === 'DescribeClusterV2' ? mskError('AccessDeniedException', 'No.').answer : next();
    const { report } = await lookAgain();
    assert.deepEqual(
      [report.mechanism, report.because, report.ready],
      ['SCRAM-512', 'whether the cluster has IAM authentication on is not known', null],
    );
    const iam = report.otherWay?.checks.find(({ id }) => id === 'iam');
    assert.match(iam?.text ?? '', /lack kafka:DescribeClusterV2/);
  });

  it('a connected cluster keeps its way, and the other one is a move', async () => {
    await cloud.replaceWorld(quickToConnect(both));
    await tagAndConnect(cloud);
    const { report, text } = await lookAgain();
    assert.deepEqual(
      [report.mechanism, report.because, report.plan],
      ['AWS_MSK_IAM', 'the registry records it for this cluster', []],
    );
    const link = report.otherWay?.checks.find(({ id }) => id === 'privateLink');
    assert.match(link?.text ?? '', /The cluster has no connection for about an hour then/);
    assert.match(
      link?.remedy ?? '',
      /^aws .* atlas-streaming=disconnect\naws .* atlas-streaming\/mechanism=SCRAM-512,atlas-streaming=connect$/,
    );
    assertCopyable(text);
  });

  it('it is not known for a cluster that is FAILED', async () => {
    const { report, text } = await look({ cluster: { state: 'FAILED' } });
    assert.deepEqual([report.mechanism, report.because, report.otherWay], [null, null, null]);
    assert.doesNotMatch(text, /^Login|instead/m);
  });
});

describe('preflight says what the other way lacks', () => {
  it('after the checks of both ways and those of the way that is taken, and does not count it', async () => {
    const { report, text, exitCode } = await look(iamWorld());
    assert.match(
      text,
      /policy lets Atlas connect.*\n\nTo log in by IAM:\n {2}✔ IAM .*\n {2}✔ .*streams role.*\n\nBy SASL\/SCRAM instead \(SCRAM-512, not counted\), a run would need:\n {2}• SASL\/SCRAM authentication is off\./,
    );
    assert.deepEqual(idsOf(report.otherWay ?? { checks: [] }, 'unmet'), ['scram', 'acls']);
    assert.doesNotMatch(text, /✘/);
    assert.deepEqual([report.ready, exitCode], [true, 0]);
    assert.match(text, /\nReady: a run would connect the cluster\.$/);
  });

  it('and how to choose it if that is nothing, without reading a password for it', async () => {
    const { text } = await look(both);
    assert.match(
      text,
      /\nBy SASL\/SCRAM instead \(SCRAM-512, not counted\), nothing is missing, apart from what was not checked\.\nTo choose it:\n {2}aws kafka tag-resource .* --tags atlas-streaming\/mechanism=SCRAM-512\n {2}– Not checked: The SCRAM secret has a user and a password\.\n/,
    );
    assert.ok(!made().includes('GetSecretValue'));
    assertCopyable(text);
    const byScram = await lookAgain(['--mechanism', 'SCRAM-512']);
    assert.match(byScram.text, /\nBy IAM instead \(AWS_MSK_IAM, not counted\), nothing is missing\. To choose it:\n/);
  });

  it('if the way that is taken lacks something as well', async () => {
    const neither = iamWorld({ project: { awsRoles: [] } });
    const { report, text, exitCode } = await look(neither);
    assert.deepEqual([idsOf(report, 'unmet'), exitCode], [['streamsRole'], 1]);
    assert.match(text, /\n {2}• SASL\/SCRAM authentication is off.*\nNot ready: 1 prerequisite is not met\.$/s);
    assert.match(
      report.checks.find(({ id }) => id === 'streamsRole')?.remedy ?? '',
      /^atlas cloudProviders accessRoles aws create --projectId \w+\natlas cloudProviders accessRoles aws authorize ROLE_ID /,
    );
    assertCopyable(text);
  });

  it('a streams role, and how to get one, also if nothing is known of Atlas', async () => {
    await cloud.replaceWorld({});
    const env = { MONGODB_ATLAS_PUBLIC_KEY: '', MONGODB_ATLAS_PRIVATE_KEY: '' };
    const { report } = await preflightOf(cloud, ['--cluster', cloud.world.cluster.arn], { env });
    const role = report.otherWay?.checks.find(({ id }) => id === 'streamsRole');
    assert.match(role?.text ?? '', /needs a streams role, and this deployment has none yet\./);
    assert.match(
      role?.remedy ?? '',
      /--projectId PROJECT_ID --iamAssumedRoleArn arn:aws:iam::\d+:role\/msk-atlas-privatelink-streams-us-east-1$/,
    );
    assert.ok(!made().includes('listGroupCloudProviderAccess'));
  });

  it('nothing for a cluster that no run can connect', async () => {
    const { report, text } = await look({ cluster: { clusterType: 'SERVERLESS' } });
    assert.equal(report.otherWay, null);
    assert.doesNotMatch(text, /instead/);
  });
});

describe('a key that may not read the roles of the project', () => {
  it('does not matter if a run takes the other way', async () => {
    await cloud.replaceWorld(onlyScram);
    refuseRoles();
    const { report, exitCode } = await lookAgain();
    assert.equal(report.otherWay?.checks.find(({ id }) => id === 'streamsRole')?.result, 'unknown');
    assert.deepEqual([report.ready, exitCode], [true, 0]);
  });

  it('makes the check unknown for IAM, and the reason names the role Project Read Only', async () => {
    await cloud.replaceWorld(iamWorld());
    refuseRoles();
    const { report, exitCode } = await lookAgain();
    assert.match(
      report.checks.find(({ result }) => result === 'unknown')?.text ?? '',
      /lack a role in this project \(USER_UNAUTHORIZED\)\. Give them the role Project Read Only\.$/,
    );
    assert.deepEqual([idsOf(report, 'unknown'), exitCode], [['streamsRole'], 2]);
  });
});

it('secrets that cannot be listed do not matter by IAM', async () => {
  await cloud.replaceWorld(both);
  cloud.intercept = async ({ operation }, next) =>
    operation === 'ListScramSecrets' ? { status: 403, body: '{"message":"No."}' } : next();
  const { report, exitCode } = await lookAgain();
  assert.deepEqual([report.ready, exitCode, report.plan === null], [true, 0, false]);
  assert.equal(report.otherWay?.checks.find(({ id }) => id === 'secretChoice')?.result, 'unknown');
});

describe('with streamsRoleRequiresTag, preflight', () => {
  const requiresTag = { streamsRoleRequiresTag: 'true' };

  it('judges an untagged cluster as a start by the tag does, and says what a manual start lacks', async () => {
    const { report } = await look(iamWorld(), [], requiresTag);
    assert.ok(!idsOf(report).includes('streamsRoleTag'));
    assert.equal(report.ready, true);
    assert.match(
      report.notes.join(),
      /^The streams role may log in only to clusters with the tag atlas-streaming=connect/,
    );
    const { error, cause = '' } = await cloud.start({ clusterArn: cloud.world.cluster.arn }).result;
    assert.equal(error, 'PrerequisitesNotMet');
    assert.match(cause, /The streams role may log in only to clusters with the tag/);
  });

  it('finds the tag of a tagged cluster', async () => {
    const world = iamWorld({ cluster: { ...iamWorld().cluster, tags: { 'atlas-streaming': 'connect' } } });
    const { report } = await look(world, [], requiresTag);
    assert.deepEqual(idsOf(report, 'met').slice(-2), ['streamsRole', 'streamsRoleTag']);
    assert.deepEqual(report.notes, []);
  });

  it('says nothing of it by SCRAM', async () => {
    const { report } = await look(onlyScram, [], requiresTag);
    assert.deepEqual(report.notes, []);
  });
});

for (const name of ['it is ready', 'the role is not registered'] as const)
  it(`preflight finds what a dry run by IAM finds if ${name}`, async () => {
    const tagged = { cluster: { tags: { 'atlas-streaming': 'connect' } } };
    const world = iamWorld(name === 'it is ready' ? {} : { project: { awsRoles: [] } });
    const { report } = await look({ ...world, cluster: { ...world.cluster, ...tagged.cluster } });
    const { output, cause = '' } = await cloud.start({ clusterArn: cloud.world.cluster.arn, dryRun: true }).result;
    if (report.ready) assert.deepEqual((output as { changes: unknown }).changes, report.plan);
    const plain = (text: string) => text.replace(/\n +/g, '\n');
    for (const { result, text = '' } of report.checks)
      if (result === 'unmet') assert.ok(plain(cause).includes(plain(text)), cause);
    assert.equal(report.ready, name === 'it is ready');
  });

it('preflight of all clusters says how each would log in, and makes no check of the other way', async () => {
  await cloud.replaceWorld(iamWorld());
  cloud.world.createCluster({
    name: 'old',
    clientAuthentication: { scram: true, iam: false, tls: false, unauthenticated: false },
  });
  const { reports, text } = await preflightOf(cloud, ['--all', '--stage', 'local', ...targetOptions], {
    settings: iamSettings,
  });
  const lines = text.split('\n').toSorted();
  assert.match(lines[0] ?? '', /^old {5}SCRAM-512 {4}✘ not ready: /);
  assert.equal(lines[1], 'orders  AWS_MSK_IAM  ✔ ready');
  assert.deepEqual(
    reports.map(({ otherWay }) => otherWay),
    [null, null],
  );
  const roles = made().filter((operation) => operation === 'listGroupCloudProviderAccess');
  assert.ok(roles.length >= 1 && roles.length <= 2, 'digest challenges the first request');
});

describe('the configuration of the tool that owns the cluster', () => {
  for (const [tags, both, one] of [
    [{ ManagedBy: 'terraform' }, /\n( *)iam = true\n\1scram = true\n/, /\n *iam = true\n *\}/],
    [
      { 'aws:cloudformation:stack-name': 'orders' },
      /\n( *)Iam: \{ Enabled: true \}\n\1Scram: \{ Enabled: true \}$/,
      /Sasl:\n *Iam: \{ Enabled: true \}$/,
    ],
  ] as const)
    it(`declares the scheme of the way that is taken, and those that are on (${Object.keys(tags)})`, async () => {
      const { cluster } = iamWorld();
      const snippetOf = ({ owner }: Report) =>
        owner?.snippets.find(({ title }) => title === 'Multi-VPC connectivity')?.text ?? '';
      const { report } = await look(iamWorld({ cluster: { ...cluster, tags } as never }));
      assert.match(snippetOf(report), one);
      assert.doesNotMatch(snippetOf(report), /scram/i);
      const on = { vpcConnectivity: { scram: true, iam: false, tls: false } };
      assert.match(snippetOf((await look(iamWorld({ cluster: { ...cluster, ...on, tags } as never }))).report), both);
      const byScram = (await look({ cluster: { tags } as never })).report;
      assert.match(snippetOf(byScram), /scram = true|Scram: \{ Enabled: true \}/);
      assert.doesNotMatch(snippetOf(byScram), /iam = |Iam: /);
    });
});
