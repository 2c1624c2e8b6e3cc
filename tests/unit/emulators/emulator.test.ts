import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type Call,
  type Exchange,
  type Intercept,
  listen,
  Refusal,
  type Service,
} from '../../../emulators/emulator.ts';
import { Recorder } from '../../../emulators/recorder.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

/** A service with one operation that counts how often it was applied. */
function counter() {
  let count = 0;
  const service: Service = {
    name: 'atlas',
    route: ({ path, headers, body }) => ({
      operation: 'count',
      authenticate: () => {
        if (headers.authorization !== 'secret') throw new Refusal('no', { status: 401, body: 'who are you?' });
        return 'someone';
      },
      apply: () => {
        if (path === '/refused') throw new Refusal('no', { status: 400, body: 'refused' });
        count += 1;
        return { status: 200, headers: { 'x-count': String(count) }, body: body.toUpperCase() };
      },
    }),
  };
  return { service, applied: () => count };
}

async function start(t: TestContext, intercept?: Intercept, onExchange?: (exchange: Exchange) => void) {
  const { service, applied } = counter();
  const recorder = new Recorder({ onExchange });
  const listener = await listen(service, { clock: stoppedClock(), recorder, intercept });
  const { url } = listener;
  t.after(listener.close);
  const post = (path: string, authorization = 'secret') =>
    fetch(`${url}${path}`, { method: 'POST', body: 'hello', headers: { authorization } });
  return { post, recorder, applied, listener };
}

test('an exchange is recorded completely, except for its Authorization header', async (t) => {
  const { post, recorder } = await start(t);
  const answer = await post('/a%2Fb?c=d');
  assert.equal(await answer.text(), 'HELLO');
  assert.equal(answer.headers.get('x-count'), '1');
  const { requestHeaders, ...rest } = recorder.exchanges[0] ?? assert.fail();
  assert.deepEqual(rest, {
    at: new Date('2026-11-23T12:00:00Z'),
    service: 'atlas',
    operation: 'count',
    method: 'POST',
    path: '/a%2Fb',
    query: 'c=d',
    caller: 'someone',
    status: 200,
    requestBody: 'hello',
    responseBody: 'HELLO',
  });
  assert.equal(requestHeaders['content-length'], '5');
  assert.ok(!JSON.stringify(recorder.exchanges).includes('secret'));
});

test('an interceptor sees only authenticated calls, and may answer in the place of the service', async (t) => {
  const seen: Call[] = [];
  const { post, recorder, applied } = await start(t, async (call) => {
    seen.push(call);
    return { status: 503, body: 'busy' };
  });
  assert.equal((await post('/x', 'wrong')).status, 401);
  assert.equal((await post('/x')).status, 503);
  assert.equal(applied(), 0);
  assert.deepEqual(seen, [
    {
      service: 'atlas',
      operation: 'count',
      method: 'POST',
      path: '/x',
      caller: 'someone',
      body: 'hello',
      authorization: 'secret',
    },
  ]);
  assert.deepEqual(
    recorder.exchangesOf('atlas', 'count').map(({ status, caller }) => [status, caller]),
    [
      [401, undefined],
      [503, 'someone'],
    ],
  );
  assert.deepEqual(recorder.exchangesOf('kafka'), []);
});

test('an interceptor may reset the connection before or after the call is applied', async (t) => {
  const plan: Intercept[] = [
    async (_, next) => {
      await next();
      return 'reset';
    },
    async () => 'reset',
  ];
  const { post, recorder, applied } = await start(t, (call, next) => plan.shift()?.(call, next) ?? next());
  await assert.rejects(post('/x'), TypeError);
  assert.equal(applied(), 1);
  await assert.rejects(post('/x'), TypeError);
  assert.equal(applied(), 1);
  assert.equal((await post('/x')).headers.get('x-count'), '2');
  assert.deepEqual(
    recorder.exchanges.map(({ status }) => status),
    ['reset', 'reset', 200],
  );
});

test('an interceptor may cut an answer short, or send no answer', async (t) => {
  const plan: Intercept[] = [async (_, next) => ({ cutShort: await next() }), async () => 'silence'];
  const silence = Promise.withResolvers<void>();
  const { post, recorder, applied, listener } = await start(
    t,
    (call, next) => plan.shift()?.(call, next) ?? next(),
    ({ status }) => status === 'silence' && silence.resolve(),
  );
  const cut = await post('/x');
  assert.equal(cut.status, 200);
  await assert.rejects(cut.text(), TypeError);
  let isSilent = true;
  const silent = post('/x').finally(() => {
    isSilent = false;
  });
  await silence.promise;
  assert.equal((await post('/x')).status, 200);
  assert.ok(isSilent);
  await Promise.all([assert.rejects(silent, TypeError), listener.goDown()]);
  assert.equal(applied(), 2);
  assert.deepEqual(
    recorder.exchanges.map(({ status }) => status),
    [200, 'silence', 200],
  );
});

test('a service may go down and come up again at the same address', async (t) => {
  const { post, listener } = await start(t);
  assert.equal((await post('/x')).status, 200);
  await listener.goDown();
  await assert.rejects(post('/x'), (error: Error) => (error.cause as { code: string }).code === 'ECONNREFUSED');
  await listener.comeUp();
  assert.equal((await post('/x')).headers.get('x-count'), '2');
});

test('an interceptor sees a refusal as an answer', async (t) => {
  const statuses: number[] = [];
  const { post } = await start(t, async (_, next) => {
    const answer = await next();
    statuses.push(answer.status);
    return answer;
  });
  assert.equal(await (await post('/refused')).text(), 'refused');
  assert.deepEqual(statuses, [400]);
});
