import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as kafka from '@aws-sdk/client-kafka';
import type { Request } from '../../../emulators/emulator.ts';
import { routeMsk } from '../../../emulators/msk/router.ts';

type OperationSchema = typeof kafka.DescribeClusterV2$;

const schemas = Object.values(kafka).filter((it): it is OperationSchema => Array.isArray(it) && it[0] === 9);

function request(method: string, path: string, body = ''): Request {
  return { method, path, url: path, query: new URLSearchParams(), headers: {}, body };
}

test('every operation of the SDK routes to itself and to nothing else', () => {
  assert.ok(schemas.length >= 60);
  for (const [, , name, traits] of schemas) {
    const [method, template] = (traits as { http: [string, string, number] }).http;
    const path = template.replace(/\{\w+\}/g, encodeURIComponent('arn:aws:kafka:us-east-1:123456789012:cluster/a/b-1'));
    assert.equal(routeMsk(request(method, path)).operation.name, name);
  }
});

test('an unknown path is refused', () => {
  assert.throws(() => routeMsk(request('GET', '/v1/nothing')), /no operation at GET \/v1\/nothing/);
});

test('labels, query and body become the input of the SDK', async () => {
  const put = routeMsk(request('PUT', '/v1/clusters/arn%3Aa%2Fb/policy'));
  const body = JSON.stringify({ currentVersion: 'K1', policy: '{}' });
  assert.deepEqual(await put.operation.decode(request('PUT', '', body), put.labels), {
    ClusterArn: 'arn:a/b',
    CurrentVersion: 'K1',
    Policy: '{}',
  });
  const list = routeMsk(request('GET', '/api/v2/clusters'));
  const query = new URLSearchParams('maxResults=5&clusterNameFilter=ord');
  assert.deepEqual(await list.operation.decode({ ...request('GET', ''), query }, list.labels), {
    MaxResults: 5,
    ClusterNameFilter: 'ord',
  });
});

test('a missing required member and a body that is not JSON are refused with BadRequestException', async () => {
  const { operation, labels } = routeMsk(request('PUT', '/v1/clusters/arn/policy'));
  await assert.rejects(operation.decode(request('PUT', '', '{}'), labels), {
    message: 'Missing required member: Policy.',
  });
  await assert.rejects(operation.decode(request('PUT', '', '{'), labels), /not valid JSON/);
});

test('a body of another type than the SDK sends is refused with the member', async () => {
  const put = routeMsk(request('PUT', '/v1/clusters/arn/policy'));
  for (const body of [
    'null',
    '[]',
    '5',
    '"x"',
    '{"policy":5}',
    '{"policy":null}',
    '{"policy":"{}","currentVersion":[]}',
  ])
    await assert.rejects(
      put.operation.decode(request('PUT', '', body), put.labels),
      /must be (an object|a string)\./,
      body,
    );
  const associate = routeMsk(request('POST', '/v1/clusters/arn/scram-secrets'));
  for (const body of ['{"secretArnList":"foo"}', '{"secretArnList":[5]}'])
    await assert.rejects(associate.operation.decode(request('POST', '', body), associate.labels), {
      message: /^The request is not valid: secretArnList(\.0)? must be a (list|string)\.$/,
    });
  const update = routeMsk(request('PUT', '/v1/clusters/arn/connectivity'));
  const enabled = { vpcConnectivity: { clientAuthentication: { sasl: { scram: { enabled: 'true' } } } } };
  const body = JSON.stringify({ currentVersion: 'K1', connectivityInfo: enabled });
  await assert.rejects(update.operation.decode(request('PUT', '', body), update.labels), /enabled must be a Boolean\./);
});
