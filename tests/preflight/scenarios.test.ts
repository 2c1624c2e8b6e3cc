import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Cloud } from '../../emulators/cloud.ts';
import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import { iamSettings } from '../../emulators/iam-world.ts';
import { defaultPlace, settingsOf } from '../../emulators/world.ts';
import { type Scenario, tagAndConnect } from '../../local/scenario.ts';
import { scenarios } from '../../local/scenarios.ts';
import { blocks } from '../docs/markdown.ts';
import { preflightOf, preflightOfCluster, targetOptions } from '../fixtures/preflight.ts';

/** What preflight reads from AWS and Atlas for one cluster: all of this, or less if an answer shows that the rest is of no use. */
const reads = [
  'DescribeClusterV2',
  'GetClusterPolicy',
  'GetItem',
  'getGroupStreamWorkspace',
  'getGroupStreamConnection',
  'listGroupStreamPrivateLinkConnections',
  'getGroupStreamAccountDetails',
];

/** What it reads as well to log in by SCRAM, whichever way a run takes, and by IAM, if the deployment has a streams role. */
const readsOf = {
  scram: ['ListScramSecrets', 'DescribeConfigurationRevision', 'DescribeSecret', 'GetSecretValue'],
  iam: ['listGroupCloudProviderAccess'],
};

/** What it reads as well for a cluster whose tag names topics: in one scenario, one of two is missing. */
const readsOfTopics: Record<string, string[]> = {
  'topic-missing': ['DescribeTopic', 'DescribeTopic', 'ListTopics'],
  probe: ['DescribeTopic'],
  'probe-denied': ['DescribeTopic'],
};

/** Scenarios whose run ends otherwise than preflight says, because of what happens after it has looked. */
const changedLater: Record<string, string> = {
  'link-fails': 'Atlas fails to set up the private link, an hour after it was requested.',
  'probe-denied': 'Only the probe finds out that the SCRAM user may not read the topic.',
  'rotation-in-use':
    'The password changes after the cluster was connected, while a stream processor uses the connection.',
  'target-changed': 'A setting tag is changed after the cluster was connected.',
  'principal-changed': 'Atlas names another AWS account after the cluster was connected.',
};

/** The scenario in which Atlas cannot be asked, so preflight does not say that the cluster is not ready, but that it is not known. */
const unknown = 'wrong-credentials';

describe('preflight', () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await Cloud.start({ speed: 10_000 });
  });
  after(() => cloud.close());

  /** With the settings of a scenario, and the credentials that its deployment has. */
  async function look({ settings, world }: { [Name in 'settings' | 'world']?: Scenario[Name] | undefined }) {
    const secret = world?.atlasCredentials
      ? ['--credentials-secret', settingsOf(defaultPlace()).atlasCredentialsSecretArn]
      : [];
    const { report } = await preflightOfCluster(cloud, ['--stage', 'local', ...secret], { settings: settings ?? {} });
    return report;
  }

  /** The permissions in AWS that the calls of all tests so far needed. */
  const used = new Set<string>();
  const noteUsed = () => {
    for (const { service, operation, caller } of cloud.recorder.exchanges)
      if (service !== 'atlas' && caller === personsAccessKeyId) used.add(`${service}:${operation}`);
  };
  afterEach(noteUsed);

  const operations = () =>
    // Digest: Atlas challenges the first request. The token of a service account is a request without an access key.
    cloud.recorder.exchanges.filter(({ status }) => status !== 401).map(({ operation }) => operation);

  for (const { name, world, settings, expected } of scenarios)
    it(`says ${expected.error && !changedLater[name] ? 'no' : 'yes'} for the cluster of the scenario ${name}, reads everything once and writes nothing`, async () => {
      await cloud.replaceWorld(world ?? {});
      const report = await look({ world, settings });
      const isReady = expected.error === undefined || name in changedLater;
      assert.equal(report.ready, name === unknown ? null : isReady, JSON.stringify(report.checks, null, 2));
      const made = operations();
      const others = world?.atlasCredentials ? ['GetSecretValue', 'createToken', 'getToken'] : [];
      const hasRole = settings === iamSettings;
      const named = readsOfTopics[name] ?? [];
      const known = [...reads, ...readsOf.scram, ...(hasRole ? readsOf.iam : []), ...named, ...others];
      for (const operation of new Set(made)) {
        assert.ok(known.includes(operation), `${operation} is not one of the reads`);
        const allowed = known.filter((it) => it === operation).length;
        assert.ok(made.filter((it) => it === operation).length <= allowed, `${operation} is repeated`);
      }
      const needed = [...reads, ...(hasRole ? readsOf.iam : readsOf.scram)];
      if (isReady)
        assert.deepEqual(
          needed.filter((it) => !made.includes(it)),
          [],
        );
    });

  for (const name of ['default', 'foreign-policy', 'prerequisites-missing', 'secret-without-tag'])
    it(`finds what a dry run finds in the scenario ${name}`, async () => {
      const { world } = scenarios.find((it) => it.name === name) ?? {};
      await cloud.replaceWorld(world ?? {});
      const { checks, plan, ready } = await look({ world });
      const { output, cause = '' } = await cloud.start({ clusterArn: cloud.world.cluster.arn, dryRun: true }).result;
      if (ready) assert.deepEqual((output as { changes: unknown }).changes, plan);
      const unmet = checks.flatMap(({ result, text = '' }) => (result === 'unmet' ? [text] : []));
      // In the Cause, the further lines of an item are indented.
      const plain = (text: string) => text.replace(/\n +/g, '\n');
      for (const text of unmet) assert.ok(plain(cause).includes(plain(text)), `${text}\n\nis not in\n\n${cause}`);
      const items =
        unmet.length > 1 ? new RegExp(`\\b${unmet.length} prerequisites are not met`) : /One prerequisite is not met/;
      if (!ready) assert.match(cause, items);
    });

  it('says yes for a connected cluster, and that nothing is left to change', async () => {
    await cloud.replaceWorld({
      cluster: { vpcConnectivity: { scram: true, iam: false, tls: false } },
      atlas: { linkMinutes: 1, connectionMinutes: 1 },
    });
    await tagAndConnect(cloud);
    const { ready, plan, notes, cost } = await look({});
    assert.deepEqual({ ready, plan, cost }, { ready: true, plan: [], cost: { monthlyDollars: 0, parts: [] } });
    assert.match(notes.join('\n'), /The cluster is connected/);
    assert.deepEqual(operations().toSorted(), [...reads, ...readsOf.scram, 'GetBootstrapBrokers'].toSorted());
  });

  it('needs exactly the permissions that docs/preflight.md lists', async () => {
    await preflightOf(cloud, ['--all', '--stage', 'local', ...targetOptions]);
    noteUsed();
    const documented = blocks.filter(({ file, language }) => file === 'docs/preflight.md' && language === 'json');
    assert.equal(documented.length, 1);
    const statements: { Action: string | string[] }[] = JSON.parse(documented[0]?.text ?? '').Statement;
    const actions = statements.flatMap(({ Action }) => Action);
    // Secrets Manager itself calls KMS for the person, and MSK asks the cluster for topics.
    const called = actions.filter((action) => !/^(kms|kafka-cluster):/.test(action));
    assert.deepEqual(called.toSorted(), [...used].toSorted());
  });

  it('lists only scenarios that exist', () => {
    const names = scenarios.map(({ name }) => name);
    assert.deepEqual(
      [...Object.keys(changedLater), unknown].filter((name) => !names.includes(name)),
      [],
    );
  });
});
