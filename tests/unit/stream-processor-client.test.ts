import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { forgetPasswords, usePassword } from '../../shared/secrets/in-use.ts';
import { apiError, atlasClient, fakeAtlas, list, processor } from '../fixtures/atlas.ts';
import { listen, type Test } from '../fixtures/loopback.ts';
import { projectId } from '../fixtures/request.ts';

const streams = `/api/atlas/v2/groups/${projectId}/streams`;
const sha256 = (json: string) => createHash('sha256').update(json).digest('hex');
const read = (atlas: AtlasClient) => atlas.getStreamProcessor(projectId, 'streams', 'p');

/** Atlas, if it answers every request alike. */
async function atlasAnswering(t: Test, answer: (response: ServerResponse) => void) {
  const requests: { call: string; accept: string | undefined; body: unknown }[] = [];
  const address = await listen(t, async (request, response) => {
    const body = await text(request);
    const { method, url, headers } = request;
    requests.push({ call: `${method} ${url}`, accept: headers.accept, body: body && JSON.parse(body) });
    answer(response);
  });
  return { requests, atlas: atlasClient(address) };
}

const answering = (body: object) => (response: ServerResponse) => void response.end(JSON.stringify(body));
const accept = (version: string, format = 'json') => `application/vnd.atlas.${version}+${format}`;

describe('AtlasClient, about stream processors,', () => {
  const calls: [call: string, run: (atlas: AtlasClient) => Promise<unknown>, version: string, body?: object][] = [
    ['GET /streams/processor/p', read, '2024-05-30'],
    [
      'POST /streams/processor',
      (atlas) => atlas.createStreamProcessor(projectId, 'streams', { name: 'p', pipeline: [{ $source: {} }] }),
      '2024-05-30',
      { name: 'p', pipeline: [{ $source: {} }] },
    ],
    [
      'POST /streams/processor/p:startWith',
      (atlas) => atlas.startStreamProcessor(projectId, 'streams', 'p', { tier: 'SP10', resumeFromCheckpoint: true }),
      '2025-03-12',
      { tier: 'SP10', resumeFromCheckpoint: true },
    ],
    ['POST /streams/processor/p:stop', (atlas) => atlas.stopStreamProcessor(projectId, 'streams', 'p'), '2024-05-30'],
    ['DELETE /streams/processor/p', (atlas) => atlas.deleteStreamProcessor(projectId, 'streams', 'p'), '2024-05-30'],
  ];
  for (const [call, run, version, body = ''] of calls)
    it(`sends ${call}`, async (t) => {
      const { atlas, requests } = await atlasAnswering(t, answering(processor('p')));
      await run(atlas);
      const [method, path] = call.split(' /streams');
      assert.deepEqual(requests, [{ call: `${method} ${streams}/streams${path}`, accept: accept(version), body }]);
    });

  it('takes a success without a body', async (t) => {
    const { atlas } = await atlasAnswering(t, (response) => response.writeHead(204).end());
    for (const [call, run] of calls.slice(1)) assert.equal(await run(atlas), undefined, call);
  });

  it('keeps the hash of a pipeline, and the names of the connections in it, whatever the order of its keys', async (t) => {
    const pipelines = [
      [{ $source: { topic: 'a', connectionName: 'orders' } }, { $merge: { into: { db: 'd', connectionName: 'db' } } }],
      [{ $source: { connectionName: 'orders', topic: 'a' } }, { $merge: { into: { connectionName: 'db', db: 'd' } } }],
    ];
    for (const pipeline of pipelines) {
      const { atlas } = await atlasAnswering(t, answering(processor('p', { pipeline, tier: 'SP10' })));
      assert.deepEqual(await read(atlas), {
        name: 'p',
        state: 'STARTED',
        tier: 'SP10',
        pipelineHash: sha256(
          '[{"$source":{"connectionName":"orders","topic":"a"}},{"$merge":{"into":{"connectionName":"db","db":"d"}}}]',
        ),
        connectionNames: ['orders', 'db'],
      });
    }
  });

  it('reads counts leniently, and takes an unknown state or tier for none', async (t) => {
    const odd: [shown: Record<string, unknown>, seen: object][] = [
      [
        { state: 'HUNTER2', tier: 'BIG' },
        { state: 'UNKNOWN', tier: null },
      ],
      [{ stats: 'none' }, { state: 'STARTED', tier: null }],
      [{ stats: { inputMessageCount: '7', kafkaPartitions: {} } }, { state: 'STARTED', tier: null, stats: {} }],
    ];
    for (const [shown, seen] of odd) {
      const { atlas } = await atlasAnswering(t, answering(processor('p', shown)));
      const { pipelineHash: _, connectionNames: __, name: ___, ...rest } = await read(atlas);
      assert.deepEqual(JSON.parse(JSON.stringify(rest)), seen);
    }
    const stats = { inputMessageCount: 1204, kafkaPartitions: [{ partition: 0 }], other: 1 };
    const { atlas } = await atlasAnswering(t, answering(processor('p', { stats })));
    assert.deepEqual((await read(atlas)).stats, { inputMessageCount: 1204, kafkaPartitions: [{ partition: 0 }] });
  });

  it('reads a pipeline of 16 MB, and none of more than 20 MB', async (t) => {
    const long = (size: number) => [{ $source: { connectionName: 'orders' } }, { $match: 'x'.repeat(size) }];
    const { atlas } = await atlasAnswering(t, answering(processor('p', { pipeline: long(16_000_000) })));
    assert.deepEqual((await read(atlas)).connectionNames, ['orders']);
    const { atlas: other } = await atlasAnswering(t, answering(processor('p', { pipeline: long(21_000_000) })));
    await assert.rejects(read(other), { name: 'AtlasUnavailable', message: /processor\/p is longer than 20 MB\.$/ });
  });

  it('reads the processors of a page one by one if the page is too long', async (t) => {
    const pipeline = [{ $match: 'x'.repeat(11_000_000) }];
    const all = ['a', 'b', 'c'].map((name) => processor(name, { pipeline }));
    const { atlas, requests } = await fakeAtlas(t, {
      'GET /streams/processors': (response, request) => {
        const [size, number] = [Number(request.query.itemsPerPage), Number(request.query.pageNum)];
        list(all.slice(size * (number - 1), size * number), all.length)(response, request);
      },
    });
    const names = (await atlas.listStreamProcessors(projectId, 'streams')).map(({ name }) => name);
    assert.deepEqual(names, ['a', 'b', 'c']);
    assert.deepEqual(
      requests.map(({ query }) => `${query.itemsPerPage}/${query.pageNum}`),
      ['50/1', '1/1', '1/2', '1/3'],
    );
  });
});

describe('the operational log of a stream processor', () => {
  const times = { from: '2026-11-23T12:00:00.000Z', to: '2026-11-23T12:05:00.900Z' };
  const log = (atlas: AtlasClient) => atlas.operationalLogs(projectId, 'streams', 'p', times);
  const zipped = (content: string) => (response: ServerResponse) => void response.end(gzipSync(content));

  it('is read as gzip, without the secrets in use', async (t) => {
    usePassword('hunter2-hunter2');
    t.after(forgetPasswords);
    const { atlas, requests } = await atlasAnswering(t, zipped('{"msg":"hunter2-hunter2 is wrong"}\n'));
    assert.equal(await log(atlas), '{"msg":"*** is wrong"}\n');
    const call = `GET ${streams}/streams:downloadOperationalLogs?spName=p&startDate=1795435200&endDate=1795435500`;
    assert.deepEqual(requests, [{ call, accept: accept('2025-03-12', 'gzip'), body: '' }]);
  });

  it('is cut to its last 1 MB', async (t) => {
    const { atlas } = await atlasAnswering(t, zipped(`${'first\n'.repeat(700_000)}last\n`));
    const kept = await log(atlas);
    assert.equal(kept.length, 1_000_000);
    assert.match(kept, /last\n$/);
  });

  it('is AtlasUnavailable if it is not gzip, is cut short, or never ends', async (t) => {
    const answers: [answer: (response: ServerResponse) => void, message: RegExp][] = [
      [(response) => void response.end('no gzip'), /cannot be unpacked \(.+\)\.$/],
      [(response) => void response.end(gzipSync('x'.repeat(5000)).subarray(0, 20)), /cannot be unpacked \(.+\)\.$/],
      [(response) => void response.end(gzipSync(Buffer.alloc(201_000_000))), /longer than 200 MB/],
    ];
    for (const [answer, message] of answers) {
      const { atlas } = await atlasAnswering(t, answer);
      await assert.rejects(log(atlas), { name: 'AtlasUnavailable', message });
    }
  });

  it('that Atlas refuses is AtlasRefused, with what Atlas said', async (t) => {
    const refuse = apiError(404, 'STREAM_PROCESSOR_NOT_FOUND', 'There is none.');
    const { atlas } = await atlasAnswering(t, (response) => refuse(response, undefined as never));
    await assert.rejects(log(atlas), { name: 'AtlasRefused', errorCode: 'STREAM_PROCESSOR_NOT_FOUND' });
  });
});
