import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Workshop } from '../../../bench/bundles.ts';
import { Sandbox } from '../../../bench/runtime/sandbox.ts';
import { listen } from '../../fixtures/loopback.ts';

/** The time that the server takes. Timers may fire a little early. */
const remoteMs = 200;

suite('the sandbox', () => {
  const workshop = new Workshop();
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  let runtime = '';
  before(async () => {
    runtime = await workshop.makeRuntime();
  });
  after(() => {
    workshop.close();
    rmSync(directory, { recursive: true });
  });

  /** The second answer of a function with this body. In the body, `send` is node:http's get as a promise. */
  async function warm(t: TestContext, body: string, event: unknown) {
    const bundle = join(directory, `${randomUUID()}.mjs`);
    writeFileSync(
      bundle,
      `const { get } = process.getBuiltinModule('node:http');
       const send = (url) => new Promise((resolve, reject) =>
         get(url, { agent: false }, (it) => it.resume().on('end', resolve).on('error', reject)).on('error', reject));
       export const handler = async (event) => { ${body} };`,
    );
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:bench';
    const sandbox = new Sandbox({ bundle, arn, environment: {} });
    t.after(() => sandbox.stop());
    await sandbox.start(runtime, event);
    return sandbox.invoke(event);
  }

  const slow = (t: TestContext, answer: (response: ServerResponse) => unknown) =>
    listen(t, async (_request, response) => {
      await pause(remoteMs);
      answer(response);
    });

  const ways = { 'node:http': 'await send(event);', fetch: 'await (await fetch(event)).text();' };
  for (const [way, body] of Object.entries(ways)) {
    test(`does not count the time of a request and its body as a handler's own time (${way})`, async (t) => {
      const url = await slow(t, async (response) => {
        response.writeHead(200).write('half');
        await pause(remoteMs);
        response.end();
      });
      const { milliseconds, ownMs } = await warm(t, body, url);
      assert.ok(milliseconds - ownMs >= 2 * remoteMs - 10, `${ownMs} of ${milliseconds} ms`);
    });

    test(`counts the time after a failed request (${way})`, async (t) => {
      const url = await slow(t, (response) => response.socket?.destroy());
      const after = 'await new Promise((done) => setTimeout(done, 100));';
      const { milliseconds, ownMs } = await warm(t, `try { ${body} } catch {} ${after}`, url);
      assert.ok(ownMs >= 99 && milliseconds - ownMs >= remoteMs - 10, `${ownMs} of ${milliseconds} ms`);
    });
  }

  test('counts the work of a handler while its request is pending', async (t) => {
    const url = await slow(t, (response) => response.end());
    const busy =
      'for (let cpu = { user: 0, system: 0 }, from = process.threadCpuUsage(); cpu.user + cpu.system < 100_000; ) cpu = process.threadCpuUsage(from);';
    const { milliseconds, ownMs } = await warm(t, `const answer = send(event); ${busy} await answer`, url);
    assert.ok(ownMs >= 100 && milliseconds - ownMs >= remoteMs - 110, `${ownMs} of ${milliseconds} ms`);
  });

  test('does not load undici until a function uses the global fetch', async (t) => {
    const url = await listen(t, (_request, response) => response.end());
    const count = 'return process.moduleLoadList.filter((name) => name.includes("undici/undici")).length;';
    assert.equal((await warm(t, `await import('node:http'); await send(event); ${count}`, url)).payload, 0);
    assert.equal((await warm(t, `await fetch(event); ${count}`, url)).payload, 1);
  });
});
