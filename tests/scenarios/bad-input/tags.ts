import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertConnected, changes, connectByHand, connectByTag, disconnectByTag } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse, foreignTags, secret } from './rejection.ts';

const long = 'x'.repeat(255);
const tag = (name: string) => `atlas-streaming/${name}`;

const wrong: [what: string, tags: Record<string, string>, says: RegExp][] = [
  [
    'an invalid project id',
    { [tag('project-id')]: 'my project' },
    /The tag atlas-streaming\/project-id is "my project"; it must be the 24 hexadecimal/,
  ],
  [
    'a project that is not allowed',
    { [tag('project-id')]: 'f'.repeat(24) },
    /The tag atlas-streaming\/project-id is "f+", so the target is "f+\/streams", which this deployment does not allow\. .* Correct the tag, or remove it:\n {2}aws kafka untag-resource .* --tag-keys atlas-streaming\/project-id\nOr /,
  ],
  ['an empty project id', { [tag('project-id')]: '' }, /The tag atlas-streaming\/project-id is ""; it must be/],
  [
    'a workspace as long as a tag allows',
    { [tag('workspace')]: long },
    /The tag atlas-streaming\/workspace is "x+… \(257 characters\); it must be the name/,
  ],
  [
    'a workspace with a space',
    { [tag('workspace')]: 'my streams' },
    /The tag atlas-streaming\/workspace is "my streams"; it must be the name/,
  ],
  [
    'a workspace that leaves its path',
    { [tag('workspace')]: '../x' },
    /The tag atlas-streaming\/workspace is "\.\.\/x"; it must be the name/,
  ],
  [
    'a workspace that is the secret of a service account',
    { [tag('workspace')]: `mdb_sa_sk_${secret}` },
    /The tag atlas-streaming\/workspace is a text that looks like a secret; it must be/,
  ],
  [
    'a connection name with a plus sign',
    { [tag('connection-name')]: 'orders+msk' },
    /The tag atlas-streaming\/connection-name is "orders\+msk"; it must be a name/,
  ],
  [
    'a connection name in Chinese',
    { [tag('connection-name')]: '订单' },
    /The tag atlas-streaming\/connection-name is "订单"; it must be a name/,
  ],
  [
    'a connection name with a line separator',
    { [tag('connection-name')]: 'orders\u2028msk' },
    /is "orders\\u2028msk"; it must be a name/,
  ],
  [
    'a secret that MSK cannot associate',
    { [tag('secret')]: 'payroll' },
    /The tag atlas-streaming\/secret is "payroll"; it must be the name of a Secrets Manager secret that starts with Ama/,
  ],
  ['an empty secret', { [tag('secret')]: '' }, /The tag atlas-streaming\/secret is ""; it must be the name/],
  [
    'a secret by the secret of a service account',
    { [tag('secret')]: `mdb_sa_sk_${secret}` },
    /The tag atlas-streaming\/secret is a text that looks like a secret; it must be the name/,
  ],
];

suite('a tag is rejected if it names', () => {
  for (const [what, tags, says] of wrong)
    test(what, async () => {
      const cloud = await cloudInUse({ tags });
      assertRejected(cloud, await connectByTag(cloud), { says });
      assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'failed');
    });

  test('an invalid workspace, but not by the disconnect machine, which removes what is recorded', async () => {
    const cloud = await cloudInUse({ tags: { [tag('workspace')]: 'a b' } });
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual(changes(cloud), ['kafka UntagResource'], 'only a status tag');
  });

  test('a secret that is not associated', async () => {
    const cloud = await cloudInUse({ tags: { [tag('secret')]: 'AmazonMSK_payroll' } });
    const says =
      /The tag atlas-streaming\/secret names "AmazonMSK_payroll", and no secret of that name is associated with this cluster; .* start a run manually/;
    assertRejected(cloud, await connectByTag(cloud), { error: 'PrerequisitesNotMet', says });
  });
});

suite('the input overrides a tag:', () => {
  test('a wrong tag does not matter if the input has the same setting', async () => {
    const cloud = await cloudInUse({ tags: { [tag('workspace')]: 'a b', [tag('connection-name')]: '=' } });
    const run = await connectByHand(cloud, { workspace: 'streams', connectionName: 'orders', dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assertUntouched(cloud);
  });

  test('a tag sets what the input omits', async () => {
    const cloud = await cloudInUse({ tags: { [tag('connection-name')]: 'by-tag' } });
    const { endState, output } = await connectByHand(cloud, { dryRun: true });
    assert.equal(endState, 'Planned');
    assert.match(JSON.stringify(output), /connection \\"by-tag\\"/);
  });
});

suite('foreign tags stay and connecting succeeds', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag ${i}`, `${i}`]));
  const unusual: [what: string, tags: Record<string, string>][] = [
    ['with a key of 128 characters and a value of 255', { ['k'.repeat(128)]: long }],
    ['with an empty value', { owner: '' }],
    ['with letters of many languages', { 'Größe 東京': 'Ωμέγα 𐐷 é' }],
    ['with keys named like object properties', JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}')],
    [
      'with the keys of other tools',
      { 'kubernetes.io/cluster/a': 'owned', 'Atlas-Streaming': 'connect', 'atlas-streaming-x': 'y' },
    ],
    ['with as many as leave room for all of ours', many(50 - Object.keys(foreignTags).length - 5)],
    ['with 49, which leave room for the trigger tag only', many(49 - Object.keys(foreignTags).length)],
  ];
  for (const [what, tags] of unusual)
    test(what, async () => {
      const cloud = await cloudInUse({ tags });
      assertConnected(await connectByTag(cloud));
      const { all } = cloud.world.cluster.tags;
      for (const [key, value] of Object.entries({ ...foreignTags, ...tags })) assert.equal(all[key], value, key);
      assert.ok(Object.keys(all).length <= 50);
    });

  test('with 50, and the output says that there was no room for ours', async () => {
    const tags = many(50 - Object.keys(foreignTags).length);
    const cloud = await cloudInUse({ tags });
    const run = await connectByHand(cloud);
    assertConnected(run);
    assert.match(JSON.stringify(run.output), /"statusTags":"not written: .*at most 50 tags/);
    assert.deepEqual(cloud.world.cluster.tags.all, { ...foreignTags, ...tags });
  });
});
