import { suite, test } from 'node:test';
import { ended } from '../local-cloud.ts';
import { assertRefused, secret, somebodysCloud } from './refused.ts';

const arn = /must be the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:/.source;
const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

/**
 * The engine of the local cloud takes null and "" for no input at all, and ends itself at 3,000 levels: the unit tests of
 * readInput have those.
 */
const wholes: [what: string, input: unknown, says: RegExp][] = [
  ['a number', 42, /The input is 42; it must be a JSON object/],
  ['true', true, /The input is true; it must be a JSON object/],
  ['a text', 'orders', /The input is "orders"; it must be a JSON object/],
  ['JSON in quotes', `{"config":{"client.id":"${secret}"}}`, /The input is JSON in quotes; it must be a JSON object/],
  ['an empty list', [], /The input is \[\]; it must be a JSON object/],
  ['a list of inputs', [{ secretArn: secret }], /The input is a list; it must be a JSON object/],
  ['a list of 1,000 levels', nested(1000), /The input is a list; it must be a JSON object/],
  ['a text of 200 KB', 'x'.repeat(200_000), /The input is "x+… \(200002 characters\); it must be a JSON object/],
  ['half of an emoji', '\ud83d', /The input is "\\ud83d"; it must be a JSON object/],
  [
    'nothing but prototypes',
    JSON.parse('{"__proto__":{"clusterArn":"x"}}'),
    /clusterArn is missing.*unknown field "__proto__"/,
  ],
];

suite('an input is refused, whole and untouched by anything in it, when it is', () => {
  for (const [what, input, says] of wholes)
    test(what, async () => {
      const cloud = await somebodysCloud();
      assertRefused(cloud, await ended(cloud.start(input)), { says });
    });
});

/** ARNs that are of no cluster of MSK, or of none that is served here. */
const arns: [what: string, clusterArn: (own: string) => unknown, says: RegExp][] = [
  ['a number', () => 5, RegExp(`ClusterArn is 5; it ${arn}`, 'i')],
  ['null', () => null, RegExp(`ClusterArn is null; it ${arn}`, 'i')],
  ['a list of one ARN', (own) => [own], RegExp(`ClusterArn is a list; it ${arn}`, 'i')],
  [
    'the secret itself',
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
    'Kafka Connect',
    (own) => own.replace(':kafka:', ':kafkaconnect:'),
    RegExp(`is "arn:aws:kafkaconnect:.*; it ${arn}`),
  ],
  ['with a newline behind it', (own) => `${own}\n`, RegExp(`-5\\\\n"; it ${arn}`)],
  ['with a blank before it', (own) => ` ${own}`, RegExp(`is " arn:aws:kafka.*; it ${arn}`)],
  ['with NUL in it', (own) => own.replace('orders', 'or\0ders'), RegExp(`or\\\\u0000ders.*; it ${arn}`)],
  ['turned round by a mark', (own) => `\u202e${own}`, RegExp(`is "\\\\u202earn:aws.*; it ${arn}`)],
  ['with a wildcard', (own) => own.replace('orders', '*'), RegExp(`cluster/\\*/.*; it ${arn}`)],
  ['without an account', (own) => own.replace(/\d{12}/, ''), RegExp(`us-east-1::cluster.*; it ${arn}`)],
  ['in capitals', (own) => own.toUpperCase(), RegExp(`is "ARN:AWS:KAFKA.*; it ${arn}`)],
  [
    'with a Region of 200 KB',
    (own) => own.replace('us-east-1', 'us'.repeat(99_999)),
    RegExp(`… \\(200\\d+ characters\\); it ${arn}`),
  ],
  [
    'of China',
    (own) => own.replace('arn:aws:', 'arn:aws-cn:'),
    /is of the partition "aws-cn"; it must be of "aws", .* for example "arn:aws:kafka/,
  ],
  [
    'of GovCloud',
    (own) => own.replace('arn:aws:', 'arn:aws-us-gov:'),
    /is of the partition "aws-us-gov"; it must be of "aws"/,
  ],
  [
    'of another Region',
    (own) => own.replace('us-east-1', 'eu-west-1'),
    /is in Region eu-west-1; it must be in us-east-1/,
  ],
  [
    'of another account',
    (own) => own.replace(/\d{12}/, '999999999999'),
    /is of account 999999999999; it must be of account 123456789012/,
  ],
  [
    'of a cluster that is gone',
    (own) => own.replace('orders', 'sredro'),
    /MSK knows no such cluster; it must be the ARN of an existing one/,
  ],
];

suite('a clusterArn is refused when it is', () => {
  for (const [what, clusterArn, says] of arns)
    test(what, async () => {
      const cloud = await somebodysCloud();
      assertRefused(cloud, await ended(cloud.start({ clusterArn: clusterArn(cloud.world.cluster.arn) })), { says });
    });
});

/** Beside a right clusterArn. */
const fields: [what: string, field: object, says: RegExp, machine?: 'disconnect'][] = [
  ['a projectId that is a number', { projectId: 5 }, /ProjectId is 5; it must be the 24 hexadecimal/i],
  [
    'a projectId in capitals',
    { projectId: '64B7E1C2D3F4A5968778695A' },
    /ProjectId is "64B7.*; it must be the 24 hexa/i,
  ],
  [
    'a projectId that is not allowed',
    { projectId: '0'.repeat(24) },
    /projectId is "0+", which this deployment does not allow; it must be one of "64b7/,
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
    'a workspace that leads out of its path',
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
    'a connectionName with half of one',
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
    /secretArn is something that does not start with "arn:"; it must be the whole ARN/,
  ],
  [
    'a secretArn that is the secret',
    { secretArn: { password: secret } },
    /secretArn is something that does not start with "arn:"; it must be/,
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
    'a mechanism of another kind',
    { mechanism: 'GSSAPI' },
    /mechanism is "GSSAPI"; it must be one of "SCRAM-512" and "PLAIN"/,
  ],
  ['a mechanism that every object has', { mechanism: 'constructor' }, /mechanism is "constructor"; it must be one of/],
  ['a mechanism in small letters', { mechanism: 'plain' }, /mechanism is "plain"; it must be one of/],
  [
    'a config that is a text',
    { config: secret },
    /config is no JSON object; it must be an object of Kafka client settings/,
  ],
  ['a config that is a list', { config: [['client.id', secret]] }, /config is no JSON object; it must be an object/],
  [
    'a config of a number',
    { config: { 'fetch.min.bytes': 5, 'client.id': secret } },
    /config is an object in which "fetch\.min\.bytes" is no string; it must be/,
  ],
  [
    'a config of objects',
    { config: { 'client.id': { password: secret } } },
    /config is an object in which "client\.id" is no string; it must be/,
  ],
  [
    'a config with __proto__',
    { config: JSON.parse(`{"__proto__":"${secret}"}`) },
    /in which "__proto__" cannot be the name of a setting; it must be/,
  ],
  ['a config with an empty key', { config: { '': 'x' } }, /in which "" cannot be the name of a setting; it must be/],
  [
    'a config with a key of 200 KB',
    { config: { ['k'.repeat(200_000)]: 'x' } },
    /in which "k+… \(200002 characters\) cannot be the name/,
  ],
  [
    'a config with 5,000 numbers',
    { config: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])) },
    /"k0", "k1", "k2", "k3", "k4" and 4995 more is no string/,
  ],
  [
    'a config with a credential',
    { config: { 'sasl.jaas.config': secret } },
    /config has the key "sasl\.jaas\.config", which looks like a credential; it must be left out/,
  ],
  ['a dryRun in quotes', { dryRun: 'true' }, /dryRun is "true"; it must be true or false/],
  ['a dryRun that is 1', { dryRun: 1 }, /dryRun is 1; it must be true or false/],
  ['a dryRun that is null', { dryRun: null }, /dryRun is null; it must be true or false/],
  [
    'a field that every object has',
    { constructor: secret, toString: secret },
    /unknown field "constructor", "toString"; the fields are clusterArn, /,
  ],
  [
    'a field __proto__',
    JSON.parse(`{"__proto__":{"dryRun":true,"x":"${secret}"}}`),
    /unknown field "__proto__"; the fields are/,
  ],
  [
    'a field with another spelling',
    { clusterarn: 'x', cluster_arn: 'x', ClusterArn: 'x' },
    /unknown field "clusterarn", "cluster_arn", "ClusterArn"; the fields are/,
  ],
  [
    'a field in words of the tags',
    { 'project-id': 'x', 'atlas-streaming:workspace': 'x' },
    /unknown field "project-id", "atlas-streaming:workspace"; the fields are/,
  ],
  [
    'a field with control characters',
    { 'a\u0007\u009f\u2028': secret },
    /unknown field "a\\u0007\\u009f\\u2028"; the fields are/,
  ],
  [
    '10,000 fields that nobody knows',
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, secret])),
    /and 9995 more; the fields are/,
  ],
  [
    'the user and password themselves',
    { username: 'atlas', password: secret },
    /unknown field "username", "password"; the fields are/,
  ],
  ['resources besides', { resources: [] }, /unknown field "resources"; the fields are/],
  [
    'a detail-type besides',
    { 'detail-type': 'Tag Change on Resource' },
    /looks like an event but is not .*\("source", "resources", "detail"\)/,
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
    /projectId is "f+", which this deployment does not allow; it must be one of/,
    'disconnect',
  ],
  ['an action', { action: 'disconnect' }, /unknown field "action"; the fields are/, 'disconnect'],
];

suite('an input is refused when it has', () => {
  for (const [what, field, says, machine] of fields)
    test(`${what}${machine ? `, by the machine ${machine}` : ''}`, async () => {
      const cloud = await somebodysCloud();
      // `__proto__` is a key like another one where JSON is read or spread.
      const input = { clusterArn: cloud.world.cluster.arn, ...field };
      assertRefused(cloud, await ended(cloud.start(input, machine)), { says });
    });
});
