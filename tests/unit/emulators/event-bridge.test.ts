import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiCallEvent, type EventPattern, matches, tagChangeEvent } from '../../../emulators/event-bridge.ts';

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

const apiCall = { clusterArn: resourceArn, caller: 'AKIAPERSON', time: new Date('2026-11-23T12:00:00.123Z') };

test('a call that tags a cluster becomes an event of CloudTrail, with the ARN of the path percent-encoded', () => {
  const { id, detail, ...rest } = apiCallEvent({ ...apiCall, operation: 'TagResource', tags: { team: 'a' } });
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    version: '0',
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kafka',
    account: '123456789012',
    time: '2026-11-23T12:00:00Z',
    region: 'cn-north-1',
    resources: [],
  });
  assert.equal(detail.eventSource, 'kafka.amazonaws.com');
  assert.equal(detail.eventName, 'TagResource');
  assert.deepEqual(detail.requestParameters, {
    resourceArn: 'arn%3Aaws-cn%3Akafka%3Acn-north-1%3A123456789012%3Acluster%2Forders%2F0a1b2c3d-2',
    tags: { team: 'a' },
  });
  assert.equal(detail.responseElements, null);
  assert.equal('errorCode' in detail, false);
});

test('a call that removes tags becomes an event with their keys', () => {
  const { detail } = apiCallEvent({ ...apiCall, operation: 'UntagResource', tagKeys: ['team'] });
  assert.deepEqual(detail.requestParameters, { resourceArn: encodeURIComponent(resourceArn), tagKeys: ['team'] });
});

test('a call that creates a cluster becomes an event with its ARN in the response', () => {
  const { detail } = apiCallEvent({ ...apiCall, operation: 'CreateClusterV2', tags: { team: 'a' } });
  assert.deepEqual(detail.requestParameters, { clusterName: 'orders', tags: { team: 'a' } });
  assert.equal((detail.responseElements as { clusterArn: string }).clusterArn, resourceArn);
});

test('a refused call becomes an event with its error', () => {
  const error = { code: 'BadRequestException', message: 'No.' };
  const { detail } = apiCallEvent({ ...apiCall, operation: 'TagResource', tags: {}, error });
  assert.equal(detail.errorCode, 'BadRequestException');
  const pattern = { detail: { errorCode: [{ exists: false }], eventName: ['TagResource'] } };
  assert.equal(matches(pattern, { detail }), false);
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
