import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, suite, type TestContext, test } from 'node:test';
import { NoAccess, UsageError } from '../../../cli/exit.ts';
import { parseArguments } from '../../../cli/remove/arguments.ts';
import { whyNotRemoved } from '../../../cli/remove/connected.ts';
import { useCredentialsOfServerless } from '../../../cli/remove/credentials.ts';
import { remove } from '../../../cli/remove/remove.ts';
import { Cloud } from '../../../emulators/cloud.ts';
import type { RegistryRecord } from '../../../shared/registry/record.ts';
import { actAsPerson, personsEnvironment } from '../../fixtures/person.ts';

const clusterArn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';
const executionArn = 'arn:aws:states:us-east-1:123456789012:execution:msk-atlas-privatelink-local-connect:run-1';
const connected: RegistryRecord = {
  clusterArn,
  status: 'connected',
  privateLink: { id: '6a1f0000aaaaaaaaaaaaaaaa', ownership: 'created' },
  lastExecution: executionArn,
};

/** A command line of Serverless that writes down its arguments. */
function fakeServerless(t: TestContext, exitCode: number) {
  const folder = mkdtempSync(join(tmpdir(), 'serverless-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [executable, output] = [join(folder, 'serverless.mjs'), join(folder, 'arguments.json')];
  writeFileSync(
    executable,
    `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(output)}, JSON.stringify(process.argv.slice(2)));
process.exitCode = ${exitCode};`,
  );
  return { executable, given: () => JSON.parse(readFileSync(output, 'utf8')) };
}

suite('npm run remove', () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await Cloud.start({ speed: 1 });
  });
  after(() => cloud.close());
  beforeEach(async () => {
    await cloud.replaceWorld({});
    actAsPerson(cloud);
  });
  const never = '/there/is/no/such/file';

  test('refuses while a cluster is connected, with the command that disconnects it, and writes nothing', async () => {
    await cloud.registry.put(connected);
    const main = new URL('../../../cli/remove/main.ts', import.meta.url).pathname;
    const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
      execFile(
        process.execPath,
        [main, '--stage', 'local'],
        { env: personsEnvironment(cloud) },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
    );
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^Stage local is not removed, because 1 cluster is not disconnected:\n/);
    assert.ok(
      stderr.includes(
        `    aws kafka tag-resource --region us-east-1 --resource-arn ${clusterArn} --tags atlas-streaming=disconnect\n`,
      ),
    );
    assert.deepEqual(
      cloud.recorder.exchanges.map(({ service, operation }) => `${service} ${operation}`),
      ['dynamodb Scan'],
    );
  });

  test('lets Serverless remove the stack if every cluster is disconnected, and ends with its exit code', async (t) => {
    await cloud.registry.put({ clusterArn, status: 'failed', privateLink: { id: 'a', ownership: 'adopted' } });
    const { executable, given } = fakeServerless(t, 7);
    assert.equal(await remove(['--stage', 'local', '--verbose'], {}, executable), 7);
    assert.deepEqual(given(), ['remove', '--stage', 'local', '--verbose', '--region', 'us-east-1']);
  });

  test('lets Serverless remove a half made stack, which has no registry', async (t) => {
    cloud.intercept = async () => ({
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' }),
    });
    const { executable, given } = fakeServerless(t, 0);
    assert.equal(await remove(['-s', 'local', '-r', 'us-east-1'], {}, executable), 0);
    assert.deepEqual(given(), ['remove', '-s', 'local', '-r', 'us-east-1']);
  });

  test('removes the stack whatever is connected with --force, and asks nothing', async (t) => {
    await cloud.registry.put(connected);
    const { executable, given } = fakeServerless(t, 0);
    assert.equal(await remove(['--force', '--stage', 'local'], {}, executable), 0);
    assert.deepEqual(given(), ['remove', '--stage', 'local', '--region', 'us-east-1']);
    assert.deepEqual(cloud.recorder.exchanges, []);
  });

  test('refuses if AWS does not say what is connected', async () => {
    cloud.intercept = async () => ({
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'No.' }),
    });
    await assert.rejects(
      remove(['--stage', 'local'], {}, never),
      (error: Error) =>
        error instanceof NoAccess &&
        /lack dynamodb:Scan.*the stack is not removed\. --force removes it without this check; then/.test(
          error.message,
        ),
    );
    await cloud.listeners.dynamodb.goDown();
    await assert.rejects(remove(['--stage', 'local'], {}, never), /AWS did not carry out dynamodb:Scan.*--force/);
    await cloud.listeners.dynamodb.comeUp();
  });
});

suite('the credentials of npm run remove', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'one', AWS_SECRET_ACCESS_KEY: 'a', AWS_SESSION_TOKEN: 'token' };
  const ofStage = { AWS_PROD_ACCESS_KEY_ID: 'two', AWS_PROD_SECRET_ACCESS_KEY: 'b' };
  const names = ['AWS_PROFILE', ...Object.keys(keys)];
  const used = (env: NodeJS.ProcessEnv, profile?: string) => {
    useCredentialsOfServerless('prod', profile, env);
    return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  };

  test('are those that Serverless uses, so that both see the same account', () => {
    assert.deepEqual(used({ ...keys }), keys);
    assert.deepEqual(used({ ...ofStage, AWS_PROD_PROFILE: 'p' }, 'option'), { AWS_PROFILE: 'option' });
    assert.deepEqual(used({ ...ofStage, AWS_PROFILE: 'p', AWS_PROD_PROFILE: 'q' }), { AWS_PROFILE: 'q' });
    const two = { AWS_ACCESS_KEY_ID: 'two', AWS_SECRET_ACCESS_KEY: 'b' };
    assert.deepEqual(used({ ...keys, ...ofStage, AWS_PROFILE: 'p' }), two);
    assert.deepEqual(used({ ...ofStage, AWS_PROD_SESSION_TOKEN: 't' }), { ...two, AWS_SESSION_TOKEN: 't' });
    assert.deepEqual(used({ AWS_DEFAULT_PROFILE: 'd' }), { AWS_PROFILE: 'd' });
    assert.deepEqual(used({ ...keys, AWS_DEFAULT_PROFILE: 'd' }), keys);
  });

  test('are in this order in Serverless itself', async () => {
    const { getAwsSdkV3CredentialsProvider } = createRequire(import.meta.url)(
      '../../../node_modules/serverless/lib/aws/credentials.js',
    );
    const before = { ...process.env };
    try {
      for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
      Object.assign(process.env, keys, ofStage);
      const accessKeyOf = async (stage: string) =>
        (
          await getAwsSdkV3CredentialsProvider({
            provider: { getStage: () => stage, serverless: { service: { provider: {} } } },
          })()
        ).accessKeyId;
      assert.equal(await accessKeyOf('prod'), 'two');
      assert.equal(await accessKeyOf('dev'), 'one');
    } finally {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });
});

suite('what keeps a stack', () => {
  const stack = { stage: 'local', region: 'us-east-1', prefix: 'msk-atlas-privatelink-local' };
  const why = (...records: RegistryRecord[]) => whyNotRemoved({ records, unreadable: [] }, stack);

  test('is nothing if no record names what a run has created', () => {
    assert.equal(why(), undefined);
    assert.equal(why({ clusterArn, status: 'failed' }), undefined);
    const connection = { ownership: 'adopted' } as const;
    const verifiedAt = '2026-11-28T03:00:00Z';
    assert.equal(why({ clusterArn, status: 'disconnected', connection, verifiedAt }), undefined);
    assert.equal(why({ clusterArn, status: 'failed', connection }), undefined);
  });

  for (const [what, record, expected] of [
    [
      'a connected cluster with adopted resources only',
      { status: 'connected' },
      /orders: it is connected\. Disconnect it:\n.*tag-resource/,
    ],
    [
      'a connected cluster with adopted resources only, whose last verification failed',
      { status: 'failed', connection: { ownership: 'adopted' }, verifiedAt: '2026-11-28T03:00:00Z' },
      /orders: it is failed\. Disconnect it:\n.*tag-resource/,
    ],
    [
      'an attempt whose outcome is unclear',
      { privateLink: { attemptedAt: '2026-11-28T03:00:00Z' } },
      /orders: it is not connected\. Disconnect/,
    ],
    [
      'a connect at work',
      { status: 'connecting', holder: executionArn, action: 'connect' },
      /orders: it is connecting, and a run is at work\. Disconnect/,
    ],
    [
      'a disconnect at work',
      { status: 'disconnecting', holder: executionArn, action: 'disconnect' },
      /orders: a run is disconnecting it\. Wait until it has ended:\n +arn:aws:states/,
    ],
    [
      'what a disconnect could not remove',
      { ...connected, status: 'disconnected', detail: 'Private link kept - used by a/b' },
      /something that a run created is left\. The sweep tries again\. The last run says: Private link kept/,
    ],
    [
      'what is left of a deleted cluster',
      { ...connected, missingSince: '2026-11-28T03:00:00Z' },
      /MSK no longer has this cluster.*\n +aws stepfunctions start-execution .*-local-disconnect --input '\{"clusterArn":/,
    ],
  ] as [string, Partial<RegistryRecord>, RegExp][])
    test(`is ${what}`, () => assert.match(why({ clusterArn, ...record }) ?? '', expected));

  test('is an item that cannot be read', () => {
    const unreadable = [{ clusterArn, error: "The registry's item cannot be read (status)." }];
    assert.match(whyNotRemoved({ records: [], unreadable }, stack) ?? '', /orders: The registry's item cannot be read/);
  });

  test('is shown without control characters, and without what is not the ARN of an execution in a command', () => {
    const hostile = 'arn:aws:states:us-east-1:x; rm -rf \u001b[2J\n  All is disconnected.';
    const held = why({ clusterArn, holder: hostile, action: 'disconnect' }) ?? '';
    const gone = why({ ...connected, missingSince: '2026-11-28T03:00:00Z', lastExecution: hostile }) ?? '';
    for (const text of [held, gone]) {
      assert.ok(!text.includes('\u001b'));
      assert.doesNotMatch(text, /^ *All is disconnected|^ *aws.*rm -rf/m);
    }
  });

  test('may be what another deployment has recorded, and the message says so', () => {
    assert.doesNotMatch(why(connected) ?? '', /--force is safe/);
    const lastExecution = executionArn.replace('-local-', '-prod-');
    assert.match(
      why({ ...connected, lastExecution }) ?? '',
      /recorded by msk-atlas-privatelink-prod, and not by msk-atlas-privatelink-local\. .* --force is safe\.$/,
    );
  });
});

suite('the arguments of npm run remove', () => {
  for (const [what, args, env, expected] of [
    ['without a stage', [], {}, /^The stage is missing; give --stage NAME\.$/],
    ['with a stage that cannot be', ['--stage', '../prod'], {}, /^The stage "\.\.\/prod" cannot be used/],
    ['with a typo', ['--stage', 'prod', '--forced'], {}, /^Unknown option --forced; did you mean --force\?$/],
    [
      'with an option that npm has used itself',
      [],
      { npm_config_stage: 'prod', npm_lifecycle_event: 'remove' },
      /^npm has used --stage itself/,
    ],
    [
      'if npm has used --force itself',
      ['--stage', 'prod'],
      { npm_config_force: 'true' },
      /^npm has used --force itself/,
    ],
  ] as const)
    test(`are refused ${what}`, () =>
      assert.throws(
        () => parseArguments([...args], env),
        (error: Error) => error instanceof UsageError && expected.test(error.message),
      ));
});
