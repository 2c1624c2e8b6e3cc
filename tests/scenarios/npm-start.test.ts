import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, suite, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Cloud } from '../../emulators/cloud.ts';
import { page } from '../../local/page/page.ts';
import { runScenario, runScenarioIn } from '../../local/run.ts';
import type { Scenario } from '../../local/scenario.ts';
import { scenarios } from '../../local/scenarios.ts';
import type { Report } from '../../local/screen/report.ts';
import { secretsOf, spellings } from '../fixtures/leaks.ts';
import { noMaglev, withoutBuild } from '../fixtures/node-options.ts';
import { assertSelfContained } from '../fixtures/page.ts';

const main = new URL('../../local/main.ts', import.meta.url).pathname;

/** Runs what `npm start` runs, with the bundles of `npm run build`. The environment is empty if none is given. */
function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [noMaglev, ...withoutBuild, main, ...args], { env });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { child, ended: ended.then(([stdout, stderr, [code]]) => ({ stdout, stderr, code })) };
}

/** Linux has this file. */
const childrenOf = (pid: number) => `/proc/${pid}/task/${pid}/children`;
const skipWithoutProc = !existsSync(childrenOf(process.pid)) && 'this test needs /proc';

/** An hour takes 0.4 seconds. */
const speed = 9000;
const fast = ['--speed', String(speed)];

function fileWith(t: TestContext, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'input-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'input.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const clusterArn = 'arn:aws:kafka:eu-west-1:999988887777:cluster/pay/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-7';

/** The example event of the Tag Editor's user guide, with our tag. */
const event = (value: string) => ({
  version: '0',
  id: 'bddcf1d6-0251-35a1-aab0-adc1fb47c11c',
  'detail-type': 'Tag Change on Resource',
  source: 'aws.tag',
  account: '999988887777',
  time: '2018-09-18T20:41:38Z',
  region: 'eu-west-1',
  resources: [clusterArn],
  detail: {
    'changed-tag-keys': ['atlas-streaming'],
    tags: { 'atlas-streaming': value },
    service: 'kafka',
    'resource-type': 'cluster',
    version: 3,
  },
});

/** The page has the path, the outcome and all requests of a run, and no secret. */
function assertPage(text: string, { transitions, cause = '', requests }: Report, cloud: Cloud): void {
  const { elements, text: shown } = assertSelfContained(text);
  const taken = elements.filter(({ attrs }) => attrs.some(({ value }) => /^arrow (taken|caught)$/.test(value)));
  assert.equal(taken.length, transitions.length + ['from Start', 'to End'].length);
  assert.ok(shown.includes(cause));
  assert.ok(shown.includes(`${requests.length} requests`));
  for (const secret of secretsOf(cloud).flatMap(spellings))
    assert.ok(!text.includes(secret), 'a secret is in the page');
}

suite('the scenario', () => {
  const clouds = new Map<string, Cloud>();
  after(() => Promise.all([...clouds.values()].map((cloud) => cloud.close())));

  /** One cloud for all scenarios with the same settings and credentials, one after the other, because its functions are warm. */
  async function cloudFor({ settings = {}, world = {} }: Scenario): Promise<Cloud> {
    const key = JSON.stringify([settings, world.atlasCredentials]);
    const cloud = clouds.get(key);
    if (!cloud) {
      const started = await Cloud.start({ speed, settings, world });
      clouds.set(key, started);
      return started;
    }
    await cloud.replaceWorld(world);
    return cloud;
  }

  for (const scenario of scenarios) {
    const { name, expected } = scenario;
    test(`${name} ends in ${expected.endState}${expected.error ? ` with ${expected.error}` : ''}`, async () => {
      const cloud = await cloudFor(scenario);
      const { signal } = new AbortController();
      const report = await runScenarioIn(cloud, { scenario, signal });
      assert.equal(report.status, expected.endState, report.cause);
      assert.equal(report.error, expected.error);
      assert.equal(report.timeline.at(-1)?.state, expected.endState);
      assert.ok((report.calls.kafka?.ListTagsForResource ?? 0) >= 1);
      assertPage(page(report), report, cloud);
    });
  }
});

suite('an event of the user', () => {
  test('finds its tags on the cluster, also after a scenario that has connected it', async () => {
    const scenario = scenarios.find(({ name }) => name === 'disconnect') ?? assert.fail('no such scenario');
    const input = { path: 'event.json', value: event('disconnect'), action: 'connect' as const };
    const { signal } = new AbortController();
    const report = await runScenario({ scenario, input, settings: {}, speed, signal });
    assert.equal(report.status, 'Disconnected', JSON.stringify(report.output ?? report.cause));
    assert.deepEqual(report.tags.before, { 'atlas-streaming': 'disconnect' });
  });
});

suite('npm start', { concurrency: 2 }, () => {
  test('prints what happens, in plain lines of at most 100 columns if the output is not a terminal', async () => {
    const { stdout, code } = await start(['--scenario', 'prerequisites-missing', ...fast]).ended;
    assert.equal(code, 1);
    assert.match(stdout, /^msk-atlas-privatelink, run locally\n/);
    assert.match(stdout, /\n 0:\d\d:\d\d {2}✖ CheckPrerequisites +\d+ ms {2}PrerequisitesNotMet → IsAnythingLeft\n/);
    assert.match(stdout, /\nError {2}PrerequisitesNotMet\nCause\n {2}CheckPrerequisites failed: 7 prerequisites/);
    assert.match(stdout, /\n✖ SetupFailed after .*\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for their absence
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/);
    const tooLong = stdout.split('\n').filter((line) => line.length > 100 && !line.includes('arn:'));
    assert.deepEqual(tooLong, []);
  });

  test('shows the policy before and after, the link, the connection, the tags and the record', async () => {
    const { stdout } = await start(fast).ended;
    for (const pattern of [
      /⇄ WaitForPrivateLink ⇄ CheckPrivateLink +[\dhms ]+ {2}\d+ polls {2}.*DONE\n/,
      / Cluster +arn:\S+\n +Real /,
      /\{ "Sid": "FirehoseReadsOrders", … \} unchanged\n/,
      /\+ {3}"Sid": "AtlasStreamProcessing821274765805",\n/,
      /Private link in Atlas\n {2}id {8}[0-9a-f]{24}\n {2}state {5}DONE\n/,
      / login {4}user atlas, SCRAM-512 over SASL_SSL\n/,
      /\+ atlas-streaming\/status +connected\n/,
      /\nRecord in the registry, before and after\n/,
      /\+ privateLink\.ownership +created\n/,
      / Emulated +Amazon MSK, AWS Secrets Manager, Amazon DynamoDB and MongoDB Atlas, on this machine\.\n/,
      /\n✔ Connected after \d+h \d\dm \d\ds, simulated in [\d.]+ s\n$/,
    ]) {
      assert.match(stdout, pattern);
    }
    assert.doesNotMatch(stdout, /password/i);
  });

  test('runs with the console input in a file', async (t) => {
    const input = fileWith(t, { clusterArn, dryRun: true });
    const { stdout, code } = await start(['--json', '--input', input, ...fast]).ended;
    const { status, output } = JSON.parse(stdout);
    assert.deepEqual([code, status, output.clusterArn], [0, 'Planned', clusterArn]);
  });

  test('does not connect a serverless cluster, which its ARN shows', async (t) => {
    const input = fileWith(t, { clusterArn: clusterArn.replace(/7$/, 's1') });
    const { stdout, code } = await start(['--json', '--input', input, ...fast]).ended;
    const { status, error, cause } = JSON.parse(stdout);
    assert.deepEqual([code, status, error], [1, 'SetupFailed', 'PrerequisitesNotMet']);
    assert.match(cause, /is MSK Serverless, which supports only IAM authentication/);
  });

  test('starts the disconnect machine with the input in a file, after it has connected the cluster', async (t) => {
    const input = fileWith(t, { clusterArn });
    const { stdout, code } = await start(['--disconnect', '--input', input, ...fast]).ended;
    assert.equal(code, 0);
    assert.match(stdout, /Scenario +default\. Your input replaces its start\.\n/);
    assert.match(stdout, /Invented +The local cloud makes up a cluster with this ARN\. It does not read yours\.\n/);
    assert.match(stdout, /,\s+at\s+the\s+disconnect\s+machine\.\n/);
    assert.match(stdout, / {2}Kafka connection: removed\n[\s\S]*✔ Disconnected/);
  });

  test('shows a command in one line, the message that is sent, and a deleted cluster', async () => {
    const refused = await start(['--scenario', 'wrong-credentials', ...fast]).ended;
    assert.match(
      refused.stdout,
      /\n {2}After the fix, start again:\n {4}aws stepfunctions start-execution [^\n]* --input '[^\n]*'\n/,
    );
    assert.match(refused.stdout, /\nMessage that is sent\n {2}orders: connect failed: \w+\n {4}\(the Cause\)\n/);
    const deleted = await start(['--scenario', 'cluster-deleted', ...fast]).ended;
    assert.match(deleted.stdout, /\nCluster\n {2}The cluster no longer exists\.\n/);
    assert.match(deleted.stdout, /\n {4}2\. Stop this execution:\n {7}aws stepfunctions stop-execution [^\n]*\n/);
    assert.match(deleted.stdout, /Multi-VPC [^\n]*: absent \(deleted with the cluster\)\n/);
  });

  test('runs with the event in a file', async (t) => {
    const input = fileWith(t, event('connect'));
    const { stdout, code } = await start(['--json', '--input', input, ...fast]).ended;
    const { status, output } = JSON.parse(stdout);
    assert.deepEqual([code, status, output?.clusterArn], [0, 'Connected', clusterArn]);
  });

  test('starts nothing for an event that no rule matches, and says so', async (t) => {
    const input = fileWith(t, event('pause'));
    const asText = await start(['--input', input]).ended;
    assert.equal(asText.code, 1);
    assert.match(
      asText.stderr,
      /^No rule matches the event in \S+, so no execution is started\. The rule msk-atlas-privatelink-local-connect needs detail\.tags\.atlas-streaming to be "connect", not "pause"\. The rule \S+ needs [^\n]+ to be "disconnect", not "pause"\.\n$/,
    );
    const asJson = await start(['--json', '--input', input]).ended;
    assert.equal(asJson.code, 1);
    assert.equal(JSON.parse(asJson.stdout).status, 'NotStarted');
  });

  test('deploys with the given parameters, and writes a page beside the JSON', async (t) => {
    const file = fileWith(t, 'of an earlier run').replace(/json$/, 'html');
    const options = ['--param', 'atlasWorkspace=mine', '--html', file];
    const { stdout, code } = await start(['--json', '--scenario', 'dry-run', ...options, ...fast]).ended;
    assert.equal(code, 0);
    assert.match(stdout, /Create the Kafka connection .* in workspace \\"mine\\"/);
    const { text } = assertSelfContained(readFileSync(file, 'utf8'));
    assert.match(text, /Create the Kafka connection .* in workspace "mine"/);
    assert.equal(JSON.parse(stdout).status, 'Planned');
  });

  test("deploys with the scenario's own settings, which a parameter replaces", async () => {
    const refused = ['--json', '--scenario', 'principal-not-allowed', ...fast];
    assert.equal(JSON.parse((await start(refused).ended).stdout).error, 'PrincipalNotAllowed');
    const { stdout } = await start([...refused, '--param', 'atlasAwsAccountIds=821274765805']).ended;
    assert.equal(JSON.parse(stdout).status, 'Connected');
  });

  test('rejects a wrong parameter as npm run package does', async () => {
    const { stderr, code } = await start(['--param', 'atlasProjectId=mine']).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^atlasProjectId is "mine"; it must be the 24 hexadecimal characters .*\.\n$/);
  });

  test('does not call the real AWS, whatever the environment says', async () => {
    const environment = {
      AWS_PROFILE: 'production',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAREAL',
      AWS_SECRET_ACCESS_KEY: 'real',
      AWS_ENDPOINT_URL: 'http://aws.invalid',
      AWS_ENDPOINT_URL_KAFKA: 'http://kafka.invalid',
      AWS_USE_FIPS_ENDPOINT: 'true',
      HTTPS_PROXY: 'http://proxy.invalid',
    };
    const { stdout } = await start(['--json', '--scenario', 'dry-run', ...fast], environment).ended;
    assert.equal(JSON.parse(stdout).status, 'Planned');
  });

  test('prints the logs of the functions on standard error, with --logs', async () => {
    const { stderr } = await start(['--logs', '--scenario', 'wrong-credentials', ...fast]).ended;
    assert.match(stderr, /^CheckPrerequisites: \{"level":"ERROR"/m);
  });

  test('ends when it is interrupted, although the cluster is still being updated', async () => {
    const { child, ended } = start(['--speed', '1']);
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      // This line is printed when the next state has been entered: WaitForCluster, which takes 40 minutes in real time.
      // The signal comes twice, as from npm and the terminal. Two at the same moment could arrive as one.
      if (child.killed || !/✔ EnablePrivateConnectivity /.test(printed)) return;
      child.kill('SIGINT');
      void setTimeout(20).then(() => child.kill('SIGINT'));
    });
    const { stdout, stderr, code } = await ended;
    assert.deepEqual([code, stderr], [130, 'Interrupted.\n']);
    assert.doesNotMatch(stdout, /✔ Connected|SetupFailed/);
  });

  for (const [what, args, expected] of [
    ['a run', [], [130, 'Interrupted.\n']],
    ['a local cloud that is to stay up', ['--keep'], [0, '']],
  ] as const)
    test(`ends ${what} when a terminal interrupts the build, with all its processes`, {
      skip: skipWithoutProc,
    }, async () => {
      const child = spawn(process.execPath, [noMaglev, main, ...args], { env: {}, detached: true });
      const { pid = assert.fail() } = child;
      const ended = Promise.all([once(child, 'close'), text(child.stderr), text(child.stdout)]);
      // The first process that it starts is the one that builds.
      while (child.exitCode === null && readFileSync(childrenOf(pid), 'utf8') === '') await setTimeout(5);
      process.kill(-pid, 'SIGINT');
      const [[code], stderr] = await ended;
      assert.deepEqual([code, stderr], expected);
    });

  test('lists its scenarios and its options', async () => {
    const [list, help] = await Promise.all([start(['--list']).ended, start(['--help']).ended]);
    for (const { name, description } of scenarios) {
      assert.ok(list.stdout.includes(`\n  ${name}\n`), name);
      assert.ok(list.stdout.replace(/\s+/g, ' ').includes(description), description);
    }
    assert.match(help.stdout, /^Usage: npm start -- \[options\]/);
    assert.deepEqual([list.code, help.code], [0, 0]);
  });

  test('rejects wrong arguments with one sentence and the exit code 2', async () => {
    const { stdout, stderr, code } = await start(['--scenario', 'none']).ended;
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^There is no scenario "none"; there are default, .*\.\n$/);
    const unwritable = await start(['--html', 'no/such/folder.html']).ended;
    assert.deepEqual([unwritable.code, unwritable.stdout], [2, '']);
    assert.match(unwritable.stderr, /^--html no\/such\/folder\.html cannot be written: ENOENT: .*\.\n$/);
  });
});
