import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { forgetPasswords, useCredentials, usePassword } from '../../shared/secrets/in-use.ts';
import {
  type Answer,
  apiError,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  processor,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { projectId } from '../fixtures/request.ts';

const route = `GET /privateLinkConnections/${privateLinkId}`;
const getLink = (atlas: AtlasClient) => atlas.getPrivateLink(projectId, privateLinkId);
const listLinks = (atlas: AtlasClient) => atlas.listPrivateLinks(projectId);
const getConnection = (atlas: AtlasClient) => atlas.getConnection(projectId, 'streams', 'orders');
const long = 'x'.repeat(300_000);

describe('an answer of Atlas that is too large', () => {
  const bytes = (size: number, status = 200): Answer => {
    return (response) => response.writeHead(status).end(JSON.stringify(privateLink({ padding: 'x'.repeat(size) })));
  };

  it('may have up to 1 MB', async (t) => {
    const { atlas } = await fakeAtlas(t, { [route]: bytes(900_000) });
    assert.equal((await getLink(atlas))._id, privateLinkId);
  });

  for (const status of [200, 400, 404, 500])
    it(`is AtlasUnavailable with the limit if it has HTTP ${status}, and is not read to its end`, async (t) => {
      const { atlas } = await fakeAtlas(t, { [route]: bytes(20_000_000, status) });
      await assert.rejects(getLink(atlas), {
        name: 'AtlasUnavailable',
        message: `Atlas's answer to GET /api/atlas/v2/groups/${projectId}/streams/privateLinkConnections/${privateLinkId} is longer than 1 MB.`,
      });
    });

  it('is AtlasUnavailable with the limit if it never ends', async (t) => {
    const { atlas } = await fakeAtlas(t, {
      [route]: (response) => {
        const chunk = 'x'.repeat(100_000);
        const more = () => void (response.destroyed || response.write(chunk, more));
        more();
      },
    });
    await assert.rejects(getLink(atlas), { name: 'AtlasUnavailable', message: /is longer than 1 MB/ });
  });
});

describe('a list of Atlas', () => {
  const pages = (last: number): Answer => {
    return (response, request) => {
      const page = Number(request.query.pageNum);
      const results = page <= last ? [privateLink({ _id: String(page).padStart(24, '0') })] : [];
      ok({ results, totalCount: Number.MAX_SAFE_INTEGER })(response, request);
    };
  };

  it('may have up to 100 pages', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /privateLinkConnections': pages(99) });
    assert.equal((await listLinks(atlas)).length, 99);
  });

  it('is AtlasUnavailable with the limit if its pages never end', async (t) => {
    const { atlas, calls } = await fakeAtlas(t, { 'GET /privateLinkConnections': pages(Number.POSITIVE_INFINITY) });
    await assert.rejects(listLinks(atlas), {
      name: 'AtlasUnavailable',
      message: /answer to GET .*privateLinkConnections has more than 100 pages\.$/,
    });
    assert.equal(calls().length, 100);
  });
});

describe('a list of Atlas whose pages never end', () => {
  const endless = (results: unknown[]) => ok({ results, totalCount: 1e9 });

  it('is AtlasUnavailable with the limit after 5 MB', async (t) => {
    const config = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, 'v'.repeat(1000)]));
    const { atlas, calls } = await fakeAtlas(t, { 'GET /streams/connections': endless([connection({ config })]) });
    await assert.rejects(atlas.listConnections(projectId, 'streams'), {
      name: 'AtlasUnavailable',
      message: /answer to GET .*connections has more than 5 MB or 10,000 items\.$/,
    });
    assert.equal(calls().length, 6);
  });

  it('is AtlasUnavailable with the limit after 10,000 items', async (t) => {
    const names = Array.from({ length: 4000 }, () => ({ name: 'x' }));
    const { atlas, calls } = await fakeAtlas(t, { 'GET ': endless(names) });
    await assert.rejects(atlas.listWorkspaces(projectId), { message: /has more than 5 MB or 10,000 items\.$/ });
    assert.equal(calls().length, 3);
  });
});

describe('an answer of Atlas that is nested', () => {
  const nested = (levels: number): Answer => {
    const pipeline = `${'['.repeat(levels)}"[[{\\"[{"${']'.repeat(levels)}`;
    const body = `{"results":[{"name":"p","state":"STARTED","pipeline":${pipeline}}],"totalCount":1}`;
    return (response) => response.end(body);
  };
  const listProcessors = (atlas: AtlasClient) => atlas.listStreamProcessors(projectId, 'streams');

  it('may have 200 levels', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams/processors': nested(197) });
    assert.equal((await listProcessors(atlas)).length, 1);
  });

  it('is AtlasUnavailable with the limit if it has more', async (t) => {
    for (const levels of [198, 400_000]) {
      const { atlas } = await fakeAtlas(t, { 'GET /streams/processors': nested(levels) });
      await assert.rejects(listProcessors(atlas), {
        name: 'AtlasUnavailable',
        message: /answer to GET .*processors is nested deeper than 200 levels\.$/,
      });
    }
  });

  it('is not needed to explain why a connection cannot be changed', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams/processors': nested(400_000) });
    const refusal = new AtlasRefused('In use.', { status: 403, errorCode: 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS' });
    const place = { projectId, workspace: 'streams', connectionName: 'orders' };
    await assert.rejects(explainUse(refusal, place, atlas), {
      name: 'ConnectionInUse',
      message: /in use by a running stream processor/,
    });
  });
});

describe('a text of Atlas', () => {
  const refused: [field: string, call: string, answer: unknown, run: (atlas: AtlasClient) => Promise<unknown>][] = [
    ['state', route, privateLink({ state: long }), getLink],
    ['authenticationScheme', route, privateLink({ authenticationScheme: long }), getLink],
    ['state', 'GET /streams/connections/orders', connection({ state: long }), getConnection],
    ['name', 'GET /streams/connections/orders', connection({ name: long }), getConnection],
    [
      'dataProcessRegion.region',
      'GET /streams',
      workspaceOf({ dataProcessRegion: { cloudProvider: 'AWS', region: long } }),
      (atlas) => atlas.getWorkspace(projectId, 'streams'),
    ],
    [
      'results.0.name',
      'GET /streams/processors',
      { results: [processor(long)], totalCount: 1 },
      (atlas) => atlas.listStreamProcessors(projectId, 'streams'),
    ],
  ];
  for (const [field, call, answer, run] of refused)
    it(`is AtlasUnavailable with the limit if ${field} has more than 1,000 characters (${call})`, async (t) => {
      const { atlas } = await fakeAtlas(t, { [call]: ok(answer) });
      await assert.rejects(run(atlas), (error: Error) => {
        assert.equal(error.name, 'AtlasUnavailable');
        assert.match(error.message, /cannot be read \(.* is longer than 1,000 characters\)\.$/);
        assert.ok(error.message.includes(`(${field} is`), error.message);
        return true;
      });
    });

  it('is cut to 1,000 characters if it is the message of an error', async (t) => {
    const { atlas } = await fakeAtlas(t, { [route]: ok(privateLink({ state: 'FAILED', errorMessage: long })) });
    assert.equal((await getLink(atlas)).errorMessage, `${'x'.repeat(1000)}…`);
    const refusals = await fakeAtlas(t, { [route]: apiError(400, 'TOO_BAD', long) });
    await assert.rejects(
      getLink(refusals.atlas),
      ({ message }: Error) => message.length < 1500 && /TOO_BAD: "x/.test(message),
    );
    const codes = await fakeAtlas(t, { [route]: apiError(400, long, 'No.') });
    await assert.rejects(getLink(codes.atlas), (error: Error) => {
      return error instanceof AtlasRefused && error.errorCode === '' && error.message.length < 1500;
    });
  });

  it('is UNKNOWN, or none, if it is not one of the words that Atlas is known to have', async (t) => {
    const word = 'HUNTER2_PASSWORD';
    const access = { type: word, connectionId: word };
    const odd = { id: word, name: word, type: word, state: word, bootstrapServers: word, networking: { access } };
    const { atlas } = await fakeAtlas(t, {
      [route]: ok(privateLink({ state: word, authenticationScheme: word })),
      'GET /streams': ok(workspaceOf({ name: word })),
      'GET /streams/connections/orders': ok(connection(odd)),
    });
    const link = await getLink(atlas);
    assert.deepEqual([link.state, link.authenticationScheme], ['UNKNOWN', 'UNKNOWN']);
    assert.equal((await atlas.getWorkspace(projectId, 'streams')).name, 'streams');
    const { authentication: _, security: __, config: ___, ...read } = await getConnection(atlas);
    const known = {
      type: 'UNKNOWN',
      state: 'UNKNOWN',
      networking: { access: { type: 'UNKNOWN', connectionId: undefined } },
    };
    assert.deepEqual(read, { ...known, id: undefined, name: 'orders', bootstrapServers: undefined });
  });

  it('is left out of a refusal about connections if the function has no password that it would recognize', async (t) => {
    const word = 'HUNTER2_PASSWORD';
    const codes = [
      [word, 'UNKNOWN_ERROR_CODE'],
      ['STREAM_CONNECTION_HAS_STREAM_PROCESSORS', 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'],
    ] as const;
    for (const [code, shown] of codes) {
      const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': apiError(400, code, `No, ${word}.`) });
      await assert.rejects(getConnection(atlas), (error: AtlasRefused) => {
        assert.equal(error.errorCode, shown);
        assert.ok(
          error.message.endsWith(`(${shown}: Atlas's reason is left out, because it may repeat the password).`),
        );
        return true;
      });
    }
    usePassword(word);
    const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': apiError(400, 'ODD', `No, ${word}.`) });
    await assert.rejects(getConnection(atlas), { errorCode: 'ODD', message: /\(ODD: "No, \*\*\*\."\)\.$/ });
    forgetPasswords();
  });

  it('is not left out of the refusal of a new connection by IAM, which has no password', async (t) => {
    const refused = apiError(400, 'ODD', 'IAM role ARN not found.');
    const { atlas } = await fakeAtlas(t, { 'POST /streams/connections': refused });
    const wanted = {
      name: 'orders',
      type: 'Kafka',
      bootstrapServers: 'b-1:14001',
      authentication: { mechanism: 'AWS_MSK_IAM', aws: { roleArn: 'arn:aws:iam::123456789012:role/streams' } },
      security: { protocol: 'SASL_SSL' },
      networking: { access: { type: 'PRIVATE_LINK', connectionId: 'a'.repeat(24) } },
    } as const;
    await assert.rejects(atlas.createConnection(projectId, 'streams', wanted), {
      errorCode: 'ODD',
      message: /\(ODD: "IAM role ARN not found\."\)/,
    });
    const authentication = { mechanism: 'SCRAM-512', username: 'atlas', password: 'unknown' } as const;
    await assert.rejects(atlas.createConnection(projectId, 'streams', { ...wanted, authentication }), {
      errorCode: 'UNKNOWN_ERROR_CODE',
    });
  });

  it('is one of the first five if it is the name of a stream processor that uses the connection', async (t) => {
    const names = Array.from({ length: 300 }, (_, i) => `p${i}`);
    const { atlas } = await fakeAtlas(t, { 'GET /streams/processors': list(names.map((name) => processor(name))) });
    const refusal = new AtlasRefused('In use.', { status: 403, errorCode: 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS' });
    const place = { projectId, workspace: 'streams', connectionName: 'orders' };
    await assert.rejects(explainUse(refusal, place, atlas), {
      name: 'ConnectionInUse',
      message: /in use by stream processor "p0", "p1", "p2", "p3", "p4" and 295 more, and Atlas/,
    });
  });

  it('is not needed to explain why a connection cannot be changed, if the pipelines are larger than an answer may be', async (t) => {
    const pipeline = [{ $source: { connectionName: 'orders' } }, { $match: 'x'.repeat(21_000_000) }];
    const { atlas, requests } = await fakeAtlas(t, { 'GET /streams/processors': list([processor('p', { pipeline })]) });
    const refusal = new AtlasRefused('In use.', { status: 403, errorCode: 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS' });
    const place = { projectId, workspace: 'streams', connectionName: 'orders' };
    await assert.rejects(explainUse(refusal, place, atlas), {
      name: 'ConnectionInUse',
      message: /in use by a running stream processor/,
    });
    assert.equal(requests[0]?.query.itemsPerPage, '50', 'pipelines are long');
  });
});

describe('a secret that Atlas repeats', () => {
  const password = 'p"a\\s/s+wörd';
  const token = 'mdb-token-0123456789';
  afterEach(forgetPasswords);
  const escapeJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const spellings = [
    password,
    escapeJson(password),
    escapeJson(escapeJson(password)),
    encodeURIComponent(password),
    token,
  ];

  const said = spellings.join(' and ');
  const answers: Record<string, Answer> = {
    'in detail': apiError(400, 'BAD', said),
    'in errorCode': apiError(400, said, 'No.'),
    'in reason, without a detail': (response) => response.writeHead(400).end(JSON.stringify({ reason: said })),
    'in detail of another shape': (response) => response.writeHead(400).end(JSON.stringify({ detail: [said] })),
    'in a text that is not JSON': (response) => response.writeHead(400).end(said),
    'in HTTP 500': apiError(500, said, said),
    'in HTTP 429 and its header': apiError(429, said, said, { 'retry-after': token }),
    'in HTTP 302': (response) => response.writeHead(302, { location: token }).end(said),
    'in the place of an object': ok(connection({ config: said })),
  };
  for (const [where, answer] of Object.entries(answers))
    it(`is in no property of the error: ${where}`, async (t) => {
      usePassword(password);
      useCredentials(token);
      const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': answer });
      await assert.rejects(getConnection(atlas), (error: Error) => {
        assert.match(error.name, /^Atlas/);
        const all = inspect(error, { depth: 9, showHidden: true }) + error.message + JSON.stringify(error);
        for (const spelling of spellings) assert.ok(!all.includes(spelling), all);
        return true;
      });
    });

  it('is in no text of an answer, if it is one of the credentials', async (t) => {
    useCredentials(token);
    const { atlas } = await fakeAtlas(t, {
      'GET /privateLinkConnections': list([privateLink({ arn: token, errorMessage: token })]),
    });
    assert.ok(!JSON.stringify(await listLinks(atlas)).includes(token));
  });

  it('does not change a name that is equal to the password, because the name is needed', async (t) => {
    usePassword('orders');
    const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': ok(connection()) });
    assert.equal((await getConnection(atlas)).name, 'orders');
  });
});

describe('a text of Atlas', () => {
  it('stays in one line, so that none of its lines looks like a command of ours', async (t) => {
    const words = 'No.\n  aws iam delete-user\r\nNow.';
    const held = 'No. aws iam delete-user Now.';
    const { atlas } = await fakeAtlas(t, { [route]: ok(privateLink({ errorMessage: words })) });
    assert.equal((await getLink(atlas)).errorMessage, held);
    const refusing = await fakeAtlas(t, {
      [route]: (response) => response.writeHead(400).end(JSON.stringify({ errorCode: 'ODD', detail: words })),
    });
    await assert.rejects(getLink(refusing.atlas), ({ message }: Error) => message.includes(`(ODD: "${held}")`));
  });
});
