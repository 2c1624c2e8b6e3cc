import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { atlasClient } from '../../../cli/atlas-access.ts';
import { UsageError } from '../../../cli/exit.ts';
import { Cleaner } from '../../../cli/recording/cleaner.ts';
import { harmlessValues, mapFields } from '../../../cli/recording/harmless.ts';
import { type RecordingFile, recordTo } from '../../../cli/recording/recording.ts';
import { faultInAnswer } from '../../../emulators/atlas/contract.ts';
import { endpoints } from '../../../emulators/atlas/endpoints.ts';
import { accessRole, accessRoles, roleArn } from '../../fixtures/atlas.ts';
import { projectId, serviceAccount, startAtlas } from '../../fixtures/emulators.ts';
import { listen } from '../../fixtures/loopback.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'recording-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

suite('what a recording keeps of an answer', () => {
  const cleaned = (body: unknown) => new Cleaner().body(body);

  test('is Booleans, small numbers, nulls, empty texts and the names of fields', () => {
    const body = { enabled: true, numberOfBrokerNodes: 3, retries: -1, errorMessage: null, nextToken: '', list: [] };
    assert.deepEqual(cleaned(body), body);
    assert.deepEqual(cleaned({ CreatedDate: 1790000000.5, account: 111122223333 }), { CreatedDate: 0, account: 0 });
  });

  test('is the words of the APIs, in their own fields only', () => {
    const body = { state: 'DELETE_REQUESTED', kafkaVersion: '3.7.x.kraft', region: 'US_EAST_1', clientBroker: 'TLS' };
    assert.deepEqual(cleaned(body), body);
    assert.deepEqual(cleaned({ name: 'ACTIVE', detail: '3.6.0' }), { name: 'text-1', detail: 'text-2' });
  });

  test('is of the roles in Atlas neither an ARN nor an id, and still has the shape of an answer', () => {
    const endpoint = endpoints.find(({ operation }) => operation === 'listGroupCloudProviderAccess') ?? assert.fail();
    const featureUsages = [{ featureType: 'ATLAS_DATA_LAKE', featureId: { groupId: projectId, name: 'tom' } }];
    const role = accessRole({ featureUsages });
    const kept = JSON.stringify(cleaned(accessRoles(role)));
    assert.equal(faultInAnswer(endpoint, kept), undefined, kept);
    assert.match(kept, /"providerName":"AWS".*"featureType":"ATLAS_DATA_LAKE"/);
    const [account = '', name = ''] = roleArn.split(/:role\/|::/).slice(1);
    for (const hidden of [
      account,
      name,
      role.roleId,
      role.atlasAssumedRoleExternalId,
      projectId,
      '536727724300',
      'tom',
    ])
      assert.ok(!kept.includes(hidden), hidden);
    const path = new Cleaner().path(`/api/atlas/v2/groups/${projectId}/cloudProviderAccess`);
    assert.equal(path, '/api/atlas/v2/groups/000000000000000000000001/cloudProviderAccess');
  });

  test('is never what says whose it is, whatever the field is', () => {
    const sensitive = [
      ...['111122223333', '64b7e1c2d3f4a5968778695a', '6357e0b2-0e6a-4b86-a0b4-70df934c2e31', 'vpc-0a1b2c3d4e5f60718'],
      ...['tom@corp.com', '10.20.30.40', '10.20.30.0/21', 'b-1.orders.a1b2c3.c2.kafka.us-east-1.amazonaws.com:9096'],
      ...['arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-5', 'https://cloud.mongodb.com/v2/64b7e1c2'],
      ...['mdb_sa_sk_0f1e2d3c', 'orders-production', 'AKIAIOSFODNN7EXAMPLE', 'Bearer abc', '2026-11-28T04:01:00.123Z'],
    ];
    for (const field of [...Object.keys(harmlessValues), 'name', 'tags'])
      for (const value of sensitive) {
        const cleaner = new Cleaner();
        const texts = [cleaner.body({ [field]: value }), cleaner.body([[value]]), cleaner.header(field, value)];
        assert.ok(!JSON.stringify(texts).includes(value), `${field}: ${value}`);
      }
  });

  test('is nothing of a text that is unknown, wherever it stands', () => {
    const token = 'tok-4f9a';
    const text = fc.string().map((it) => `${token}${it}`);
    const key = fc.oneof(fc.constantFrom(...Object.keys(harmlessValues), ...mapFields, 'other'), text);
    const inText = (it: fc.Arbitrary<unknown>) => it.map((json) => JSON.stringify(json));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
        inText(tie('value')),
      ),
    }));
    fc.assert(fc.property(value, (body) => !JSON.stringify(cleaned(body)).includes(token)));
  });

  test('has the form of what it replaces, and is the same for the same value', () => {
    const cleaner = new Cleaner();
    const arn = 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';
    const body = {
      arn,
      accounts: ['111122223333', '444455556666'],
      clusterName: 'orders',
      servers: 'b-1.a.example.org:9096,b-2.a.example.org:9096',
      cidr: '10.20.30.0/21',
      policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Resource: arn, Action: 'kafka:Describe*' }] }),
      Tags: { orders: 'x', 'atlas-streaming': 'connect' },
    };
    const cluster = 'arn:aws:kafka:us-east-1:000000000001:cluster/text-1/text-2';
    assert.deepEqual(cleaner.body(body), {
      arn: cluster,
      accounts: ['000000000001', '000000000002'],
      clusterName: 'text-1',
      servers: 'host-1.example.com:9096,host-2.example.com:9096',
      cidr: '10.0.0.1/21',
      policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Resource: cluster, Action: 'kafka:Describe*' }] }),
      Tags: { 'text-1': 'text-3', 'atlas-streaming': 'text-4' },
    });
    assert.equal(
      cleaner.path(`/v1/clusters/${encodeURIComponent(arn)}/policy`),
      `/v1/clusters/${encodeURIComponent(cluster)}/policy`,
    );
  });

  test('is nothing of what a person has programmed', () => {
    const pipeline = [{ $source: { connectionName: 'orders' } }, { $match: { secretField: 1 } }];
    assert.deepEqual(cleaned({ state: 'STARTED', pipeline }), { state: 'STARTED', pipeline: [] });
  });
});

suite('a recording', () => {
  const exchangesIn = (recording: ReturnType<typeof recordTo>) => {
    const text = readFileSync(recording.save() ?? '', 'utf8');
    return { text, exchanges: (JSON.parse(text) as RecordingFile).exchanges };
  };

  test('is written to a folder that does not exist yet, or is empty', (t) => {
    const dir = join(folder(t), 'new');
    const recording = recordTo(dir);
    assert.ok(existsSync(dir), 'the folder is created before the first request');
    assert.equal(recording.save(), undefined, 'nothing was answered, so the folder can be used again');
    recordTo(dir);
    writeFileSync(join(dir, 'recording.json'), '{}');
    assert.throws(
      () => recordTo(dir),
      (error: Error) =>
        error instanceof UsageError && /is not empty; it must be empty, or not exist\.$/.test(error.message),
    );
  });

  test('is refused where no folder can be created', (t) => {
    const file = join(folder(t), 'file');
    writeFileSync(file, '');
    for (const dir of [file, join(file, 'below')])
      assert.throws(
        () => recordTo(dir),
        (error: Error) => error instanceof UsageError && /cannot be created or written \(E[A-Z]+\)/.test(error.message),
      );
  });

  test('has no value of a secret, also if AWS is throttled, and the client gets it unchanged', async (t) => {
    let requests = 0;
    const url = await listen(t, (_, response) => {
      requests += 1;
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'id-of-the-request' };
      if (requests === 1)
        response.writeHead(400, headers).end('{"__type":"ThrottlingException","message":"Rate exceeded for tom"}');
      else response.writeHead(200, headers).end('{"Name":"toms","SecretString":"p4ss","SecretBinary":"cDRzcw=="}');
    });
    const client = new SecretsManagerClient({
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'not-checked' },
    });
    t.after(() => client.destroy());
    const recording = recordTo(folder(t));
    recording.aws(client);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'toms' }));
    assert.equal(SecretString, 'p4ss');
    const { text, exchanges } = exchangesIn(recording);
    assert.deepEqual(
      exchanges.map(({ service, operation, status, body }) => [service, operation, status, body]),
      [
        ['secretsmanager', 'GetSecretValue', 400, { __type: 'ThrottlingException', message: 'text-1' }],
        ['secretsmanager', 'GetSecretValue', 200, { Name: 'text-2', SecretString: '', SecretBinary: '' }],
      ],
    );
    assert.doesNotMatch(text, /p4ss|cDRzcw|toms|id-of|AKIA/);
  });

  test('has neither the credentials of Atlas nor a token', async (t) => {
    const { url, recorder } = await startAtlas(t);
    const recording = recordTo(folder(t));
    const client = atlasClient(serviceAccount, url, recording.atlas);
    assert.equal((await client.listWorkspaces(projectId)).length, 1);
    await client.getWorkspace(projectId, 'analytics');
    const { text, exchanges } = exchangesIn(recording);
    assert.deepEqual(
      exchanges.map(({ method, status, query }) => [method, status, query]),
      [
        ['GET', 200, exchanges[0]?.query],
        ['GET', 200, []],
      ],
    );
    const token = recorder.exchanges.find(({ operation }) => operation === 'createToken');
    const { access_token } = JSON.parse(token?.responseBody ?? '{}');
    assert.ok(access_token);
    for (const value of [access_token, ...Object.values(serviceAccount), projectId, 'analytics', '127.0.0.1'])
      assert.ok(!text.includes(value), value);
  });

  test('leaves out an answer without JSON, and keeps that it came', async (t) => {
    const url = await listen(t, (_, response) =>
      response.writeHead(502, { 'content-type': 'text/html; charset=utf-8', 'retry-after': '7' }).end('<p>tom</p>'),
    );
    const recording = recordTo(folder(t));
    const client = atlasClient({ publicKey: 'abcdefgh', privateKey: '0f1e2d3c' }, url, recording.atlas);
    await assert.rejects(client.listPrivateLinks(projectId), /HTTP 502/);
    const { exchanges } = exchangesIn(recording);
    assert.deepEqual(
      exchanges.map(({ status, headers, body }) => [status, headers, body]),
      [[502, { 'content-type': 'text/html; charset=utf-8', 'retry-after': '7' }, undefined]],
    );
  });
});
