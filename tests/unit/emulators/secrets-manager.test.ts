import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  PutSecretValueCommand,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Authorize } from '../../../emulators/aws.ts';
import { startSecretsManager } from '../../fixtures/emulators.ts';

test('a secret is read by ARN or by name, in its current version', async (t) => {
  const { emulator, client, clock } = await startSecretsManager(t);
  const { arn } = emulator.addSecret({ name: 'AmazonMSK_orders', secretString: '{"username":"a","password":"1"}' });
  const first = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  assert.equal(first.SecretString, '{"username":"a","password":"1"}');
  assert.deepEqual(first.CreatedDate, clock.now());
  assert.deepEqual(first.VersionStages, ['AWSCURRENT']);
  const versionId = emulator.rotate(arn, '{"username":"a","password":"2"}');
  const second = await client.send(new GetSecretValueCommand({ SecretId: 'AmazonMSK_orders' }));
  assert.equal(second.SecretString, '{"username":"a","password":"2"}');
  assert.equal(second.VersionId, versionId);
  const previous = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSPREVIOUS' }));
  assert.equal(previous.VersionId, first.VersionId);
  const byId = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionId: first.VersionId }));
  assert.deepEqual(byId.VersionStages, ['AWSPREVIOUS']);
});

test('DescribeSecret returns the versions and the key, but no value', async (t) => {
  const { emulator, client, recorder } = await startSecretsManager(t);
  const { arn } = emulator.addSecret({ name: 's', secretString: 'hidden', kmsKeyId: 'key-1' });
  const versionId = emulator.rotate(arn, 'hidden too');
  const described = await client.send(new DescribeSecretCommand({ SecretId: arn }));
  assert.equal(described.KmsKeyId, 'key-1');
  assert.deepEqual(described.VersionIdsToStages?.[versionId], ['AWSCURRENT']);
  assert.equal(Object.keys(described.VersionIdsToStages ?? {}).length, 2);
  assert.ok(!recorder.exchanges[0]?.responseBody.includes('hidden'));
});

test('an unknown secret or version is refused with ResourceNotFoundException and status 400', async (t) => {
  const { emulator, client } = await startSecretsManager(t);
  await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: 'none' })), (error) => {
    assert.ok(error instanceof ResourceNotFoundException);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.equal(error.message, "Secrets Manager can't find the specified secret.");
    return true;
  });
  emulator.addSecret({ name: 's', secretString: '' });
  const noSuchVersion = new GetSecretValueCommand({ SecretId: 's', VersionId: '0'.repeat(32) });
  await assert.rejects(client.send(noSuchVersion), /specified secret value for VersionId: 0{32}$/);
});

test('reading a secret needs permission for the secret and for its key', async (t) => {
  let allowed: string[] = [];
  const { emulator, client } = await startSecretsManager(t, {
    authorize: (caller, action, resource) => allowed.includes(`${caller} ${action} ${resource}`),
  });
  const { arn } = emulator.addSecret({ name: 's', secretString: 'x', kmsKeyId: 'key-1' });
  const read = () => client.send(new GetSecretValueCommand({ SecretId: arn }));
  await assert.rejects(read(), { name: 'AccessDeniedException', message: /perform: secretsmanager:GetSecretValue on/ });
  allowed = [`AKIATEST secretsmanager:GetSecretValue ${arn}`];
  await assert.rejects(read(), { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' });
  allowed.push('AKIATEST kms:Decrypt arn:aws:kms:us-east-1:123456789012:key/key-1');
  assert.equal((await read()).SecretString, 'x');
});

test('DescribeSecret returns the tags, no default key, and when the secret was scheduled for deletion', async (t) => {
  const { emulator, client, clock } = await startSecretsManager(t);
  const secret = emulator.addSecret({ name: 's', secretString: 'x', tags: { team: 'orders' } });
  const describe = () => client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
  const { Tags, KmsKeyId, DeletedDate } = await describe();
  assert.deepEqual([Tags, KmsKeyId, DeletedDate], [[{ Key: 'team', Value: 'orders' }], undefined, undefined]);
  secret.deletedAt = clock.now();
  assert.deepEqual((await describe()).DeletedDate, secret.deletedAt);
});

test('the value of a secret that is scheduled for deletion cannot be read', async (t) => {
  const { emulator, client, clock } = await startSecretsManager(t);
  const secret = emulator.addSecret({ name: 's', secretString: 'x' });
  secret.deletedAt = clock.now();
  const read = () => client.send(new GetSecretValueCommand({ SecretId: secret.arn }));
  await assert.rejects(read(), { name: 'InvalidRequestException', message: /because it was marked for deletion\.$/ });
  secret.deletedAt = undefined;
  assert.equal((await read()).SecretString, 'x');
});

test("a secret's tags are part of what IAM decides on; a secret that does not exist has none", async (t) => {
  const asked: unknown[] = [];
  const { emulator, client } = await startSecretsManager(t, {
    authorize: (_, action, __, context) => asked.push([action, context.resourceTags]) > 0,
  });
  emulator.addSecret({ name: 's', secretString: 'x', tags: { team: 'orders' } });
  await client.send(new DescribeSecretCommand({ SecretId: 's' }));
  await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: 'none' })));
  assert.deepEqual(asked, [
    ['secretsmanager:DescribeSecret', { team: 'orders' }],
    ['secretsmanager:GetSecretValue', undefined],
  ]);
});

test('an unsigned request and an operation that is not implemented are refused', async (t) => {
  const { client, url } = await startSecretsManager(t);
  const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
  const unsigned = await fetch(url, { method: 'POST', body: '{}', headers });
  assert.equal(unsigned.status, 400);
  assert.match(await unsigned.text(), /MissingAuthenticationTokenException/);
  await assert.rejects(client.send(new GetRandomPasswordCommand({})), /does not implement GetRandomPassword/);
});

test('a new version becomes the current one, and its id is the ClientRequestToken', async (t) => {
  const { emulator, client } = await startSecretsManager(t);
  const { arn } = emulator.addSecret({ name: 's', secretString: 'one' });
  const ClientRequestToken = 'a'.repeat(32);
  const put = (SecretString: string, token = ClientRequestToken) =>
    client.send(new PutSecretValueCommand({ SecretId: arn, SecretString, ClientRequestToken: token }));
  const { VersionId, VersionStages } = await put('two');
  assert.deepEqual([VersionId, VersionStages], [ClientRequestToken, ['AWSCURRENT']]);
  assert.equal((await put('two')).VersionId, ClientRequestToken, 'the same request again is ignored');
  await assert.rejects(put('three'), { name: 'ResourceExistsException' });
  await assert.rejects(put('three', 'short'), { name: 'InvalidParameterException' });
  const read = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  assert.deepEqual([read.SecretString, read.VersionId], ['two', ClientRequestToken]);
  assert.equal(emulator.secret(arn)?.versions.length, 2);
});

test('a secret has at most 100 versions of the last 24 hours', async (t) => {
  const { emulator, client, clock } = await startSecretsManager(t);
  const { arn } = emulator.addSecret({ name: 's', secretString: '0' });
  const put = (SecretString: string) => client.send(new PutSecretValueCommand({ SecretId: arn, SecretString }));
  for (let i = 1; i < 100; i++) emulator.rotate(arn, String(i));
  await assert.rejects(put('x'), { name: 'LimitExceededException' });
  clock.advance(24 * 60);
  assert.deepEqual((await put('x')).VersionStages, ['AWSCURRENT']);
});

test('writing a secret needs permission for the secret and for its key', async (t) => {
  let allowed: string[] = [];
  const { emulator, client } = await startSecretsManager(t, { authorize: (_, action) => allowed.includes(action) });
  const { arn } = emulator.addSecret({ name: 's', secretString: 'x', kmsKeyId: 'key-1' });
  const put = () => client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: 'y' }));
  const needed = ['secretsmanager:PutSecretValue', 'kms:GenerateDataKey', 'kms:Decrypt'];
  for (const action of needed) {
    await assert.rejects(put(), { name: 'AccessDeniedException' });
    allowed = [...allowed, action];
  }
  await put();
});

test('an empty, missing, too long or impossible SecretId is refused with ValidationException', async (t) => {
  const { client, url } = await startSecretsManager(t);
  for (const [SecretId, message] of [
    ['', /^1 validation error detected: Value '' at 'secretId' failed .* greater than or equal to 1$/],
    [undefined, /^1 validation error detected: Value null at 'secretId' failed .* must not be null$/],
    ['a'.repeat(2049), /^1 validation error detected: .* less than or equal to 2048$/],
    ['a b', /^Invalid name\. Must be a valid name containing alphanumeric characters/],
    ['arn:aws:secretsmanager:us-east-1', /^Invalid name\./],
  ] as const)
    for (const command of [new GetSecretValueCommand({ SecretId }), new DescribeSecretCommand({ SecretId })])
      await assert.rejects(client.send(command as GetSecretValueCommand), { name: 'ValidationException', message });
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0';
  const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue', authorization };
  for (const body of ['{', 'null', '[]', '"x"', '{"SecretId":5}', '{"SecretId":null}', '{"SecretId":["x"]}']) {
    const answer = await fetch(url, { method: 'POST', body, headers });
    const { __type } = (await answer.json()) as { __type: string };
    assert.deepEqual([answer.status, __type], [400, 'SerializationException'], body);
  }
});

test('a request that is signed for another Region is refused', async (t) => {
  const { url } = await startSecretsManager(t);
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0';
  const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue', authorization };
  const answer = await fetch(url, { method: 'POST', body: '{}', headers });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /InvalidSignatureException.*not 'eu-west-1'/);
});

/** Three secrets, of which the last is scheduled for deletion, and the names in a list of them. */
async function startWithSecrets(t: TestContext) {
  const { emulator, client, clock } = await startSecretsManager(t);
  emulator.addSecret({ name: 'AmazonMSK_orders', secretString: 'hidden', tags: { 'atlas-streaming': 'allow' } });
  emulator.addSecret({ name: 'AmazonMSK_pay', secretString: 'hidden', tags: { team: 'pay' } });
  emulator.addSecret({ name: 'old', secretString: 'hidden' }).deletedAt = clock.now();
  const list = (input: ListSecretsCommandInput = {}) => client.send(new ListSecretsCommand(input));
  const names = async (input?: ListSecretsCommandInput) => (await list(input)).SecretList?.map(({ Name }) => Name);
  return { emulator, client, list, names };
}

test('secrets are listed without values, and without those that are scheduled for deletion unless the caller asks', async (t) => {
  const { list, names } = await startWithSecrets(t);
  const listed = await list();
  assert.deepEqual(await names(), ['AmazonMSK_pay', 'AmazonMSK_orders']);
  assert.doesNotMatch(JSON.stringify(listed), /hidden/);
  const [pay] = listed.SecretList ?? [];
  assert.deepEqual(Object.values(pay?.SecretVersionsToStages ?? {}), [['AWSCURRENT']]);
  assert.deepEqual(await names({ IncludePlannedDeletion: true, SortOrder: 'asc' }), [
    'AmazonMSK_orders',
    'AmazonMSK_pay',
    'old',
  ]);
});

test('secrets are listed by page, with at most 100 in one', async (t) => {
  const { list } = await startWithSecrets(t);
  const first = await list({ MaxResults: 1 });
  const { NextToken } = first;
  const second = await list({ MaxResults: 1, NextToken });
  assert.deepEqual(
    [first, second].map(({ SecretList }) => SecretList?.map(({ Name }) => Name)),
    [['AmazonMSK_pay'], ['AmazonMSK_orders']],
  );
  assert.equal(second.NextToken, undefined);
  for (const MaxResults of [0, 101]) await assert.rejects(list({ MaxResults }), { name: 'InvalidParameterException' });
  await assert.rejects(list({ NextToken: 'none' }), { name: 'InvalidNextTokenException' });
  await assert.rejects(list({ NextToken, IncludePlannedDeletion: true }), { name: 'InvalidNextTokenException' });
});

test('secrets are listed by the beginning of a name, a tag key or a tag value, also negated', async (t) => {
  const { names } = await startWithSecrets(t);
  for (const [Key, value, expected] of [
    ['name', 'AmazonMSK_o', ['AmazonMSK_orders']],
    ['name', 'amazonmsk', []],
    ['name', '!AmazonMSK_o', ['AmazonMSK_pay']],
    ['tag-key', 'atlas', ['AmazonMSK_orders']],
    ['tag-value', 'pay', ['AmazonMSK_pay']],
  ] as const)
    assert.deepEqual(await names({ Filters: [{ Key, Values: [value] }] }), expected, `${Key} ${value}`);
  await assert.rejects(
    names({ Filters: [{ Key: 'owning-service', Values: ['rds'] }] }),
    /does not implement the filter/,
  );
});

test('a filter or an order that Secrets Manager does not allow is refused', async (t) => {
  const { names } = await startWithSecrets(t);
  const filter = { Key: 'name', Values: ['A'] } as const;
  for (const input of [
    { Filters: Array.from({ length: 11 }, () => filter) },
    { Filters: [{ ...filter, Values: [] }] },
    { Filters: [{ ...filter, Values: Array.from({ length: 11 }, () => 'A') }] },
    { Filters: [{ ...filter, Values: ['A*'] }] },
    { SortOrder: 'newest' },
  ])
    await assert.rejects(names(input as unknown as ListSecretsCommandInput), { name: 'ValidationException' });
});

test('listing secrets needs permission for every secret', async (t) => {
  const asked: unknown[] = [];
  const authorize: Authorize = (_, action, resource) => asked.push([action, resource]) < 0;
  const { client } = await startSecretsManager(t, { authorize });
  await assert.rejects(client.send(new ListSecretsCommand({})), { name: 'AccessDeniedException' });
  assert.deepEqual(asked, [['secretsmanager:ListSecrets', undefined]]);
});

test('a secret is tagged and untagged, and its other tags stay', async (t) => {
  const { emulator, client } = await startWithSecrets(t);
  const SecretId = 'AmazonMSK_pay';
  await client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'atlas-streaming', Value: 'allow' }] }));
  assert.deepEqual(emulator.secret(SecretId)?.tags, { team: 'pay', 'atlas-streaming': 'allow' });
  await client.send(new UntagResourceCommand({ SecretId, TagKeys: ['team', 'none'] }));
  assert.deepEqual(emulator.secret(SecretId)?.tags, { 'atlas-streaming': 'allow' });
});

test('a tag that Secrets Manager does not allow changes nothing', async (t) => {
  const { emulator, client } = await startWithSecrets(t);
  const SecretId = 'AmazonMSK_pay';
  const many = Array.from({ length: 50 }, (_, i) => ({ Key: `key-${i}`, Value: '' }));
  for (const Tags of [
    many,
    [{ Key: '', Value: '' }],
    [{ Key: 'k'.repeat(129), Value: '' }],
    [{ Key: 'long', Value: 'v'.repeat(257) }],
    [{ Key: 'AWS:mine', Value: '' }],
  ])
    await assert.rejects(client.send(new TagResourceCommand({ SecretId, Tags })), {
      name: 'InvalidParameterException',
    });
  assert.deepEqual(emulator.secret(SecretId)?.tags, { team: 'pay' });
  await assert.rejects(client.send(new TagResourceCommand({ SecretId: 'old', Tags: [] })), {
    name: 'InvalidRequestException',
  });
});
