import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, suite, test } from 'node:test';
import { atlasClient } from '../../../cli/atlas-access.ts';
import { awsAccess } from '../../../cli/aws-access.ts';
import { NoAccess } from '../../../cli/exit.ts';
import { render } from '../../../cli/status/render.ts';
import { exitCodeOf, readStatus } from '../../../cli/status/status.ts';
import { Cloud } from '../../../emulators/cloud.ts';
import type { Answer } from '../../../emulators/emulator.ts';
import { defaultSettings } from '../../../packaging/settings.ts';
import type { RegistryRecord } from '../../../shared/registry/record.ts';
import { actAsPerson, personsEnvironment } from '../../fixtures/person.ts';

const projectId = '64b7e1c2d3f4a5968778695a';
const privateConnectivityIsOn = { vpcConnectivity: { scram: true, iam: false, tls: false } };
const region = 'us-east-1';
const settings = { ...defaultSettings('local'), atlasProjectId: projectId };

const refusal = (status: number, name: string): Answer => ({
  status,
  headers: { 'x-amzn-errortype': name, 'content-type': 'application/json' },
  body: JSON.stringify({ __type: name, message: 'refused by the test' }),
});

suite('npm run status', () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await Cloud.start({ speed: 1 });
  });
  after(() => cloud.close());
  beforeEach(async () => {
    await cloud.replaceWorld({ cluster: privateConnectivityIsOn });
    actAsPerson(cloud);
  });

  const read = async (atlas: Parameters<typeof readStatus>[0]['atlas'] = atlasOf(), projectIds = [projectId]) => {
    cloud.recorder.exchanges.splice(0);
    return readStatus({ stage: 'local', settings, hasFile: false, region, projectIds, atlas }, await awsAccess(region));
  };
  const source = 'the environment';
  const atlasOf = (key = {}, url = cloud.listeners.atlas.url) => ({
    client: atlasClient({ ...cloud.world.apiKey, ...key }, url),
    source,
  });
  const arn = () => cloud.world.cluster.arn;
  const ago = (minutes: number) => new Date(cloud.clock.now().getTime() - minutes * 60_000).toISOString();
  const linkTo = (clusterArn: string) =>
    cloud.world.project.createLink({
      provider: 'AWS',
      vendor: 'MSK',
      arn: clusterArn,
      authenticationScheme: 'SASL_SCRAM',
    }).id;
  const execution = (action: string) =>
    `arn:aws:states:${region}:123456789012:execution:msk-atlas-privatelink-local-${action}:run-1`;
  const connected = (changes: Partial<RegistryRecord> = {}): RegistryRecord => ({
    clusterArn: arn(),
    target: { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' },
    privateLink: { id: '6a1f0000aaaaaaaaaaaaaaaa', ownership: 'created', attemptedAt: ago(300) },
    connection: { id: '6a1f0001aaaaaaaaaaaaaaaa', ownership: 'adopted' },
    status: 'connected',
    detail: 'Connection orders in workspace streams is READY',
    verifiedAt: ago(60),
    ...changes,
  });
  const failed = (changes: Partial<RegistryRecord> = {}): RegistryRecord =>
    connected({
      status: 'failed',
      detail: 'CheckPrerequisites PrerequisitesNotMet - \u001b[2JThe cluster\nhas no secret',
      failures: 2,
      lastFailure: {
        error: 'PrerequisitesNotMet',
        fingerprint: 'f',
        at: ago(30),
        executionArn: execution('connect'),
        isNews: true,
        isAccountFault: false,
      },
      ...changes,
    });
  /** Not by MSK's API, which would start a run. */
  const startTagged = async (connectivity: object = privateConnectivityIsOn) => {
    const tags = { 'atlas-streaming': 'connect', 'atlas-streaming/status': 'connected' };
    await cloud.replaceWorld({ cluster: { ...connectivity, tags } });
    actAsPerson(cloud);
  };

  test('counts multi-VPC connectivity for each authentication scheme', async () => {
    await startTagged({ vpcConnectivity: { scram: true, iam: true, tls: false } });
    await cloud.registry.put(connected());
    const [cluster = assert.fail()] = (await read()).clusters;
    // 51.10 for the private link, and twice 16.43.
    assert.equal(Math.round(cluster.dollarsPerMonth), 84);
  });

  test('shows a connected cluster: what is whose, what it costs, and when it is verified next', async () => {
    await startTagged();
    const record = connected();
    await cloud.registry.put(record);
    const status = await read();
    const [cluster = assert.fail(), ...others] = status.clusters;
    assert.equal(others.length, 0);
    assert.equal(cluster.status, 'connected');
    assert.equal(cluster.since, record.verifiedAt);
    assert.deepEqual(
      cluster.resources.map(({ resource, ownership }) => `${resource} ${ownership}`),
      ['private link created', 'connection adopted'],
    );
    assert.equal(cluster.next?.action, 'connect');
    assert.equal(cluster.next?.at, new Date(Date.parse(record.verifiedAt ?? '') + 6 * 3_600_000).toISOString());
    assert.equal(Math.round(cluster.dollarsPerMonth), 68);
    assert.equal(status.dollarsPerMonth, cluster.dollarsPerMonth);
    assert.equal(exitCodeOf(status), 0);
  });

  test('shows the role or the SCRAM secret of a connection', async () => {
    const roleArn = `arn:aws:iam::123456789012:role/msk-atlas-privatelink-streams-${region}`;
    await cloud.registry.put(connected({ roleArn }));
    const { clusters } = await read();
    assert.deepEqual(
      clusters.map((cluster) => [cluster.roleArn, cluster.secretArn]),
      [[roleArn, undefined]],
    );
  });

  test('shows what a run has left: stopped stream processors and a probe', async () => {
    const entry = { name: 'enrich', tier: 'SP10', pipelineHash: 'a', stoppedAt: ago(5) };
    const probe = { name: 'aspprobe0123456789abcdef', startedAt: ago(5), projectId, workspace: 'streams' };
    const seen = { ...entry, name: 'seen', startedByFailedRun: true, seenStarted: true };
    await cloud.registry.put(connected({ stoppedProcessors: [entry, seen], probe }));
    const status = await read();
    assert.deepEqual(status.clusters[0]?.stoppedProcessors, ['enrich']);
    const text = render(status);
    assert.match(text, /Stopped by a run, and not started again yet: stream processor "enrich"/);
    assert.match(text, /Probe: stream processor aspprobe0123456789abcdef/);
  });

  test('asks each service once, reads each project once, and writes nothing', async () => {
    await startTagged();
    const other = '5f1a2b3c4d5e6f7a8b9c0d1e';
    const target = {
      projectId: other,
      workspace: 'streams',
      connectionName: 'orders',
      mechanism: 'SCRAM-512' as const,
    };
    await cloud.registry.put(connected({ target }));
    await read(atlasOf(), [projectId, other]);
    const requests = cloud.recorder.exchanges.filter(({ status }) => status !== 401);
    assert.deepEqual(
      requests.map(({ service, operation }) => `${service} ${operation}`),
      [
        'dynamodb Scan',
        'kafka ListClustersV2',
        'atlas listGroupStreamPrivateLinkConnections',
        'atlas listGroupStreamPrivateLinkConnections',
      ],
    );
    assert.ok(requests.every(({ method, service }) => method === 'GET' || service === 'dynamodb'));
  });

  test('shows a cluster that is tagged and not recorded', async () => {
    await startTagged();
    const { clusters } = await read();
    assert.deepEqual(
      clusters.map(({ status, next }) => [status, next?.action, next?.at]),
      [['not connected', 'connect', undefined]],
    );
  });

  test('shows a failed cluster with its error on one line, and when the sweep starts it again', async () => {
    await startTagged();
    const record = failed();
    await cloud.registry.put(record);
    const status = await read();
    const [cluster = assert.fail()] = status.clusters;
    assert.equal(cluster.error, 'CheckPrerequisites PrerequisitesNotMet - [2JThe cluster has no secret');
    assert.equal(cluster.next?.at, new Date(Date.parse(record.lastFailure?.at ?? '') + 3_600_000).toISOString());
    assert.equal(exitCodeOf(status), 1);
  });

  test('shows the run at work instead of the next one', async () => {
    const claimedAt = ago(3);
    await cloud.registry.put(failed({ holder: execution('connect'), action: 'connect', claimedAt }));
    const status = await read();
    const [{ running, next, since, needsPerson } = assert.fail()] = status.clusters;
    assert.deepEqual(running, { executionArn: execution('connect'), action: 'connect' });
    assert.equal(next, undefined);
    assert.equal(since, claimedAt);
    assert.equal(needsPerson, false);
  });

  test('shows an item that cannot be read', async () => {
    await cloud.registry.put({ clusterArn: arn(), status: 'of a newer version' });
    const link = linkTo(arn());
    const status = await read();
    assert.equal(status.clusters[0]?.status, 'unreadable');
    assert.match(status.clusters[0]?.error ?? '', /cannot be read \(status\)/);
    assert.ok(!status.orphans.some(({ id }) => id === link), 'the item may name the link');
    assert.equal(exitCodeOf(status), 1);
  });

  test('shows what is left of a cluster that MSK no longer has', async () => {
    const gone = arn().replace('/orders/', '/payments/');
    await cloud.registry.put(connected({ clusterArn: gone }));
    const { clusters } = await read();
    assert.deepEqual(
      clusters.map(({ name, exists, next, dollarsPerMonth }) => [
        name,
        exists,
        next?.action,
        Math.round(dollarsPerMonth),
      ]),
      [['payments', false, 'disconnect', 51]],
    );
  });

  test('says that the second sweep that misses a cluster starts the run, as the sweep does', async () => {
    const gone = arn().replace('/orders/', '/payments/');
    await cloud.registry.put(connected({ clusterArn: gone }));
    const reason = async () => (await read()).clusters[0]?.next?.reason;
    assert.match((await reason()) ?? '', /no longer exists; the second sweep that misses it starts the run$/);
    await cloud.registry.put(connected({ clusterArn: gone, missingSince: '2026-11-27T03:00:00.000Z' }));
    assert.match((await reason()) ?? '', /no longer exists$/);
  });

  test('says that the sweep does nothing if all recorded clusters have vanished at once', async () => {
    for (const name of ['payments', 'invoices'])
      await cloud.registry.put(connected({ clusterArn: arn().replace('/orders/', `/${name}/`) }));
    const status = await read();
    assert.deepEqual(
      status.clusters.map(({ next, needsPerson }) => [next, needsPerson]),
      [
        [undefined, true],
        [undefined, true],
      ],
    );
    assert.match(status.clusters[0]?.error ?? '', /^So many recorded clusters are missing in MSK/);
  });

  test('reports a private link that is in no record, with the command that deletes it', async () => {
    const id = linkTo(arn());
    const status = await read();
    const [orphan = assert.fail(), ...others] = status.orphans;
    assert.equal(others.length, 0);
    assert.deepEqual([orphan.id, orphan.state, orphan.clusterArn], [id, 'IDLE', arn()]);
    assert.match(orphan.remedy, /about \$51 a month.*"claim": true/);
    assert.equal(orphan.command, `atlas streams privateLinks delete ${id} --projectId ${projectId}`);
    assert.equal(exitCodeOf(status), 1);
  });

  test('does not suggest to take over the link of a cluster that no longer exists', async () => {
    linkTo(arn().replace('/orders/', '/payments/'));
    const { orphans } = await read();
    assert.equal(orphans[0]?.remedy, 'It costs about $51 a month. To remove it, delete it in Atlas.');
  });

  test('does not report links that are recorded, being requested, or of another account or Region', async () => {
    const recorded = linkTo(arn());
    const requested = arn().replace('/orders/', '/payments/');
    linkTo(requested);
    linkTo(arn().replace('123456789012', '210987654321'));
    await cloud.registry.put(connected({ privateLink: { id: recorded, ownership: 'created' } }));
    await cloud.registry.put(connected({ clusterArn: requested, privateLink: { attemptedAt: ago(0) } }));
    assert.deepEqual((await read()).orphans, []);
  });

  test('says that Atlas is deleting a link, which needs no person', async () => {
    cloud.world.project.deleteLink(linkTo(arn()));
    const status = await read();
    assert.deepEqual(
      status.orphans.map(({ remedy }) => remedy),
      ['Atlas is deleting it.'],
    );
    assert.equal(exitCodeOf(status), 0);
  });

  test('shows the clusters even if Atlas cannot be asked, and exits with 2', async () => {
    await startTagged();
    await cloud.registry.put(connected());
    for (const [atlas, expected] of [
      [{ reason: 'There are no Atlas credentials.' }, /^There are no/],
      [atlasOf({ privateKey: 'another' }), /does not accept the credentials from the environment/],
      [atlasOf({}, 'http://127.0.0.1:9'), /Check the network of this machine and MONGODB_ATLAS_BASE_URL/],
    ] as const) {
      const status = await read(atlas);
      assert.equal(status.clusters.length, 1);
      assert.equal(status.linksNotListed.length, 1);
      assert.match(status.linksNotListed[0]?.reason ?? '', expected);
      assert.equal(exitCodeOf(status), 2);
    }
  });

  test('searches the other projects if one of them cannot be listed', async () => {
    linkTo(arn());
    const { orphans, linksNotListed } = await read(atlasOf(), ['5f1a2b3c4d5e6f7a8b9c0d1e', projectId]);
    assert.equal(orphans.length, 1);
    assert.deepEqual(
      linksNotListed.map(({ projectId: id }) => id),
      ['5f1a2b3c4d5e6f7a8b9c0d1e'],
    );
  });

  test('shows the records if the credentials may not list clusters', async () => {
    await cloud.registry.put(connected());
    cloud.intercept = async ({ operation }, next) =>
      operation === 'ListClustersV2' ? refusal(403, 'AccessDeniedException') : next();
    const status = await read();
    assert.match(status.clustersNotListed ?? '', /lack kafka:ListClustersV2/);
    assert.deepEqual(
      status.clusters.map(({ status, exists, next }) => [status, exists, next]),
      [['connected', undefined, undefined]],
    );
    assert.equal(exitCodeOf(status), 2);
  });

  test('says in one sentence that the stage is not deployed, or that the registry may not be read', async () => {
    for (const [answer, expected] of [
      [
        refusal(400, 'ResourceNotFoundException'),
        /^Stage local is not deployed in Region us-east-1 of the account of these credentials: it has no DynamoDB table msk-/,
      ],
      [
        refusal(400, 'AccessDeniedException'),
        /^The registry .* cannot be read\. The AWS credentials lack dynamodb:Scan/,
      ],
      [refusal(400, 'ExpiredTokenException'), /The AWS credentials have expired/],
    ] as const) {
      cloud.intercept = async ({ service }, next) => (service === 'dynamodb' ? answer : next());
      await assert.rejects(read(), (error: Error) => error instanceof NoAccess && expected.test(error.message));
    }
  });

  test('counts the time by the clock of AWS', async () => {
    await startTagged();
    cloud.clock.advance(600);
    const verifiedAt = ago(60);
    await cloud.registry.put(connected({ verifiedAt }));
    const { clusters, now } = await read();
    assert.ok(Date.parse(now) - Date.now() > 9 * 3_600_000);
    assert.equal(clusters[0]?.next?.at, new Date(Date.parse(verifiedAt) + 6 * 3_600_000).toISOString());
  });

  test('prints the table, and nothing else on standard output with --json', async () => {
    await startTagged();
    await cloud.registry.put(connected());
    const main = new URL('../../../cli/status/main.ts', import.meta.url).pathname;
    const run = (...args: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
        execFile(process.execPath, [main, ...args], { env: personsEnvironment(cloud) }, (error, stdout, stderr) =>
          resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
        ),
      );
    const table = await run('--stage', 'local', '--project', projectId);
    assert.match(
      table.stdout,
      /^CLUSTER .*\norders +connected +[-\d]+ [:\d]+ +connect [-\d]+ [:\d]+ +\$67\.50 a month$/m,
    );
    assert.equal(table.code, 0, table.stderr);
    const document = await run('--stage', 'local', '--json');
    assert.equal(JSON.parse(document.stdout).clusters[0].clusterArn, arn());
    for (const { stdout, stderr } of [table, document])
      for (const secret of cloud.world.secretValues) assert.ok(!`${stdout}${stderr}`.includes(secret));
    const wrong = await run('--stages', 'local');
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /^Unknown option '--stages'. Did you mean --stage\?\n$/);
  });
});
