import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventPattern, matches, tagChangeEvent } from '../../../emulators/event-bridge.ts';

const resourceArn = 'arn:aws-cn:kafka:cn-north-1:123456789012:cluster/orders/0a1b2c3d-2';

const event = tagChangeEvent({
  resourceArn,
  changedTagKeys: ['atlas-streaming', 'removed'],
  tags: { 'atlas-streaming': 'connect', team: 'a' },
  version: 3,
  time: new Date('2026-11-23T12:00:00.123Z'),
});

test('a tag change becomes an event in the documented form', () => {
  const { id, ...rest } = event;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    version: '0',
    'detail-type': 'Tag Change on Resource',
    source: 'aws.tag',
    account: '123456789012',
    time: '2026-11-23T12:00:00Z',
    region: 'cn-north-1',
    resources: [resourceArn],
    detail: {
      'changed-tag-keys': ['atlas-streaming', 'removed'],
      tags: { 'atlas-streaming': 'connect', team: 'a' },
      service: 'kafka',
      'resource-type': 'cluster',
      version: 3,
    },
  });
});

const patterns: [boolean, EventPattern][] = [
  [true, { source: ['aws.ec2', 'aws.tag'] }],
  [false, { source: ['aws.ec2'] }],
  [true, { resources: [{ prefix: 'arn:aws-cn:kafka:' }] }],
  [false, { resources: [{ prefix: 'arn:aws:kafka:' }] }],
  [true, { detail: { 'changed-tag-keys': ['atlas-streaming'], tags: { 'atlas-streaming': ['connect'] } } }],
  [false, { detail: { 'changed-tag-keys': ['atlas-streaming'], tags: { 'atlas-streaming': ['disconnect'] } } }],
  [false, { detail: { 'changed-tag-keys': ['team'] } }],
  [true, { detail: { tags: { team: [{ exists: true }], removed: [{ exists: false }] } } }],
  [false, { detail: { tags: { team: [{ exists: false }] } } }],
  [false, { detail: { tags: { removed: [{ exists: true }] } } }],
  [false, { detail: { tags: [{ exists: true }] } }],
  [true, { nothing: { here: [{ exists: false }] } }],
  [true, { detail: { version: [3] } }],
  [false, { detail: { version: ['3'] } }],
];
for (const [expected, pattern] of patterns) {
  test(`the pattern ${JSON.stringify(pattern)} ${expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(matches(pattern, event), expected);
  });
}

test('an operator that the local EventBridge does not support throws, even if nothing else matches', () => {
  const wildcard = { source: ['aws.ec2'], resources: ['none', { wildcard: 'arn:*' }] } as unknown as EventPattern;
  assert.throws(() => matches(wildcard, event), /'wildcard'/);
  assert.throws(() => matches({ $or: [] }, event), /'\$or'/);
});
