import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Intercept } from '../../../emulators/emulator.ts';
import {
  arn,
  connections,
  dnsDomain,
  links,
  msk,
  refusal,
  start,
  startWithLink,
} from '../../fixtures/atlas-emulator.ts';
import { projectId } from '../../fixtures/emulators.ts';

test('account details name the principal, and need their API version', async (t) => {
  const { call } = await start(t);
  const path = '/streams/accountDetails?cloudProvider=aws&regionName=US_EAST_1';
  const { status, headers, body } = await call(path, { version: '2024-11-13' });
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'application/vnd.atlas.2024-11-13+json;charset=utf-8');
  assert.deepEqual([body.awsAccountId, body.cloudProvider], ['210987654321', 'aws']);
  assert.deepEqual(refusal(await call(path)), [406, 'INVALID_VERSION_DATE']);
  const version = '2025-03-12';
  assert.equal((await call(path, { version })).headers.get('content-type')?.includes('2024-11-13'), true);
  const elsewhere = await call(path.replace('US_EAST_1', 'EU_WEST_1'), { version });
  assert.deepEqual(refusal(elsewhere), [404, 'RESOURCE_NOT_FOUND']);
  assert.equal((await call(path.replace('=aws', '=AWS'), { version })).status, 400);
});

test('a request that accepts no version is refused', async (t) => {
  const { call } = await start(t);
  assert.deepEqual(refusal(await call('/streams', { version: 'json' })), [406, 'INVALID_VERSION_DATE']);
});

test('an unknown project, an unknown path and a blocked address are refused with Atlas’s error codes', async (t) => {
  const { call, atlas } = await start(t);
  const unknown = await call('/streams', { project: '1'.repeat(24) });
  assert.equal(unknown.headers.get('content-type'), 'application/json');
  assert.deepEqual(unknown.body, {
    detail: 'No group with ID 111111111111111111111111 exists.',
    error: 404,
    errorCode: 'GROUP_NOT_FOUND',
    parameters: ['111111111111111111111111'],
    reason: 'Not Found',
  });
  assert.equal((await call('/clusters')).status, 404);
  atlas.behaviour.blockedAddress = '203.0.113.7';
  const blocked = await call('/streams');
  assert.deepEqual(refusal(blocked), [403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST']);
  assert.deepEqual(blocked.body.parameters, ['203.0.113.7']);
});

test('workspaces are listed by page, and a workspace includes its connections on request', async (t) => {
  const workspaces = ['analytics', 'billing', 'claims'].map((name) => ({ name }));
  const { call, post } = await start(t, { projects: [{ id: projectId, awsAccountId: '210987654321', workspaces }] });
  const page = await call('/streams?itemsPerPage=2&pageNum=2');
  assert.deepEqual(
    page.body.results.map(({ name }) => name),
    ['claims'],
  );
  assert.equal(page.body.totalCount, 3);
  assert.equal((await call('/streams?itemsPerPage=501')).status, 400);
  const one = await call('/streams/analytics');
  assert.deepEqual(one.body.dataProcessRegion, { cloudProvider: 'AWS', region: 'VIRGINIA_USA' });
  assert.equal(one.body.connections, undefined);
  const { connections: shown } = (await call('/streams/analytics?includeConnections=true')).body;
  assert.deepEqual(shown, []);
  assert.deepEqual(refusal(await call('/streams/none')), [404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME']);
  assert.deepEqual(refusal(await post('/streams/none/connections', {})), [400, 'VALIDATION_ERROR']);
});

test('a private link is returned without a state, and then becomes IDLE, WORKING and DONE', async (t) => {
  const { call, post, clock } = await start(t);
  const created = await post(links, { ...msk, provider: 'aws', vendor: 'msk', authenticationScheme: 'SASL_SCRAM' });
  assert.equal(created.status, 200);
  const { _id, ...echo } = created.body;
  assert.match(_id, /^[a-f0-9]{24}$/);
  assert.deepEqual(echo, { provider: 'aws', vendor: 'msk', arn, authenticationScheme: 'SASL_SCRAM' });
  const get = async () => (await call(`${links}/${_id}`)).body;
  const idle = await get();
  assert.deepEqual(idle, { ...msk, _id, authenticationScheme: 'SASL_SCRAM', region: 'US_EAST_1', state: 'IDLE' });
  clock.advance(31);
  assert.equal((await get()).state, 'WORKING');
  clock.advance(1);
  const done = await get();
  assert.deepEqual([done.state, done.dnsDomain], ['DONE', dnsDomain]);
  assert.deepEqual((await call(links)).body.results, [done]);
});

test('a private link that fails says why', async (t) => {
  const { call, post, clock } = await start(t, { behaviour: { linkFails: 'No capacity.', linkMinutes: 10 } });
  const { _id } = (await post(links, msk)).body;
  clock.advance(9);
  assert.equal((await call(`${links}/${_id}`)).body.state, 'WORKING');
  clock.advance(1);
  const { state, errorMessage } = (await call(`${links}/${_id}`)).body;
  assert.deepEqual([state, errorMessage], ['FAILED', 'No capacity.']);
});

test('a private link fails if the cluster does not let Atlas connect when the link becomes WORKING', async (t) => {
  const asked: unknown[] = [];
  const mayConnect = (...question: unknown[]) => asked.push(question) > 1;
  const { call, post, clock } = await start(t, { behaviour: { mayConnect } });
  const { _id } = (await post(links, msk)).body;
  assert.equal((await call(`${links}/${_id}`)).body.state, 'IDLE');
  assert.deepEqual(asked, []);
  clock.advance(1);
  const failed = (await call(`${links}/${_id}`)).body;
  assert.equal(failed.state, 'FAILED');
  assert.match(String(failed.errorMessage), /cluster policy/);
  assert.equal((await call(`${links}/${_id}`)).body.state, 'FAILED');
  assert.deepEqual(asked, [[arn, '210987654321', 'scram']]);
});

test('a second private link to a cluster is refused until the first one is being deleted', async (t) => {
  const { call, post, remove, clock } = await start(t);
  const { _id } = (await post(links, msk)).body;
  assert.deepEqual(refusal(await post(links, msk)), [400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS']);
  const deleted = await remove(`${links}/${_id}`);
  assert.deepEqual([deleted.status, deleted.body], [202, {}]);
  assert.equal((await post(links, msk)).status, 200);
  const states = async () => (await call(links)).body.results.map(({ state }) => state);
  assert.deepEqual(await states(), ['DELETE_REQUESTED', 'IDLE']);
  clock.advance(1);
  assert.deepEqual(await states(), ['DELETING', 'WORKING']);
  clock.advance(4);
  assert.deepEqual(await states(), ['WORKING']);
  assert.equal((await call(`${links}/${_id}`)).status, 404);
});

test('an invalid request for a private link is refused field by field', async (t) => {
  const { post } = await start(t);
  const { status, body } = await post(links, { ...msk, arn: '1235711', dnsdomain: 'x' });
  assert.equal(status, 400);
  assert.equal(body.errorCode, 'VALIDATION_ERROR');
  const { fields } = body.badRequestDetail as { fields: { field: string }[] };
  assert.deepEqual(
    fields.map(({ field }) => field),
    ['arn', 'dnsdomain'],
  );
  assert.deepEqual(refusal(await post(links, '{')), [400, 'MALFORMED_JSON']);
});

test('a project without an Atlas cluster in the Region gets no private link', async (t) => {
  const { post } = await start(t);
  const refused = await post(links, { ...msk, arn: arn.replace('us-east-1', 'eu-west-1') });
  assert.deepEqual(refusal(refused), [400, 'VALIDATION_ERROR']);
  assert.match(String(refused.body.detail), /You must have an Atlas Cluster on AWS or AWS Network Peering configured/);
});

test('a connection becomes PENDING and READY, and its password is never returned', async (t) => {
  const { call, post, clock, request, atlas, recorder } = await startWithLink(t);
  const created = await post(connections, request);
  assert.equal(created.status, 200);
  const { id, ...rest } = created.body;
  assert.match(String(id), /^[a-f0-9]{24}$/);
  const authentication = { mechanism: 'SCRAM-512', username: 'alice' };
  assert.deepEqual(rest, { ...request, authentication, region: 'VIRGINIA_USA', state: 'PENDING' });
  clock.advance(25);
  assert.equal((await call(`${connections}/orders`)).body.state, 'PENDING');
  clock.advance(1);
  assert.deepEqual((await call(connections)).body.results, [{ id, ...rest, state: 'READY' }]);
  const [arrived] = atlas.projects.get(projectId)?.connections('analytics') ?? [];
  assert.equal(arrived?.settings.authentication.password, 'wonderland');
  assert.ok(recorder.exchangesOf('atlas').every(({ responseBody }) => !responseBody.includes('wonderland')));
});

test('a connection without a private link is READY at once', async (t) => {
  const { post, request } = await startWithLink(t);
  const { networking: _, ...open } = request;
  const { body } = await post(connections, open);
  assert.deepEqual([body.state, body.networking], ['READY', { access: { type: 'PUBLIC' } }]);
});

test('a connection becomes FAILED if a scenario says so, or if no client could connect with its settings', async (t) => {
  const { call, post, clock, request, atlas } = await startWithLink(t);
  const plain = { ...request.authentication, mechanism: 'PLAIN' };
  await post(connections, { ...request, name: 'inside', bootstrapServers: 'b-1.orders.amazonaws.com:9096' });
  await post(connections, { ...request, name: 'plain', authentication: plain });
  await post(connections, { ...request, name: 'open', security: { protocol: 'SASL_PLAINTEXT' } });
  await post(connections, request);
  atlas.behaviour.connectionFails = true;
  await post(connections, { ...request, name: 'unlucky' });
  clock.advance(26);
  const { results } = (await call(connections)).body;
  assert.deepEqual(Object.fromEntries(results.map(({ name, state }) => [name, state])), {
    inside: 'FAILED',
    plain: 'FAILED',
    open: 'FAILED',
    orders: 'READY',
    unlucky: 'FAILED',
  });
});

test('a connection becomes FAILED if its private link is not DONE', async (t) => {
  const { call, post, clock, request } = await startWithLink(t, { behaviour: { linkMinutes: 32 + 27 } });
  await post(connections, request);
  clock.advance(26);
  assert.equal((await call(`${connections}/orders`)).body.state, 'FAILED');
});

test('a connection needs an existing private link, a unique name, and servers with ports', async (t) => {
  const { post, remove, request, connectionId } = await startWithLink(t);
  const through = (connectionId: string) => ({
    ...request,
    networking: { access: { type: 'PRIVATE_LINK', connectionId } },
  });
  assert.deepEqual(refusal(await post(connections, through('0'.repeat(24)))), [400, 'VALIDATION_ERROR']);
  for (const wrong of [{ name: 'a b' }, { bootstrapServers: 'b-1.example.com' }, { unknown: 1 }]) {
    assert.deepEqual(refusal(await post(connections, { ...request, ...wrong })), [400, 'VALIDATION_ERROR']);
  }
  assert.equal((await post(connections, { ...request, networking: undefined })).status, 200);
  const again = await post(connections, request);
  assert.equal(again.status, 409);
  assert.match(again.body.errorCode, /ALREADY_EXISTS/);
  await remove(`${links}/${connectionId}`);
  assert.deepEqual(refusal(await post(connections, { ...request, name: 'late' })), [400, 'VALIDATION_ERROR']);
});

test('an update may change everything but the networking, and keeps a password that it does not send', async (t) => {
  const { call, post, patch, request, atlas } = await startWithLink(t);
  await post(connections, request);
  const path = `${connections}/orders`;
  const refused = await patch(path, { networking: { access: { type: 'PUBLIC' } } });
  assert.deepEqual(refusal(refused), [400, 'STREAM_NETWORKING_CANNOT_BE_MODIFIED']);
  const authentication = { mechanism: 'SCRAM-512', username: 'bob' };
  const changed = await patch(path, { authentication, networking: request.networking });
  assert.equal(changed.status, 200);
  assert.equal('state' in changed.body, false);
  assert.deepEqual((await call(path)).body.authentication, authentication);
  const settings = () => atlas.projects.get(projectId)?.connection('analytics', 'orders').settings;
  assert.equal(settings()?.authentication.password, 'wonderland');
  await patch(path, { authentication: { ...authentication, password: 'rotated' } });
  assert.equal(settings()?.authentication.password, 'rotated');
  assert.equal(settings()?.bootstrapServers, request.bootstrapServers);
});

test('a deployed connection is deleted before its private link', async (t) => {
  const { call, post, remove, clock, request, connectionId } = await startWithLink(t);
  const path = `${connections}/orders`;
  const link = `${links}/${connectionId}`;
  await post(connections, request);
  assert.deepEqual(refusal(await remove(path)), [409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING']);
  assert.deepEqual(refusal(await remove(link)), [400, 'STREAM_PRIVATE_LINK_IN_USE']);
  clock.advance(26);
  const deleted = await remove(path);
  assert.deepEqual([deleted.status, deleted.body], [202, {}]);
  assert.equal((await call(path)).body.state, 'DELETING');
  assert.deepEqual(refusal(await remove(link)), [400, 'STREAM_PRIVATE_LINK_IN_USE']);
  clock.advance(2);
  const gone = await call(path);
  assert.deepEqual(refusal(gone), [404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME']);
  assert.deepEqual(gone.body.parameters, ['orders', projectId, 'analytics']);
  assert.equal((await remove(link)).status, 202);
});

test('a project has 1200 requests, and 500 more each minute', async (t) => {
  const { call, atlas, clock } = await start(t);
  const { headers } = await call('/streams');
  assert.deepEqual([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')], ['1200', '1199']);
  const rateLimit = atlas.projects.get(projectId)?.rateLimit ?? assert.fail();
  for (let i = 0; i < 1199; i++) rateLimit.take('/');
  const refused = await call('/streams');
  assert.deepEqual(refusal(refused), [429, 'RATE_LIMITED_TOKEN_BUCKET']);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal(refused.headers.get('ratelimit-remaining'), '0');
  clock.advance(1);
  assert.equal((await call('/streams')).headers.get('ratelimit-remaining'), '499');
  clock.advance(60);
  assert.equal((await call('/streams')).headers.get('ratelimit-remaining'), '1199');
});

test('links and connections have ObjectIds with the time of their creation', async (t) => {
  const { post, clock, request, connectionId } = await startWithLink(t);
  const createdAt = (id: unknown) => new Date(Number.parseInt(String(id).slice(0, 8), 16) * 1000);
  assert.deepEqual(createdAt(connectionId), new Date('2026-11-23T12:00:00Z'));
  const { id } = (await post(connections, request)).body;
  assert.match(String(id), /^[0-9a-f]{24}$/);
  assert.deepEqual(createdAt(id), clock.now());
});

test('every answer has the simulated time in its Date header', async (t) => {
  const intercept: Intercept = async ({ path }, next) =>
    path.endsWith('/streams') ? { status: 503, body: '{}' } : next();
  const { call, url, clock } = await start(t, { intercept });
  clock.advance(90);
  const stranger = await fetch(`${url}/api/atlas/v2/groups/${projectId}${links}`);
  const answers = [await call(links), await call(`${links}/${'0'.repeat(24)}`), await call('/streams'), stranger];
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('date')]),
    [200, 404, 503, 401].map((status) => [status, 'Mon, 23 Nov 2026 13:30:00 GMT']),
  );
});

test('Atlas may show a new link or connection late, although it exists', async (t) => {
  const { call, post, patch, clock, atlas, request, connectionId } = await startWithLink(t);
  const listed = async (path: string) => (await call(path)).body.results.length;
  atlas.behaviour.shownAfterSeconds = 90;
  const other = { ...msk, arn: arn.replace('orders', 'others') };
  const { _id: otherId } = (await post(links, other)).body;
  await post(connections, request);
  assert.deepEqual([await listed(links), await listed(connections)], [1, 0]);
  assert.deepEqual(refusal(await call(`${links}/${otherId}`)), [404, 'STREAM_PRIVATE_LINK_NOT_FOUND']);
  assert.equal((await call(`${connections}/orders`)).status, 404);
  assert.deepEqual((await call('/streams/analytics?includeConnections=true')).body.connections, []);
  assert.deepEqual(refusal(await post(links, other)), [400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS']);
  assert.deepEqual(refusal(await post(connections, request)), [409, 'STREAM_CONNECTION_NAME_ALREADY_EXISTS']);
  assert.equal((await patch(`${connections}/orders`, { type: 'Kafka' })).status, 200);
  assert.equal((await call(`${links}/${connectionId}`)).status, 200);
  clock.advance(1.5);
  assert.deepEqual([await listed(links), await listed(connections)], [2, 1]);
  assert.equal((await call(`${connections}/orders`)).status, 200);
});
