import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { knownBehaviour, usualBehaviour } from '../../../emulators/atlas/behaviour.ts';
import { faultInAnswer, faultInRequest } from '../../../emulators/atlas/contract.ts';
import type { Endpoint } from '../../../emulators/atlas/endpoint.ts';
import { endpoints } from '../../../emulators/atlas/endpoints.ts';
import { errorCodes } from '../../../emulators/atlas/error.ts';
import { knownFaults } from '../../../emulators/atlas/kafka-source.ts';
import type { Known } from '../../../emulators/atlas/knowledge.ts';
import { ApiError } from '../../../emulators/atlas/schemas/answer.ts';
import { connections, links, msk, start, startWithLink } from '../../fixtures/atlas-emulator.ts';
import { projectId } from '../../fixtures/emulators.ts';

const endpoint = (operation: string): Endpoint =>
  endpoints.find((it) => it.operation === operation) ?? assert.fail(operation);

describe('what the emulator of Atlas knows', () => {
  const all: [string, Known][] = [
    ...endpoints.map(({ operation, known }): [string, Known] => [operation, known]),
    ...Object.entries(errorCodes),
    ...Object.entries(knownBehaviour),
    ...Object.entries(knownFaults),
  ];

  test('is marked as documented, recorded, reported or assumed, with the source', () => {
    assert.ok(all.length > 40);
    for (const [name, { how, source }] of all) {
      assert.ok(['documented', 'recorded', 'reported', 'assumed'].includes(how), name);
      assert.ok(source.length > 10, name);
    }
  });

  test('includes each endpoint, each behaviour that a scenario can change, and no other', () => {
    assert.deepEqual(Object.keys(knownBehaviour).sort(), Object.keys(usualBehaviour).sort());
    assert.equal(new Set(all.map(([name]) => name)).size, all.length);
  });
});

/** Answers that MongoDB's Atlas CLI has recorded: mongodb/mongodb-atlas-cli, snapshots of 10 August 2026 (Apache-2.0). */
const recordings: [operation: string, body: Record<string, unknown>][] = [
  [
    'getGroupStreamConnection',
    {
      authentication: { mechanism: 'SCRAM-256', username: 'admin' },
      bootstrapServers: 'example.com:8080,fraud.example.com:8000',
      config: { 'auto.offset.reset': 'earliest' },
      id: '6a7941e0c0eb9e7a17723361',
      name: 'connection-290',
      networking: { access: { type: 'PUBLIC' } },
      region: 'VIRGINIA_USA',
      security: { protocol: 'PLAINTEXT' },
      state: 'READY',
      type: 'Kafka',
    },
  ],
  [
    'updateGroupStreamConnection',
    {
      authentication: { mechanism: 'SCRAM-512', username: 'admin' },
      bootstrapServers: 'example2.com:8080,fraud.example.com:8000',
      config: { 'auto.offset.reset': 'earliest' },
      id: '6a7941e0c0eb9e7a17723361',
      name: 'connection-290',
      networking: { access: { type: 'PUBLIC' } },
      region: 'VIRGINIA_USA',
      security: { brokerPublicCertificate: '-----BEGIN CERTIFICATE-----', protocol: 'SSL' },
      type: 'Kafka',
    },
  ],
  [
    'createGroupStreamPrivateLinkConnection',
    {
      _id: '6a7941d3c0eb9e7a17722d71',
      dnsDomain: 'test-namespace.servicebus.windows.net',
      provider: 'Azure',
      region: 'US_EAST_2',
      serviceEndpointId:
        '/subscriptions/0/resourceGroups/test-rg/providers/Microsoft.EventHub/namespaces/test-namespace',
    },
  ],
  [
    'getGroupStreamPrivateLinkConnection',
    {
      _id: '6a7941d3c0eb9e7a17722d71',
      dnsDomain: 'test-namespace.servicebus.windows.net',
      provider: 'AZURE',
      region: 'US_EAST_2',
      serviceEndpointId:
        '/subscriptions/0/resourceGroups/test-rg/providers/Microsoft.EventHub/namespaces/test-namespace',
      state: 'IDLE',
      vendor: 'GENERIC',
    },
  ],
  [
    'getGroupStreamWorkspace',
    {
      _id: '6a7941c22c88faeba59c5854',
      dataProcessRegion: { cloudProvider: 'AWS', region: 'VIRGINIA_USA' },
      failoverRegions: [],
      groupId: '6a793f48c0eb9e7a17712c9a',
      hostnames: ['atlas-stream-6a7941c22c88faeba59c5854-pxhqvd.virginia-usa.a.query.mongodb-dev.net'],
      name: 'instance-908',
      streamConfig: { tier: 'SP30' },
    },
  ],
  [
    'listGroupStreamWorkspaces',
    {
      links: [
        {
          href: 'http://localhost:8080/api/atlas/v2/groups/6a793f48c0eb9e7a17712c9a/streams?pageNum=1&itemsPerPage=100',
          rel: 'self',
        },
      ],
      results: [],
      totalCount: 0,
    },
  ],
  ['deleteGroupStreamConnection', {}],
];

describe('the schemas of the answers', () => {
  for (const [operation, body] of recordings) {
    test(`accept what Atlas was recorded to answer to ${operation}`, () => {
      assert.equal(faultInAnswer(endpoint(operation), JSON.stringify(body)), undefined);
    });

    test(`know no other field in the answer to ${operation}, and need what was recorded`, () => {
      const other = faultInAnswer(endpoint(operation), JSON.stringify({ ...body, password: 'secret' }));
      assert.match(other ?? '', /password/);
      const id = body._id ?? body.id;
      if (id) assert.ok(faultInAnswer(endpoint(operation), JSON.stringify({ ...body, _id: 1, id: 1 })));
    });
  }

  test('accept the errors that were recorded', () => {
    const detail = 'You are not authorized for this resource.';
    for (const error of [
      { error: 401, reason: 'Unauthorized', detail, errorCode: 'UNEXPECTED_ERROR' },
      { detail, error: 404, errorCode: 'UNEXPECTED_ERROR', parameters: null, reason: 'Not Found' },
      { detail, error: 404, errorCode: 'GROUP_NOT_FOUND', parameters: ['1'.repeat(24)], reason: 'Not Found' },
    ])
      assert.deepEqual(ApiError.parse(error), error);
  });
});

describe('the emulator of Atlas', () => {
  test('reports its own bug if it would answer what Atlas does not answer', async (t) => {
    const { call, atlas } = await start(t);
    const logged = t.mock.method(console, 'error', () => undefined);
    atlas.projects.get(projectId)?.addProcessor('analytics', { name: 'enrich', pipeline: [], tier: 9 } as never);
    const { status, body } = await call('/streams/analytics/processors', { version: '2024-05-30' });
    assert.equal(status, 501);
    assert.match(
      String(body.message),
      /The local cloud has a bug: .*getGroupStreamProcessors is not one of Atlas: .*tier/,
    );
    assert.equal(logged.mock.callCount(), 1);
  });

  test('answers only what fits the schemas', async (t) => {
    const { call, post, patch, remove, request, recorder, clock } = await startWithLink(t);
    await post(connections, request);
    clock.advance(26);
    await patch(`${connections}/orders`, { config: { acks: 'all' } });
    for (const path of [links, connections, '/streams', '/streams/analytics?includeConnections=true']) await call(path);
    await remove(`${connections}/orders`);
    const successes = recorder.exchanges.filter(({ status }) => Number(status) < 300);
    assert.ok(successes.length > 7);
    for (const { operation, responseBody } of successes)
      assert.equal(faultInAnswer(endpoint(operation), responseBody), undefined, operation);
  });
});

describe('the check of requests', () => {
  const version = 'application/vnd.atlas.2023-02-01+json';
  const request = {
    method: 'POST',
    path: `/api/atlas/v2/groups/${projectId}${links}`,
    query: '',
    requestHeaders: { accept: version, 'content-type': version },
    requestBody: JSON.stringify(msk),
  };

  test('finds nothing in a request that is as the API reference has it', () => {
    assert.equal(faultInRequest(request), undefined);
  });

  test('knows the endpoint of the roles, which has a version of its own', () => {
    const path = `/api/atlas/v2/groups/${projectId}/cloudProviderAccess`;
    const ofRoles = (date: string) => ({
      ...{ method: 'GET', path, query: '', requestBody: '' },
      requestHeaders: { accept: `application/vnd.atlas.${date}+json` },
    });
    assert.equal(faultInRequest(ofRoles('2023-01-01')), undefined);
    assert.match(faultInRequest(ofRoles('2023-02-01')) ?? '', /must be application\/vnd\.atlas\.2023-01-01\+json/);
  });

  for (const [what, changed, says] of [
    ['an unknown path', { path: `${request.path}/x/y` }, /Atlas has no POST/],
    ['an unknown method', { method: 'PUT' }, /Atlas has no PUT/],
    ['another version', { requestHeaders: { ...request.requestHeaders, accept: '*/*' } }, /accepts \*\/\*; it must be/],
    ['another Content-Type', { requestHeaders: { accept: version } }, /Content-Type undefined; it must be/],
    ['an unknown parameter', { query: 'wait=true' }, /Invalid query parameter wait/],
    ['an unknown field', { requestBody: JSON.stringify({ ...msk, tags: [] }) }, /tags/],
    ['a body that a GET does not have', { method: 'GET' }, /takes no body/],
  ] as const)
    test(`finds ${what}`, () => assert.match(faultInRequest({ ...request, ...changed }) ?? '', says));
});
