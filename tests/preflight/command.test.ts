import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { whyNoAtlasAnswer } from '../../cli/atlas-access.ts';
import { Cloud } from '../../emulators/cloud.ts';
import { AtlasCredentialsRefused, AtlasRefused } from '../../shared/errors.ts';
import { personsEnvironment } from '../fixtures/person.ts';
import { targetOptions } from '../fixtures/preflight.ts';

const main = new URL('../../cli/preflight/main.ts', import.meta.url).pathname;

let cloud: Cloud;
before(async () => {
  cloud = await Cloud.start({ speed: 1 });
});
after(() => cloud.close());

const command = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [main, ...args], { env: { ...personsEnvironment(cloud), ...env } }, (error, ...texts) =>
      resolve({ code: error?.code ?? 0, stdout: texts[0], stderr: texts[1] }),
    ),
  );

const ofCluster = (...args: string[]) => ['--cluster', cloud.world.cluster.arn, ...targetOptions, ...args];

/** A server that accepts connections, and never answers. @returns its address, and how many connections there were */
async function silentServer(t: TestContext): Promise<{ url: string; connections: () => number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.length,
  };
}

describe('npm run preflight ends with exit code 2, one sentence, and with --json one document', () => {
  const partition = 'arn:aws-cn:kafka:cn-north-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';
  for (const [what, args, env, sentence] of [
    ['a wrong ARN', ['--cluster', 'orders'], {}, /^--cluster is "orders"; it must be the ARN of/],
    [
      'a cluster in another partition',
      ['--cluster', partition],
      {},
      /^--cluster has the partition "aws-cn"; it must be "aws"/,
    ],
    [
      'an API key that has another form',
      undefined,
      { MONGODB_ATLAS_PRIVATE_KEY: 'not a key' },
      /^MONGODB_ATLAS_PRIVATE_KEY is not what Atlas shows; it must be ASCII without spaces and quotes/,
    ],
    [
      'half of an API key',
      undefined,
      { MONGODB_ATLAS_PRIVATE_KEY: '' },
      /^MONGODB_ATLAS_PUBLIC_KEY is set, but MONGODB_ATLAS_PRIVATE_KEY is not/,
    ],
    [
      'a wrong address of Atlas',
      undefined,
      { MONGODB_ATLAS_BASE_URL: 'http://atlas.example.com' },
      /^MONGODB_ATLAS_BASE_URL is "http:\/\/atlas\.example\.com"; it must be an https address/,
    ],
  ] as const)
    it(`for ${what}`, async () => {
      const { code, stdout, stderr } = await command([...(args ?? ofCluster()), '--json'], env);
      assert.equal(code, 2);
      assert.match(stderr, sentence);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
      assert.deepEqual(JSON.parse(stdout), { error: stderr.trimEnd() });
    });

  it('for no credentials of AWS, and without --json nothing on standard output', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stdout, stderr } = await command(ofCluster(), none);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^The AWS SDK finds no usable credentials .*\n$/);
  });
});

it('a refused token is a check that could not be made, whatever the status is', () => {
  const message = 'Atlas refused the service account with HTTP 400 (invalid_client).';
  const refused = new AtlasCredentialsRefused(message, { status: 400, errorCode: 'invalid_client' });
  assert.equal(whyNoAtlasAnswer(refused, 'the environment'), message);
  const other = new AtlasRefused('No.', { status: 400, errorCode: 'VALIDATION_ERROR' });
  assert.equal(whyNoAtlasAnswer(other, 'the environment'), undefined);
});

describe('npm run preflight waits only once for a service that does not answer', () => {
  it('as MSK', async (t) => {
    const { url, connections } = await silentServer(t);
    const { code, stderr } = await command(ofCluster(), { AWS_ENDPOINT_URL_KAFKA: url });
    assert.equal(code, 2);
    assert.match(stderr, /^AWS did not carry out kafka:DescribeClusterV2 \(ETIMEDOUT\)\. Check the network .*\n$/);
    assert.equal(connections(), 2, 'the SDK makes two attempts');
  });

  it('as Secrets Manager, which has the credentials of Atlas as well', async (t) => {
    const { url, connections } = await silentServer(t);
    const secret = ['--credentials-secret', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:atlas-a1B2c3'];
    const { code, stdout } = await command(ofCluster(...secret), { AWS_ENDPOINT_URL_SECRETS_MANAGER: url });
    assert.equal(code, 2);
    assert.match(stdout, /Not known: 10 prerequisites are not checked\.\n$/);
    assert.equal(connections(), 2);
  });

  for (const [what, env] of [
    ['an API key', {}],
    [
      'a service account',
      {
        ...{ MONGODB_ATLAS_PUBLIC_KEY: '', MONGODB_ATLAS_PRIVATE_KEY: '' },
        ...{ MONGODB_ATLAS_CLIENT_ID: 'mdb_sa_id_0', MONGODB_ATLAS_CLIENT_SECRET: 'mdb_sa_sk_0' },
      },
    ],
  ] as const)
    it(`as Atlas with ${what}`, async (t) => {
      const { url, connections } = await silentServer(t);
      const { code, stdout } = await command(ofCluster(), { ...env, MONGODB_ATLAS_BASE_URL: url });
      assert.equal(code, 2);
      assert.match(stdout.replace(/\s+/g, ' '), /Atlas did not answer GET .* \(no answer within 4 s\)\. Check/);
      assert.equal(connections(), 1);
    });
});
