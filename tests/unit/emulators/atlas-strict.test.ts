import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Project } from '../../../emulators/atlas/project.ts';
import { connections, links, msk, refusal, start, startWithLink } from '../../fixtures/atlas-emulator.ts';
import { projectId, startAtlas } from '../../fixtures/emulators.ts';

describe('the emulator of Atlas', () => {
  const formOf = (type: string | undefined) => ({ 'content-type': type });

  test('refuses a body whose Content-Type is not JSON of Atlas', async (t) => {
    const { call } = await start(t);
    const post = (type: string | undefined) => call(links, { method: 'POST', body: msk, headers: formOf(type) });
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/xml'])
      assert.deepEqual(refusal(await post(type)), [415, 'UNSUPPORTED_MEDIA_TYPE'], type);
    for (const date of ['2024-11-13', '2022-01-01'])
      assert.deepEqual(
        refusal(await post(`application/vnd.atlas.${date}+json`)),
        [415, 'UNSUPPORTED_MEDIA_TYPE'],
        date,
      );
    assert.equal((await post('application/vnd.atlas.2023-02-01+json; charset=utf-8')).status, 200);
  });

  test('takes a body of JSON without a version', async (t) => {
    const { call } = await start(t);
    const init = { method: 'POST', body: msk, headers: formOf('application/json;charset=utf-8') };
    assert.equal((await call(links, init)).status, 200);
  });

  test('does not care about the Content-Type of a request without a body', async (t) => {
    const { call } = await start(t);
    assert.equal((await call('/streams', { headers: formOf('text/plain') })).status, 200);
  });

  test('refuses a version date that does not exist, and takes the newest version before an existing one', async (t) => {
    const { call } = await start(t);
    for (const version of ['2023-02-02', '2025-01-01', '2030-01-01', '2024-13-45'])
      assert.deepEqual(refusal(await call('/streams', { version })), [406, 'INVALID_VERSION_DATE'], version);
    for (const accept of [
      '*/*',
      'application/json',
      'application/vnd.atlas.2023-02-01+csv',
      'x application/vnd.atlas.2023-02-01+json',
    ])
      assert.deepEqual(refusal(await call('/streams', { headers: { accept } })), [406, 'INVALID_VERSION_DATE'], accept);
    assert.equal((await call('/streams', { version: '2025-03-12' })).status, 200);
    assert.deepEqual(refusal(await call('/streams', { version: '2023-01-01' })), [406, 'INVALID_VERSION_DATE']);
  });

  test('refuses a method that a path does not have, and does not pretend to know one that it does not emulate', async (t) => {
    const { call } = await start(t);
    const notAllowed = await call('/streams/accountDetails', { method: 'POST', body: {} });
    assert.deepEqual(refusal(notAllowed), [405, 'METHOD_NOT_ALLOWED']);
    assert.equal(notAllowed.headers.get('allow'), 'GET');
    assert.equal((await call(connections, { method: 'PUT', body: {} })).status, 405);
    assert.equal((await call(links, { method: 'DELETE' })).headers.get('allow'), 'GET, POST');
    for (const [method, path] of [
      ['POST', '/streams'],
      ['DELETE', '/streams/analytics'],
      ['PATCH', `${links}/${'0'.repeat(24)}`],
      ['PATCH', '/streams/analytics/processor/enrich'],
    ] as const)
      assert.equal(
        (await call(path, { method, ...(method !== 'DELETE' && { body: {} }) })).status,
        501,
        `${method} ${path}`,
      );
  });

  test('refuses an id that is not 24 hexadecimal digits', async (t) => {
    const { call } = await start(t);
    for (const project of ['my-project', projectId.slice(1), projectId.replace('6', 'G')])
      assert.deepEqual(refusal(await call('/streams', { project })), [400, 'INVALID_GROUP_ID'], project);
    for (const method of ['GET', 'DELETE'])
      assert.deepEqual(refusal(await call(`${links}/vpce-0a1b2c3d`, { method })), [400, 'VALIDATION_ERROR'], method);
  });

  test('refuses a query parameter that the endpoint does not have', async (t) => {
    const { call } = await start(t);
    for (const path of [
      '/streams?itemPerPage=5',
      '/streams?pageNum=0',
      '/streams?pageNum=1&pageNum=2',
      '/streams?pretty=yes',
      '/streams/analytics?pageNum=1',
      '/streams/analytics?includeConnections=1',
      `${connections}/orders?includeConnections=true`,
    ])
      assert.deepEqual(refusal(await call(path)), [400, 'INVALID_QUERY_PARAMETER'], path);
    assert.equal((await call('/streams?pretty=true&envelope=false')).status, 200);
    assert.equal((await call('/streams?envelope=true')).status, 501);
    const { body } = await call('/streams/analytics/processors?includeCount=false', { version: '2024-05-30' });
    assert.equal('totalCount' in body, false);
  });

  test('does not rename a connection', async (t) => {
    const { post, patch, request } = await startWithLink(t);
    await post(connections, request);
    assert.deepEqual(refusal(await patch(`${connections}/orders`, { name: 'other' })), [400, 'VALIDATION_ERROR']);
    assert.equal((await patch(`${connections}/orders`, { name: 'orders' })).status, 200);
  });

  test('refuses mechanisms, protocols, brokers and networking that Kafka or Atlas does not have', async (t) => {
    const { post, patch, request } = await startWithLink(t);
    await post(connections, request);
    const login = request.authentication;
    const [broker = ''] = request.bootstrapServers.split(',');
    const host = broker.replace(/:\d+$/, '');
    for (const wrong of [
      ...['SCRAM-SHA-512', 'scram-512', 'SCRAM-1024', 'KERBEROS'].map((mechanism) => ({
        authentication: { ...login, mechanism },
      })),
      ...['sasl_ssl', 'TLS', ''].map((protocol) => ({ security: { protocol } })),
      ...['0', '65536', '99999', '9x', '09'].map((port) => ({ bootstrapServers: `${host}:${port}` })),
      ...['', ',', `${broker},`, `${broker} , ${broker}`, `https://${broker}`, '-a.example.com:9092', 'a..b:9092'].map(
        (bootstrapServers) => ({ bootstrapServers }),
      ),
      { networking: { access: { type: 'PRIVATE_LINK' } } },
      { networking: { access: { type: 'VPC_PEERING' } } },
      { config: { acks: 1 } },
      { headers: { 'x-a': '1' } },
      { state: 'READY' },
    ]) {
      const what = JSON.stringify(wrong);
      const created = await post(connections, { ...request, name: 'wrong', ...wrong });
      assert.deepEqual(refusal(created), [400, 'VALIDATION_ERROR'], what);
      assert.deepEqual(refusal(await patch(`${connections}/orders`, wrong)), [400, 'VALIDATION_ERROR'], what);
    }
    const withoutMechanism = { authentication: { ...login, mechanism: '' } };
    assert.equal((await post(connections, { ...request, name: 'wrong', ...withoutMechanism })).status, 400);
    assert.equal((await patch(`${connections}/orders`, withoutMechanism)).status, 400);
    const overTls = { ...withoutMechanism, security: { protocol: 'SSL' } };
    assert.equal((await post(connections, { ...request, name: 'over-tls', ...overTls })).status, 200);
    for (const mechanism of ['PLAIN', 'SCRAM-256', 'OAUTHBEARER'])
      assert.equal((await patch(`${connections}/orders`, { authentication: { mechanism } })).status, 200, mechanism);
    for (const protocol of ['SASL_PLAINTEXT', 'SSL', 'PLAINTEXT'])
      assert.equal((await patch(`${connections}/orders`, { security: { protocol } })).status, 200, protocol);
  });

  test('gives every stream processor an id that stays the same', async (t) => {
    const { call, atlas } = await start(t);
    atlas.projects.get(projectId)?.addProcessor('analytics', { name: 'enrich', pipeline: [] });
    const list = async () => (await call('/streams/analytics/processors', { version: '2024-05-30' })).body.results;
    const [first] = await list();
    assert.match(first?._id ?? '', /^[a-f0-9]{24}$/);
    assert.deepEqual(await list(), [first]);
  });

  test("takes the requests of MongoDB's Terraform provider 2.16.0", async (t) => {
    const { call, post, patch, request, clock } = await startWithLink(t);
    const arn = msk.arn.replace('orders', 'others');
    const created = await post(links, { provider: 'AWS', vendor: 'MSK', arn, region: '', state: '' });
    assert.equal(created.status, 200);
    const { _id } = created.body;
    assert.deepEqual(created.body, { _id, provider: 'AWS', vendor: 'MSK', arn });
    const { region, state } = (await call(`${links}/${_id}`)).body;
    assert.deepEqual([region, state], ['US_EAST_1', 'IDLE']);
    await post(connections, request);
    clock.advance(26);
    assert.equal((await patch(`${connections}/orders`, { ...request, headers: {} })).status, 200);
    assert.equal('headers' in (await call(`${connections}/orders`)).body, false);
    for (const wrong of [{ region: 'EU_WEST_1' }, { state: 'DONE' }])
      assert.deepEqual(refusal(await post(links, { ...msk, ...wrong })), [400, 'VALIDATION_ERROR']);
  });
});

describe('a workspace', () => {
  const clock = { now: () => new Date() } as never;
  const projectIn = (cloudProvider: string, region: string) =>
    new Project(
      { id: projectId, awsAccountId: '1', workspaces: [{ name: 'w', dataProcessRegion: { cloudProvider, region } }] },
      clock,
      {} as never,
    );

  test('exists only in Regions where Atlas offers Stream Processing, spelled as Atlas does', () => {
    for (const [cloudProvider, region] of [
      ['AWS', 'VIRGINIA_USA'],
      ['AWS', 'SEOUL_KOR'],
      ['AZURE', 'eastus2'],
      ['GCP', 'US_EAST4'],
    ] as const)
      assert.equal(projectIn(cloudProvider, region).workspaces.length, 1);
    for (const [cloudProvider, region] of [
      ['AWS', 'US_EAST_1'],
      ['AWS', 'us-east-1'],
      ['AWS', 'STOCKHOLM_SWE'],
      ['AZURE', 'US_EAST_1'],
      ['ORACLE', 'eastus2'],
    ] as const)
      assert.throws(() => projectIn(cloudProvider, region), /no Stream Processing in/);
  });

  test('has connections in its own Region', async (t) => {
    const dataProcessRegion = { cloudProvider: 'AWS', region: 'DUBLIN_IRL' };
    const { atlas } = await startAtlas(t, {
      projects: [{ id: projectId, awsAccountId: '1', workspaces: [{ name: 'analytics', dataProcessRegion }] }],
    });
    const project = atlas.projects.get(projectId) ?? assert.fail();
    const connection = project.createConnection('analytics', {
      name: 'open',
      type: 'Kafka',
      bootstrapServers: 'broker.example.com:9092',
      authentication: { mechanism: 'PLAIN' },
      security: { protocol: 'SASL_SSL' },
      networking: { access: { type: 'PUBLIC' } },
    });
    assert.equal((connection.describe() as { region: string }).region, 'DUBLIN_IRL');
  });
});
