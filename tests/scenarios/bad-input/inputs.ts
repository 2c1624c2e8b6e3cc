import { suite, test } from 'node:test';
import { ended } from '../local-cloud.ts';
import { assertRejected, cloudInUse, secret } from './rejection.ts';

const arn = /must be the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:/.source;
const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

/**
 * The engine of the local cloud treats null and "" as no input, and fails at 3,000 levels of nesting. The unit tests of readInput
 * cover these.
 */
const wholes: [what: string, input: unknown, says: RegExp][] = [
  ['a number', 42, /The input is 42; it must be a JSON object/],
  ['true', true, /The input is true; it must be a JSON object/],
  ['a string', 'orders', /The input is "orders"; it must be a JSON object/],
  ['JSON in quotes', `{"config":{"client.id":"${secret}"}}`, /The input is JSON in quotes; it must be a JSON object/],
  ['an empty list', [], /The input is \[\]; it must be a JSON object/],
  ['a list of inputs', [{ secretArn: secret }], /The input is a list; it must be a JSON object/],
  ['a list of 1,000 levels', nested(1000), /The input is a list; it must be a JSON object/],
  ['a string of 200 KB', 'x'.repeat(200_000), /The input is "x+… \(200002 characters\); it must be a JSON object/],
  ['half of an emoji', '\ud83d', /The input is "\\ud83d"; it must be a JSON object/],
  [
    'an object with only __proto__',
    JSON.parse('{"__proto__":{"clusterArn":"x"}}'),
    /clusterArn is missing.*unknown field "__proto__"/,
  ],
];

suite('an input is rejected as a whole if it is', () => {
  for (const [what, input, says] of wholes)
    test(what, async () => {
      const cloud = await cloudInUse();
      assertRejected(cloud, await ended(cloud.start(input)), { says });
    });
});

/** ARNs of something other than an MSK cluster, or of a cluster that this deployment does not serve. */
const arns: [what: string, clusterArn: (own: string) => unknown, says: RegExp][] = [
  ['a number', () => 5, RegExp(`ClusterArn is 5; it ${arn}`, 'i')],
  ['null', () => null, RegExp(`ClusterArn is null; it ${arn}`, 'i')],
  ['a list of one ARN', (own) => [own], RegExp(`ClusterArn is a list; it ${arn}`, 'i')],
  [
    'a SCRAM secret',
    () => ({ username: 'atlas', password: secret }),
    RegExp(`ClusterArn is an object; it ${arn}`, 'i'),
  ],
  ['only a name', () => 'orders', RegExp(`ClusterArn is "orders"; it ${arn}`, 'i')],
  ['a bucket', () => 'arn:aws:s3:::orders', RegExp(`ClusterArn is "arn:aws:s3:::orders"; it ${arn}`, 'i')],
  ...['vpc-connection', 'replicator', 'configuration', 'topic', 'group'].map(
    (type): [string, (own: string) => unknown, RegExp] => [
      `a ${type}`,
      (own) => own.replace(':cluster/', `:${type}/`),
      RegExp(`ClusterArn is "arn:aws:kafka:us-east-1:\\d{12}:${type}/orders/.*; it ${arn}`, 'i'),
    ],
  ),
  [
    'of Kafka Connect',
    (own) => own.replace(':kafka:', ':kafkaconnect:'),
    RegExp(`is "arn:aws:kafkaconnect:.*; it ${arn}`),
  ],
  ['with a newline at its end', (own) => `${own}\n`, RegExp(`-5\\\\n"; it ${arn}`)],
  ['with a space at its start', (own) => ` ${own}`, RegExp(`is " arn:aws:kafka.*; it ${arn}`)],
  ['with NUL in it', (own) => own.replace('orders', 'or\0ders'), RegExp(`or\\\\u0000ders.*; it ${arn}`)],
  ['reversed by a control character', (own) => `\u202e${own}`, RegExp(`is "\\\\u202earn:aws.*; it ${arn}`)],
  ['with a wildcard', (own) => own.replace('orders', '*'), RegExp(`cluster/\\*/.*; it ${arn}`)],
  ['without an account', (own) => own.replace(/\d{12}/, ''), RegExp(`us-east-1::cluster.*; it ${arn}`)],
  ['in upper case', (own) => own.toUpperCase(), RegExp(`is "ARN:AWS:KAFKA.*; it ${arn}`)],
  [
    'with a Region of 200 KB',
    (own) => own.replace('us-east-1', 'us'.repeat(99_999)),
    RegExp(`… \\(200\\d+ characters\\); it ${arn}`),
  ],
  [
    'of China',
    (own) => own.replace('arn:aws:', 'arn:aws-cn:'),
    /has the partition "aws-cn"; it must be "aws", .* for example "arn:aws:kafka/,
  ],
  [
    'of GovCloud',
    (own) => own.replace('arn:aws:', 'arn:aws-us-gov:'),
    /has the partition "aws-us-gov"; it must be "aws"/,
  ],
  [
    'of another Region',
    (own) => own.replace('us-east-1', 'eu-west-1'),
    /is in Region eu-west-1; it must be in us-east-1/,
  ],
  [
    'of another account',
    (own) => own.replace(/\d{12}/, '999999999999'),
    /is in account 999999999999; it must be in account 123456789012/,
  ],
  [
    'of a deleted cluster',
    (own) => own.replace('orders', 'sredro'),
    /MSK has no such cluster; it must be the ARN of an existing one/,
  ],
];

suite('a clusterArn is rejected:', () => {
  for (const [what, clusterArn, says] of arns)
    test(what, async () => {
      const cloud = await cloudInUse();
      assertRejected(cloud, await ended(cloud.start({ clusterArn: clusterArn(cloud.world.cluster.arn) })), { says });
    });
});

/** Fields beside a valid clusterArn. */
const fields: [what: string, field: object, says: RegExp, machine?: 'disconnect'][] = [
  ['a projectId that is a number', { projectId: 5 }, /ProjectId is 5; it must be the 24 hexadecimal/i],
  [
    'a projectId in upper case',
    { projectId: '64B7E1C2D3F4A5968778695A' },
    /ProjectId is "64B7.*; it must be the 24 hexa/i,
  ],
  [
    'a projectId that is not allowed',
    { projectId: '0'.repeat(24) },
    /projectId is "0+", so the target is "0+\/streams", which this deployment does not allow\. It allows only: "64b7/,
  ],
  [
    'a projectId that is the secret of a service account',
    { projectId: `mdb_sa_sk_${secret}` },
    /ProjectId is a text that looks like a secret; it must be/i,
  ],
  [
    'a workspace of 200 KB',
    { workspace: 'w'.repeat(200_000) },
    /workspace is "w+… \(200002 characters\); it must be the name/,
  ],
  ['a workspace of 1,000 levels', { workspace: nested(1000) }, /workspace is a list; it must be the name/],
  [
    'a workspace that leaves its path',
    { workspace: '../../groups' },
    /workspace is "\.\.\/\.\.\/groups"; it must be the name/,
  ],
  [
    'a workspace that is the secret of a service account',
    { workspace: `mdb_sa_sk_${secret}` },
    /workspace is a text that looks like a secret; it must be the name/,
  ],
  ['an empty workspace', { workspace: '' }, /workspace is ""; it must be the name/],
  [
    'a connectionName with an emoji',
    { connectionName: 'orders-😀' },
    /connectionName is "orders-😀"; it must be a name of at most 64/,
  ],
  [
    'a connectionName with half of an emoji',
    { connectionName: 'orders-\ud83d' },
    /connectionName is "orders-\\ud83d"; it must be a name/,
  ],
  [
    'a connectionName that ends in a newline',
    { connectionName: 'orders\n' },
    /connectionName is "orders\\n"; it must be a name/,
  ],
  [
    'a connectionName of invisible characters',
    { connectionName: 'or\u200bders\u0085' },
    /connectionName is "or\\u200bders\\u0085"; it must be a name/,
  ],
  ['a connectionName in Cyrillic', { connectionName: 'оrders' }, /connectionName is "оrders"; it must be a name/],
  [
    'a connectionName that is the secret in quotes',
    { connectionName: JSON.stringify({ password: secret }) },
    /connectionName is JSON in quotes; it must be a name/,
  ],
  [
    'a secretArn that is the password',
    { secretArn: secret },
    /secretArn is not an ARN \(value hidden, it may be a secret\); it must be the whole ARN/,
  ],
  [
    'a secretArn that is the secret',
    { secretArn: { password: secret } },
    /secretArn is not an ARN \(value hidden, it may be a secret\); it must be/,
  ],
  [
    'a secretArn of a parameter',
    { secretArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/AmazonMSK_a' },
    /secretArn is "arn:aws:ssm.*; it must be the whole ARN of a Secrets Manager secret/,
  ],
  [
    'a secretArn of 200 KB',
    { secretArn: `arn:aws:secretsmanager:${'a'.repeat(200_000)}:123456789012:secret:AmazonMSK_a-a1B2c3` },
    /secretArn is "arn:.*… \(\d+ characters\); it must be/,
  ],
  [
    'an unsupported mechanism',
    { mechanism: 'GSSAPI' },
    /mechanism is "GSSAPI"; it must be one of "auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM"/,
  ],
  [
    'a mechanism named like an object property',
    { mechanism: 'constructor' },
    /mechanism is "constructor"; it must be one of/,
  ],
  ['a mechanism in lower case', { mechanism: 'plain' }, /mechanism is "plain"; it must be one of/],
  [
    'a config that is a string',
    { config: secret },
    /config is not a JSON object; it must be an object of Kafka client settings/,
  ],
  ['a config that is a list', { config: [['client.id', secret]] }, /config is not a JSON object; it must be an object/],
  [
    'a config of a number',
    { config: { 'fetch.min.bytes': 5, 'client.id': secret } },
    /config\."fetch\.min\.bytes" must be a string; config is an object/,
  ],
  [
    'a config of objects',
    { config: { 'client.id': { password: secret } } },
    /config\."client\.id" must be a string; config is an object/,
  ],
  [
    'a config with __proto__',
    { config: JSON.parse(`{"__proto__":"${secret}"}`) },
    /config has the key "__proto__", which Atlas ignores/,
  ],
  ['a config with an empty key', { config: { '': 'x' } }, /config has the key "", which Atlas ignores/],
  [
    'a config with a key of 200 KB',
    { config: { ['k'.repeat(200_000)]: 'x' } },
    /config has the key "k+… \(200002 characters\), which Atlas ignores/,
  ],
  ...['ssl.endpoint.identification.algorithm', 'bootstrap.servers', 'sasl.kerberos.kinit.cmd'].map(
    (key): [string, object, RegExp] => [
      `a config with ${key}`,
      { config: { [key]: secret } },
      new RegExp(`config has the key "${key}", which Atlas ignores; it must be .*these keys only: acks, `),
    ],
  ),
  [
    'a config with 5,000 numbers',
    { config: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])) },
    /config has the key "k0", "k1", "k2", "k3", "k4" and 4995 more, which Atlas ignores/,
  ],
  [
    'a config with a credential',
    { config: { 'sasl.jaas.config': secret } },
    /config has the key "sasl\.jaas\.config", which looks like a credential\. Leave it out/,
  ],
  ['a claim in quotes', { claim: 'true' }, /claim is "true"; it must be true or false/],
  [
    'an includeAdopted of a number',
    { includeAdopted: 1 },
    /includeAdopted is 1; it must be true or false/,
    'disconnect',
  ],
  [
    'an acceptPrincipal that is an ARN',
    { acceptPrincipal: 'arn:aws:iam::821274765805:root' },
    /acceptPrincipal is "arn:aws:iam.*; it must be .*12 digits/,
  ],
  [
    'an acceptPrincipal that is a number',
    { acceptPrincipal: 821274765805 },
    /acceptPrincipal is 821274765805; it must be .*12 digits/,
  ],
  [
    'a field that only disconnect knows',
    { includeAdopted: true },
    /The input has the field includeAdopted, which only the disconnect machine knows/,
  ],
  [
    'a field that only connect knows',
    { claim: true },
    /The input has the field claim, which only the connect machine knows/,
    'disconnect',
  ],
  [
    'an account to accept',
    { acceptPrincipal: '821274765805' },
    /The input has the field acceptPrincipal, which only the connect machine knows/,
    'disconnect',
  ],
  ['a dryRun in quotes', { dryRun: 'true' }, /dryRun is "true"; it must be true or false/],
  ['a dryRun that is 1', { dryRun: 1 }, /dryRun is 1; it must be true or false/],
  ['a dryRun that is null', { dryRun: null }, /dryRun is null; it must be true or false/],
  [
    'fields named like object methods',
    { constructor: secret, toString: secret },
    /unknown field "constructor", "toString"; the fields are clusterArn, /,
  ],
  [
    'a field __proto__',
    JSON.parse(`{"__proto__":{"dryRun":true,"x":"${secret}"}}`),
    /unknown field "__proto__"; the fields are/,
  ],
  [
    'fields with another spelling',
    { clusterarn: 'x', cluster_arn: 'x', ClusterArn: 'x' },
    /unknown field "clusterarn", "cluster_arn", "ClusterArn"; the fields are/,
  ],
  [
    'fields with the names of tags',
    { 'project-id': 'x', 'atlas-streaming/workspace': 'x' },
    /unknown field "project-id", "atlas-streaming\/workspace"; the fields are/,
  ],
  [
    'a field with control characters',
    { 'a\u0007\u009f\u2028': secret },
    /unknown field "a\\u0007\\u009f\\u2028"; the fields are/,
  ],
  [
    '8,000 unknown fields',
    Object.fromEntries(Array.from({ length: 8000 }, (_, i) => [`f${i}`, secret])),
    /and 7995 more; the fields are/,
  ],
  [
    'a user and a password',
    { username: 'atlas', password: secret },
    /unknown field "username", "password"; the fields are/,
  ],
  ['resources as well', { resources: [] }, /unknown field "resources"; the fields are/],
  [
    'a detail-type as well',
    { 'detail-type': 'Tag Change on Resource' },
    /must be an event: .*\(wrong or missing: "source", "resources", "detail"\)/,
  ],
  [
    'many mistakes at once',
    { mechanism: 1, workspace: 2, dryRun: 3 },
    /workspace is 2; .*; and mechanism is 1; .*; and dryRun is 3; it must be true or false/,
  ],
  ['a wrong workspace', { workspace: 'a b' }, /workspace is "a b"; it must be the name/, 'disconnect'],
  [
    'a project that is not allowed',
    { projectId: 'f'.repeat(24) },
    /projectId is "f+", so the target is "f+\/streams", which this deployment does not allow/,
    'disconnect',
  ],
  ['an action', { action: 'disconnect' }, /unknown field "action"; the fields are/, 'disconnect'],
];

suite('an input is rejected if it has', () => {
  for (const [what, field, says, machine] of fields)
    test(`${what}${machine ? `, by the ${machine} machine` : ''}`, async () => {
      const cloud = await cloudInUse();
      // JSON.parse and object spread treat `__proto__` like any other key.
      const input = { clusterArn: cloud.world.cluster.arn, ...field };
      assertRejected(cloud, await ended(cloud.start(input, machine)), { says });
    });
});
