import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertConnected, connectByHand, connectByTag, ended } from '../local-cloud.ts';
import { assertRefused, assertUntouched, foreignTags, secret, somebodysCloud } from './refused.ts';

const long = 'x'.repeat(256);
const tag = (name: string) => `atlas-streaming:${name}`;

const wrong: [what: string, tags: Record<string, string>, says: RegExp][] = [
  [
    'a project id that is none',
    { [tag('project-id')]: 'my project' },
    /The tag atlas-streaming:project-id is "my project"; it must be the 24 hexadecimal/,
  ],
  [
    'a project that is not allowed',
    { [tag('project-id')]: 'f'.repeat(24) },
    /The tag atlas-streaming:project-id is "f+", which this deployment does not allow; it must be one of/,
  ],
  ['an empty project id', { [tag('project-id')]: '' }, /The tag atlas-streaming:project-id is ""; it must be/],
  [
    'a workspace at the limit of a tag',
    { [tag('workspace')]: long },
    /The tag atlas-streaming:workspace is "x+… \(258 characters\); it must be the name/,
  ],
  [
    'a workspace with a blank',
    { [tag('workspace')]: 'my streams' },
    /The tag atlas-streaming:workspace is "my streams"; it must be the name/,
  ],
  [
    'a workspace that leads out of its path',
    { [tag('workspace')]: '../x' },
    /The tag atlas-streaming:workspace is "\.\.\/x"; it must be the name/,
  ],
  [
    'a workspace that is the secret of a service account',
    { [tag('workspace')]: `mdb_sa_sk_${secret}` },
    /The tag atlas-streaming:workspace is a text that looks like a secret; it must be/,
  ],
  [
    'a connection name with a colon',
    { [tag('connection-name')]: 'orders:msk' },
    /The tag atlas-streaming:connection-name is "orders:msk"; it must be a name/,
  ],
  [
    'a connection name in Chinese',
    { [tag('connection-name')]: '订单' },
    /The tag atlas-streaming:connection-name is "订单"; it must be a name/,
  ],
  [
    'a connection name with a line separator',
    { [tag('connection-name')]: 'orders\u2028msk' },
    /is "orders\\u2028msk"; it must be a name/,
  ],
  [
    'a secret that is none',
    { [tag('secret-arn')]: secret },
    /The tag atlas-streaming:secret-arn is something that does not start with "arn:"; it must be the whole ARN/,
  ],
  [
    'a secret by its name',
    { [tag('secret-arn')]: 'AmazonMSK_orders' },
    /something that does not start with "arn:"; it must be the whole ARN/,
  ],
];

suite('a tag is refused that names', () => {
  for (const [what, tags, says] of wrong)
    test(what, async () => {
      const cloud = await somebodysCloud({ tags });
      assertRefused(cloud, await connectByTag(cloud), { says });
      assert.equal(cloud.world.cluster.tags.all['atlas-streaming:status'], 'failed');
    });

  test('a workspace that is none, also by the machine disconnect', async () => {
    const cloud = await somebodysCloud({ tags: { [tag('workspace')]: 'a b' } });
    const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    assertRefused(cloud, await ended(execution), { says: /The tag atlas-streaming:workspace is "a b"; it must be/ });
  });

  test('a secret of somebody else', async () => {
    const secretArn = 'arn:aws:secretsmanager:us-east-1:999999999999:secret:AmazonMSK_payroll-a1B2c3';
    const cloud = await somebodysCloud({ tags: { [tag('secret-arn')]: secretArn } });
    const says =
      /The tag atlas-streaming:secret-arn names arn:.*, which is not associated with this cluster; .* start by hand/;
    assertRefused(cloud, await connectByTag(cloud), { error: 'PrerequisitesNotMet', says });
  });
});

suite('a tag counts less than the input:', () => {
  test('a wrong one does no harm where the input has the same setting', async () => {
    const cloud = await somebodysCloud({ tags: { [tag('workspace')]: 'a b', [tag('connection-name')]: ':' } });
    const run = await connectByHand(cloud, { workspace: 'streams', connectionName: 'orders', dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assertUntouched(cloud);
  });

  test('a right one is used where the input has another', async () => {
    const cloud = await somebodysCloud({ tags: { [tag('connection-name')]: 'by-tag' } });
    const { endState, output } = await connectByHand(cloud, { dryRun: true });
    assert.equal(endState, 'Planned');
    assert.match(JSON.stringify(output), /connection \\"by-tag\\"/);
  });
});

suite('foreign tags stay, and connecting succeeds,', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag ${i}`, `${i}`]));
  const unusual: [what: string, tags: Record<string, string>][] = [
    ['with a key of 128 characters and a value of 256', { ['k'.repeat(128)]: long }],
    ['with an empty value', { owner: '' }],
    ['with letters of many languages', { 'Größe 東京': 'Ωμέγα 𐐷 é' }],
    ['with the names that every object has', JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}')],
    [
      'with the keys of other tools',
      { 'kubernetes.io/cluster/a': 'owned', 'Atlas-Streaming': 'connect', 'atlas-streaming-x': 'y' },
    ],
    ['with as many as there may be beside ours', many(50 - Object.keys(foreignTags).length - 7)],
    ['with 49, which leave room for nothing but the one that asks', many(49 - Object.keys(foreignTags).length)],
  ];
  for (const [what, tags] of unusual)
    test(what, async () => {
      const cloud = await somebodysCloud({ tags });
      assertConnected(await connectByTag(cloud));
      const { all } = cloud.world.cluster.tags;
      for (const [key, value] of Object.entries({ ...foreignTags, ...tags })) assert.equal(all[key], value, key);
      assert.ok(Object.keys(all).length <= 50);
    });

  test('with 50, and the end of the run says that there was no room for its own', async () => {
    const tags = many(50 - Object.keys(foreignTags).length);
    const cloud = await somebodysCloud({ tags });
    const run = await connectByHand(cloud);
    assertConnected(run);
    assert.match(JSON.stringify(run.output), /"statusTags":"not written, or not all of them: .*at most 50 tags/);
    assert.deepEqual(cloud.world.cluster.tags.all, { ...foreignTags, ...tags });
  });
});
