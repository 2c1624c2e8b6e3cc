import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { httpFetch, withReconnect } from '../../shared/atlas/http.ts';
import { listen } from '../fixtures/loopback.ts';

const { signal } = new AbortController();
const get = { method: 'GET', headers: {}, signal };

/** A server that answers like this. */
const serverWith = (t: TestContext, answer: (response: ServerResponse) => void) =>
  listen(t, (_request, response) => answer(response));

describe('the fetch of the Atlas client', () => {
  it('sends what the global fetch would: method, headers and body', async (t) => {
    const url = await listen(t, async (request, response) => {
      const { method, url: path, headers } = request;
      for await (const chunk of request) response.write(JSON.stringify({ method, path, ...headers, body: `${chunk}` }));
      response.end();
    });
    const headers = { Accept: 'application/vnd.atlas.2023-02-01+json' };
    const response = await httpFetch(`${url}/a?b=c`, { ...get, method: 'POST', headers, body: '{"ü":1}' });
    const { method, path, accept, body, ...rest } = (await response.json()) as Record<string, string>;
    assert.deepEqual(
      { method, path, accept, body },
      { method: 'POST', path: '/a?b=c', accept: headers.Accept, body: '{"ü":1}' },
    );
    assert.equal(rest['content-length'], '8');
  });

  it('returns the status, and the headers whatever their case', async (t) => {
    const url = await serverWith(t, (response) => response.writeHead(429, { 'Retry-After': '7' }).end());
    const { status, ok, headers } = await httpFetch(url, get);
    assert.deepEqual([status, ok], [429, false]);
    assert.equal(headers.get('RETRY-after'), '7');
    assert.equal(headers.get('www-authenticate'), null);
  });

  it('follows no redirect: Atlas has none, and another server must not get the Authorization', async (t) => {
    const url = await serverWith(t, (response) => response.writeHead(302, { Location: '/elsewhere' }).end());
    assert.equal((await httpFetch(url, get)).status, 302);
  });

  it('frees the connection for the next request, even if the caller ignores the body', async (t) => {
    const connections = new Set<Socket | null>();
    const url = await serverWith(t, (response) => {
      connections.add(response.socket);
      response.writeHead(401).end('x'.repeat(100_000));
    });
    for (let i = 0; i < 3; i++) await httpFetch(url, get);
    assert.equal(connections.size, 1);
  });

  for (const [method, outcome] of [
    ['GET', 'repeats a GET once'],
    ['POST', 'does not repeat a POST, which may have been carried out'],
  ] as const)
    it(`${outcome} if the kept-alive connection was closed`, async (t) => {
      let requests = 0;
      const url = await serverWith(t, (response) => {
        requests += 1;
        if (requests === 1 || (requests > 2 && method === 'GET')) response.end();
        else response.socket?.resetAndDestroy();
      });
      await httpFetch(url, get);
      const second = withReconnect(httpFetch)(url, { ...get, method });
      if (method === 'GET') assert.equal((await second).status, 200);
      else await assert.rejects(second, TypeError);
      assert.equal(requests, method === 'GET' ? 3 : 2);
    });

  it('repeats it on a new connection, because other kept-alive ones may be closed as well', async (t) => {
    let requests = 0;
    const four = Promise.withResolvers<void>();
    const url = await serverWith(t, async (response) => {
      requests += 1;
      if (requests > 4) return void response.socket?.resetAndDestroy();
      // The server answers when all four are there, so each has a connection of its own.
      if (requests === 4) four.resolve();
      await four.promise;
      response.end();
    });
    await Promise.all(Array.from({ length: 4 }, () => httpFetch(url, get)));
    await assert.rejects(withReconnect(httpFetch)(url, get), TypeError);
    assert.equal(requests, 6);
  });

  it('throws a TypeError with the cause of a broken connection', async (t) => {
    const url = await serverWith(t, (response) => response.socket?.destroy());
    await assert.rejects(httpFetch(url, get), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.equal((error.cause as { code: string }).code, 'ECONNRESET');
      return true;
    });
  });

  it('has the status of an answer that is cut short, but no text', async (t) => {
    const url = await serverWith(t, (response) => {
      response.writeHead(200, { 'Content-Length': '100' }).write('half', () => response.socket?.destroy());
    });
    const response = await httpFetch(url, get);
    assert.equal(response.status, 200);
    await assert.rejects(response.text(), { name: 'TypeError', message: 'The answer is missing or incomplete.' });
  });

  const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';

  it('fails if the server switches to another protocol, which it was not asked for', { timeout: 60_000 }, async (t) => {
    const url = await serverWith(t, (response) => response.socket?.write(switching));
    await assert.rejects(httpFetch(url, get), {
      name: 'TypeError',
      message: 'The answer is missing or incomplete.',
      cause: new Error('The connection was closed without an answer.'),
    });
  });

  it('fails with the reason of its signal if the server switches to another protocol meanwhile', {
    timeout: 60_000,
  }, async (t) => {
    const controller = new AbortController();
    const timeout = new DOMException('Too late.', 'TimeoutError');
    const url = await serverWith(t, (response) => {
      controller.abort(timeout);
      response.socket?.write(switching);
    });
    await assert.rejects(httpFetch(url, { ...get, signal: controller.signal }), timeout);
  });

  it('fails with the reason of its signal before the answer', async (t) => {
    const controller = new AbortController();
    const timeout = new DOMException('Too late.', 'TimeoutError');
    const url = await serverWith(t, () => controller.abort(timeout));
    await assert.rejects(httpFetch(url, { ...get, signal: controller.signal }), timeout);
  });

  it('fails with the reason of its signal in the middle of the answer', async (t) => {
    const controller = new AbortController();
    const timeout = new DOMException('Too late.', 'TimeoutError');
    const url = await serverWith(t, (response) => response.writeHead(200).write('half'));
    const onHeaders = () => controller.abort(timeout);
    diagnostics.subscribe('http.client.response.finish', onHeaders);
    t.after(() => diagnostics.unsubscribe('http.client.response.finish', onHeaders));
    const response = await httpFetch(url, { ...get, signal: controller.signal });
    await assert.rejects(response.text(), timeout);
  });

  it('does not load undici, the client of the global fetch', async (t) => {
    const url = await serverWith(t, (response) => response.end());
    const program = `
      const { httpFetch } = await import(${JSON.stringify(new URL('../../shared/atlas/http.ts', import.meta.url))});
      await httpFetch(${JSON.stringify(url)}, { method: 'GET', headers: {}, signal: new AbortController().signal });
      console.log(process.moduleLoadList.filter((name) => name.includes('undici/undici')).length);
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    assert.equal(stdout, '0\n');
  });
});
