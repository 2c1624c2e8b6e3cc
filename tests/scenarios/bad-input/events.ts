import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tagChangeEvent } from '../../../emulators/event-bridge.ts';
import { ended } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse, secret } from './rejection.ts';

const asks = { 'atlas-streaming': 'connect' };

/** The fields in which an event differs from a valid one. */
type Overrides = (own: string, detail: object) => object;
const event = (resourceArn: string, overrides: Overrides) => {
  const valid = tagChangeEvent({
    resourceArn,
    tags: asks,
    changedTagKeys: ['atlas-streaming'],
    version: 1,
    time: new Date(),
  });
  return { ...valid, ...overrides(resourceArn, valid.detail) };
};

const without = (...fields: string[]): object => Object.fromEntries(fields.map((field) => [field, undefined]));

const wrong: [what: string, overrides: Overrides, says: RegExp][] = [
  ['of another source', () => ({ source: 'aws.ec2' }), /\(wrong or missing: "source"\), or /],
  [
    'with another detail-type',
    () => ({ 'detail-type': 'AWS API Call via CloudTrail' }),
    /\(wrong or missing: "detail-type"\)/,
  ],
  ['without a detail-type', () => without('detail-type'), /\(wrong or missing: "detail-type"\)/],
  ['without a source', () => without('source'), /\(wrong or missing: "source"\)/],
  ['without resources', () => without('resources'), /\(wrong or missing: "resources"\)/],
  ['about no resource', () => ({ resources: [] }), /\(wrong or missing: "resources"\)/],
  ['about two resources', (own) => ({ resources: [own, own] }), /\(wrong or missing: "resources"\)/],
  [
    'about a resource that is not a string',
    () => ({ resources: [{ arn: secret }] }),
    /\(wrong or missing: "resources\.0"\)/,
  ],
  ['whose resources are a string', (own) => ({ resources: own }), /\(wrong or missing: "resources"\)/],
  ['without a detail', () => without('detail'), /\(wrong or missing: "detail"\)/],
  ['whose detail is null', () => ({ detail: null }), /\(wrong or missing: "detail"\)/],
  [
    'whose detail is JSON in quotes',
    (_, detail) => ({ detail: JSON.stringify(detail) }),
    /\(wrong or missing: "detail"\)/,
  ],
  [
    'without changed keys',
    (_, detail) => ({ detail: { ...detail, ...without('changed-tag-keys') } }),
    /\(wrong or missing: "detail\.changed-tag-keys"\)/,
  ],
  [
    'whose changed key is a number',
    (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': [5] } }),
    /\(wrong or missing: "detail\.changed-tag-keys\.0"\)/,
  ],
  [
    'whose tags are null',
    (_, detail) => ({ detail: { ...detail, tags: null } }),
    /\(wrong or missing: "detail\.tags"\)/,
  ],
  [
    'whose tags are a list',
    (_, detail) => ({ detail: { ...detail, tags: [asks] } }),
    /\(wrong or missing: "detail\.tags"\)/,
  ],
  [
    'with a tag key of 200 KB whose value is not a string',
    (_, detail) => ({ detail: { ...detail, tags: { ['k'.repeat(200_000)]: 5 } } }),
    /\(wrong or missing: "detail\.tags\.k+… \(200014 characters\)\), or /,
  ],
  [
    'with a tag key that reverses text',
    (_, detail) => ({ detail: { ...detail, tags: { 'a\u202e\u0000': { secret } } } }),
    /\(wrong or missing: "detail\.tags\.a\\u202e\\u0000"\)/,
  ],
  [
    'with 5,000 tags whose values are not strings',
    (_, detail) => ({
      detail: { ...detail, tags: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [i, i])) },
    }),
    /\(wrong or missing: "detail\.tags\.0", .* and 4995 more\)/,
  ],
];

suite('an event is rejected if it is one', () => {
  for (const [what, overrides, says] of wrong)
    test(what, async () => {
      const cloud = await cloudInUse({ tags: asks });
      const input = JSON.parse(JSON.stringify(event(cloud.world.cluster.arn, overrides)));
      const start = /so it must be an event: "Tag Change on Resource" of aws\.tag about one resource /;
      assertRejected(cloud, await ended(cloud.start(input)), { says: RegExp(start.source + says.source) });
    });

  for (const type of ['vpc-connection', 'replicator', 'configuration', 'topic'])
    test(`about a ${type}, which the rule matches`, async () => {
      const cloud = await cloudInUse({ tags: asks });
      const [execution] = cloud.deliver(event(cloud.world.cluster.arn.replace(':cluster/', `:${type}/`), () => ({})));
      const says = RegExp(
        `resources\\[0\\] is "arn:aws:kafka:us-east-1:\\d+:${type}/.*; it must be the ARN of an Amazon MSK cluster`,
        'i',
      );
      assertRejected(cloud, await ended(execution ?? assert.fail('not started')), { says });
    });

  test('about a cluster of another partition', async () => {
    const cloud = await cloudInUse({ tags: asks });
    const other = cloud.world.cluster.arn.replace('arn:aws:', 'arn:aws-cn:');
    assert.deepEqual(cloud.deliver(event(other, () => ({}))), [], 'no rule matches it');
    const run = await ended(cloud.start(event(other, () => ({}))));
    assertRejected(cloud, run, { says: /has the partition "aws-cn"; it must be "aws"/ });
  });
});

suite('an event starts nothing if', () => {
  const unmatched: [what: string, overrides: Overrides][] = [
    ['the tag has another value', (_, detail) => ({ detail: { ...detail, tags: { 'atlas-streaming': 'Connect' } } })],
    [
      'the value of the tag has one more character',
      (_, detail) => ({ detail: { ...detail, tags: { 'atlas-streaming': 'connect ' } } }),
    ],
    ['its tags are null', (_, detail) => ({ detail: { ...detail, tags: null } })],
    ['no tag has changed', (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': [] } })],
    [
      'a tag with a similar key has changed',
      (_, detail) => ({ detail: { ...detail, 'changed-tag-keys': ['atlas-streaming/status'] } }),
    ],
    ['it is about no resource', () => ({ resources: [] })],
  ];
  for (const [what, overrides] of unmatched)
    test(what, async () => {
      const cloud = await cloudInUse();
      assert.deepEqual(cloud.deliver(event(cloud.world.cluster.arn, overrides)), []);
    });
});

suite('an event does nothing if', () => {
  for (const value of ['disconnect', 'CONNECT', '', 'x'.repeat(255), 'コネクト'])
    test(`the tag of the cluster is ${JSON.stringify(value.slice(0, 20))} when the run starts`, async () => {
      const cloud = await cloudInUse({ tags: { 'atlas-streaming': value } });
      const run = await ended(cloud.start(event(cloud.world.cluster.arn, () => ({}))));
      assert.equal(run.endState, 'NothingToDo', run.cause);
      assert.match(
        JSON.stringify(run.output),
        /The tag atlas-streaming is .*, not \\"connect\\"\. Nothing is to be done for arn:/,
      );
      assertUntouched(cloud);
    });
});
