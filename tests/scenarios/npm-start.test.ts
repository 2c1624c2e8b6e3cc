import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, type TestContext, test } from 'node:test';
import { scenarios } from '../../local/scenarios.ts';

const main = new URL('../../local/main.ts', import.meta.url).pathname;

/** What `npm start` runs, without an environment if none is given. */
function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], { env });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { child, ended: ended.then(([stdout, stderr, [code]]) => ({ stdout, stderr, code })) };
}

/** An hour takes 0.4 seconds. */
const fast = ['--speed', '9000'];

function fileWith(t: TestContext, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'input-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'input.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const clusterArn = 'arn:aws:kafka:eu-west-1:999988887777:cluster/pay/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-7';

/** An event in the words of the Tag Editor's user guide. */
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

suite('npm start -- --json --scenario', { concurrency: 2 }, () => {
  for (const { name, expected } of scenarios) {
    test(`${name} ends in ${expected.endState}${expected.error ? ` with ${expected.error}` : ''}`, async () => {
      const { stdout, stderr, code } = await start(['--json', '--scenario', name, ...fast]).ended;
      const report = JSON.parse(stdout);
      assert.equal(report.status, expected.endState, report.cause);
      assert.equal(report.error, expected.error);
      assert.equal(code, expected.endState === 'SetupFailed' ? 1 : 0);
      assert.equal(stderr, '');
      assert.equal(report.timeline.at(-1).state, expected.endState);
      assert.ok(report.calls.kafka.ListTagsForResource >= 1);
    });
  }
});

suite('npm start', { concurrency: 2 }, () => {
  test('tells a person what happened, in plain lines of at most 100 columns where there is no terminal', async () => {
    const { stdout, code } = await start(['--scenario', 'prerequisites-missing', ...fast]).ended;
    assert.equal(code, 1);
    assert.match(stdout, /^msk-atlas-privatelink, run locally\n/);
    assert.match(stdout, /\n 0:\d\d:\d\d {2}✖ CheckPrerequisites +\d+ ms {2}PrerequisitesNotMet → RecordFailure\n/);
    assert.match(stdout, /\nError {2}PrerequisitesNotMet\nCause\n {2}CheckPrerequisites failed: 7 prerequisites/);
    assert.match(stdout, /\n✖ SetupFailed after .*\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/);
    const tooLong = stdout.split('\n').filter((line) => line.length > 100 && !line.includes('arn:'));
    assert.deepEqual(tooLong, []);
  });

  test('shows the policy before and after, the link, the connection and the tags', async () => {
    const { stdout } = await start(fast).ended;
    for (const says of [
      /⇄ WaitForPrivateLink ⇄ CheckPrivateLink +[\dhms ]+ {2}\d+ polls {2}.*DONE\n/,
      /\{ "Sid": "FirehoseReadsOrders", … \} unchanged\n/,
      /\+ {3}"Sid": "AtlasStreamProcessing821274765805",\n/,
      /Private link in Atlas\n {2}id {8}[0-9a-f]{24}\n {2}state {5}DONE\n/,
      / login {4}user atlas, SCRAM-512 over SASL_SSL\n/,
      /\+ atlas-streaming:status +connected\n/,
      /\n✔ Connected after \d+h \d\dm \d\ds, simulated in [\d.]+ s\n$/,
    ]) {
      assert.match(stdout, says);
    }
    assert.doesNotMatch(stdout, /password/i);
  });

  test('takes a console input of the user’s own', async (t) => {
    const input = fileWith(t, { clusterArn, dryRun: true });
    const { stdout, code } = await start(['--json', '--input', input, ...fast]).ended;
    const { status, output } = JSON.parse(stdout);
    assert.deepEqual([code, status, output.clusterArn], [0, 'Planned', clusterArn]);
  });

  test('takes a whole event of the user’s own', async (t) => {
    const input = fileWith(t, event('connect'));
    const { stdout, code } = await start(['--json', '--input', input, ...fast]).ended;
    const { status, output } = JSON.parse(stdout);
    assert.deepEqual([code, status, output?.clusterArn], [0, 'Connected', clusterArn]);
  });

  test('starts nothing for an event that the rule does not take, and says so', async (t) => {
    const input = fileWith(t, event('pause'));
    const asText = await start(['--input', input]).ended;
    assert.equal(asText.code, 1);
    assert.match(asText.stderr, /^No rule takes the event in .*, so nothing is started\. They take \[\{"source":/);
    const asJson = await start(['--json', '--input', input]).ended;
    assert.equal(asJson.code, 1);
    assert.equal(JSON.parse(asJson.stdout).status, 'NotStarted');
  });

  test('passes parameters on to the deployment', async () => {
    const params = ['--param', 'atlasWorkspace=mine'];
    const { stdout, code } = await start(['--json', '--scenario', 'dry-run', ...params, ...fast]).ended;
    assert.equal(code, 0);
    assert.match(stdout, /Create the Kafka connection .* in workspace \\"mine\\"/);
  });

  test('refuses a wrong parameter as npm run package does', async () => {
    const { stderr, code } = await start(['--param', 'atlasProjectId=mine']).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^atlasProjectId is "mine"; it must be the 24 hexadecimal characters .*\.\n$/);
  });

  test('is not led to the real AWS by the environment', async () => {
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

  test('prints what the functions log, when asked, on standard error', async () => {
    const { stderr } = await start(['--logs', '--scenario', 'wrong-credentials', ...fast]).ended;
    assert.match(stderr, /^CheckPrerequisites: \{"level":"ERROR"/m);
  });

  test('ends when it is interrupted', { timeout: 20_000 }, async () => {
    const { child, ended } = start(['--speed', '1']);
    // In real time the cluster would now be waited for, for 40 minutes.
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('→ EnablePrivateConnectivity')) setTimeout(() => child.kill('SIGINT'), 300);
    });
    const { stdout, stderr, code } = await ended;
    assert.deepEqual([code, stderr], [130, 'Interrupted.\n']);
    assert.doesNotMatch(stdout, /✔ Connected|SetupFailed/);
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

  test('answers wrong arguments with one sentence and the exit code 2', async () => {
    const { stdout, stderr, code } = await start(['--scenario', 'none']).ended;
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^There is no scenario "none"; there are default, .*\.\n$/);
  });
});
