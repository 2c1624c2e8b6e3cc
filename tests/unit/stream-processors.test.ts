import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { type Answer, apiError, fakeAtlas, list } from '../fixtures/atlas.ts';
import { projectId, workspace } from '../fixtures/request.ts';

const processor = (name: string, overrides: object = {}) => ({
  name,
  state: 'STARTED',
  pipeline: [{ $source: { connectionName: 'orders', topic: 'a' } }, { $merge: { into: { connectionName: 'db' } } }],
  ...overrides,
});

const inUse = new AtlasRefused('It has active processors.', {
  status: 403,
  errorCode: 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS',
});

async function explain(t: TestContext, processors: Answer, error: unknown = inUse, connectionName = 'orders') {
  const { atlas, requests } = await fakeAtlas(t, { 'GET /streams/processors': processors });
  return { requests, result: explainUse(error, { projectId, workspace, connectionName }, atlas) };
}

describe("Atlas's refusal to change a connection in use", () => {
  it('is explained by the names of the stream processors that use it', async (t) => {
    const processors = [
      ...['STARTED', 'STARTING', 'STOPPING', 'SOMETHING_NEW'].map((state) => processor(state, { state })),
      ...['CREATED', 'STOPPED', 'FAILED', 'DROPPED'].map((state) => processor(state, { state })),
      processor('of another connection', { pipeline: [{ $source: { connectionName: 'orders2', topic: 'orders' } }] }),
      processor('without a pipeline', { pipeline: undefined }),
    ];
    const { result, requests } = await explain(t, list(processors));
    await assert.rejects(result, {
      name: 'ConnectionInUse',
      message:
        /"orders" in workspace streams is in use by stream processor "STARTED", "STARTING", "STOPPING", "SOMETHING_NEW", and Atlas .*Stop the processor/,
      cause: inUse,
    });
    assert.equal(requests[0]?.headers.accept, 'application/vnd.atlas.2024-05-30+json');
  });

  it('is explained also if the connection is nested deep in a pipeline', async (t) => {
    const { result } = await explain(t, list([processor('to-atlas')]), inUse, 'db');
    await assert.rejects(result, { name: 'ConnectionInUse', message: /"to-atlas"/ });
  });

  for (const [what, answer] of [
    ['Atlas lists none', list([])],
    ['Atlas refuses to list them', apiError(403, 'USER_UNAUTHORIZED')],
  ] as const)
    it(`is explained also if ${what}`, async (t) => {
      const { result } = await explain(t, answer);
      await assert.rejects(result, { name: 'ConnectionInUse', message: /is in use by a running stream processor/ });
    });

  it('is retried by the machine if Atlas is unavailable for the list', async (t) => {
    const { result } = await explain(t, apiError(500, 'UNEXPECTED_ERROR'));
    await assert.rejects(result, { name: 'AtlasUnavailable' });
  });

  it('is the only error that is explained; others are thrown unchanged', async (t) => {
    for (const error of [new AtlasRefused('No.', { status: 403, errorCode: 'OTHER' }), new TypeError('Oh.')]) {
      const { result, requests } = await explain(t, list([]), error);
      await assert.rejects(result, error);
      assert.equal(requests.length, 0);
    }
  });
});
