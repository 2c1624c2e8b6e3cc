import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tagChangeEvent } from '../../../emulators/event-bridge.ts';
import { ended } from '../local-cloud.ts';
import { assertRefused, assertUntouched, secret, somebodysCloud } from './refused.ts';

const asks = { 'atlas-streaming': 'connect' };

/** AWS's event about the cluster, where it differs from a right one. */
type Overrides = (own: string, detail: object) => object;
const event = (resourceArn: string, overrides: Overrides) => {
  const right = tagChangeEvent({
    resourceArn,
    tags: asks,
    changedTagKeys: ['atlas-streaming'],
    version: 1,
    time: new Date(),
  });
  return { ...right, ...overrides(resourceArn, right.detail) };
};

const without = (...fields: string[]): object => Object.fromEntries(fields.map((field) => [field, undefined]));

const wrong: [what: string, overrides: Overrides, says: RegExp][] = [
  ['of another source', () => ({ source: 'aws.ec2' }), /\("source"\)\. Start with/],
  ['of another kind', () => ({ 'detail-type': 'AWS API Call via CloudTrail' }), /\("detail-type"\)/],
  ['without a kind', () => without('detail-type'), /\("detail-type"\)/],
  ['without a source', () => without('source'), /\("source"\)/],
  ['without resources', () => without('resources'), /\("resources"\)/],
  ['about no resource', () => ({ resources: [] }), /\("resources"\)/],
  ['about two resources', (own) => ({ resources: [own, own] }), /\("resources"\)/],
  ['about a resource that is no text', () => ({ resources: [{ arn: secret }] }), /\("resources\.0"\)/],
  ['whose resources are a text', (own) => ({ resources: own }), /\("resources"\)/],
  ['without a detail', () => without('detail'), /\("detail"\)/],
  ['whose detail is null', () => ({ detail: null }), /\("detail"\)/],
  ['whose detail is JSON in quotes', (_, detail) => ({ detail: JSON.stringify(detail) }), /\("detail"\)/],
  [
    'without changed keys',
    (_, detail) => ({ detail: { ...detail, ...without('changed-tag-keys') } }),
    /\("detail\.changed-tag-keys"\)/,
  ],
  [
    'whose changed key is a number',
    (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': [5] } }),
    /\("detail\.changed-tag-keys\.0"\)/,
  ],
  ['whose tags are null', (_, detail) => ({ detail: { ...detail, tags: null } }), /\("detail\.tags"\)/],
  ['whose tags are a list', (_, detail) => ({ detail: { ...detail, tags: [asks] } }), /\("detail\.tags"\)/],
  [
    'with a tag of 200 KB that is no text',
    (_, detail) => ({ detail: { ...detail, tags: { ['k'.repeat(200_000)]: 5 } } }),
    /\("detail\.tags\.k+… \(200014 characters\)\)/,
  ],
  [
    'with a tag that turns text round',
    (_, detail) => ({ detail: { ...detail, tags: { 'a\u202e\u0000': { secret } } } }),
    /\("detail\.tags\.a\\u202e\\u0000"\)/,
  ],
  [
    'with 5,000 tags that are no texts',
    (_, detail) => ({
      detail: { ...detail, tags: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [i, i])) },
    }),
    /\("detail\.tags\.0", .* and 4995 more\)/,
  ],
];

suite('an event is refused when it is one', () => {
  for (const [what, overrides, says] of wrong)
    test(what, async () => {
      const cloud = await somebodysCloud({ tags: asks });
      const input = JSON.parse(JSON.stringify(event(cloud.world.cluster.arn, overrides)));
      const start =
        /The input looks like an event but is not a "Tag Change on Resource" event of aws\.tag about one resource /;
      assertRefused(cloud, await ended(cloud.start(input)), { says: RegExp(start.source + says.source) });
    });

  for (const type of ['vpc-connection', 'replicator', 'configuration', 'topic'])
    test(`about a ${type}, whose tags the rule lets through`, async () => {
      const cloud = await somebodysCloud({ tags: asks });
      const execution = cloud.deliver(event(cloud.world.cluster.arn.replace(':cluster/', `:${type}/`), () => ({})));
      const says = RegExp(
        `resources\\[0\\] is "arn:aws:kafka:us-east-1:\\d+:${type}/.*; it must be the ARN of an Amazon MSK cluster`,
        'i',
      );
      assertRefused(cloud, await ended(execution ?? assert.fail('not started')), { says });
    });

  test('about a cluster of another partition', async () => {
    const cloud = await somebodysCloud({ tags: asks });
    const other = cloud.world.cluster.arn.replace('arn:aws:', 'arn:aws-cn:');
    assert.equal(cloud.deliver(event(other, () => ({}))), undefined, 'the rule lets none through');
    const run = await ended(cloud.start(event(other, () => ({}))));
    assertRefused(cloud, run, { says: /is of the partition "aws-cn"; it must be of "aws"/ });
  });
});

suite('an event starts nothing when', () => {
  const unasked: [what: string, overrides: Overrides][] = [
    ['its tags say another word', (_, detail) => ({ detail: { ...detail, tags: { 'atlas-streaming': 'Connect' } } })],
    [
      'its tags say more than the word',
      (_, detail) => ({ detail: { ...detail, tags: { 'atlas-streaming': 'connect ' } } }),
    ],
    ['its tags are null', (_, detail) => ({ detail: { ...detail, tags: null } })],
    ['no key has changed', (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': [] } })],
    [
      'a key like ours has changed',
      (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': ['atlas-streaming:status'] } }),
    ],
    ['it is about no resource', () => ({ resources: [] })],
  ];
  for (const [what, overrides] of unasked)
    test(what, async () => {
      const cloud = await somebodysCloud();
      assert.equal(cloud.deliver(event(cloud.world.cluster.arn, overrides)), undefined);
    });
});

suite('an event does nothing when', () => {
  for (const value of ['disconnect', 'CONNECT', '', 'x'.repeat(256), 'コネクト'])
    test(`the cluster's own tag says ${JSON.stringify(value.slice(0, 20))} by then`, async () => {
      const cloud = await somebodysCloud({ tags: { 'atlas-streaming': value } });
      const run = await ended(cloud.start(event(cloud.world.cluster.arn, () => ({}))));
      assert.equal(run.endState, 'NothingToDo', run.cause);
      assert.match(JSON.stringify(run.output), /The tag atlas-streaming of arn:.* is .*, not \\"connect\\"\./);
      assertUntouched(cloud);
    });
});
