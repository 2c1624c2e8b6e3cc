import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { listen, type Test } from '../../fixtures/loopback.ts';

const root = join(import.meta.dirname, '../../..');
const script = join(root, 'packaging/audit.ts');

/** Runs the script against a registry, with an empty cache: npm keeps advisories. */
function audit(t: Test, registry: string): Promise<{ code: number; output: string }> {
  const cache = mkdtempSync(join(tmpdir(), 'npm-'));
  t.after(() => rmSync(cache, { recursive: true, force: true }));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, npm_config_registry: registry, npm_config_cache: cache };
  return new Promise((resolve) =>
    execFile(process.execPath, [script], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    ),
  );
}

/** A registry with one advisory, about a package of which we ship a version that is affected. */
const withAdvisory =
  (severity: string, name = 'zod'): RequestListener =>
  (request, response) => {
    const isAdvisories = request.url === '/-/npm/v1/security/advisories/bulk';
    const advisory = { id: 1, url: 'https://example.com/1', title: 'Is wrong', severity, vulnerable_versions: '*' };
    response.writeHead(isAdvisories ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isAdvisories ? { [name]: [advisory] } : {}));
  };

suite('the audit', () => {
  for (const severity of ['high', 'critical'])
    test(`fails if a dependency that ships has an advisory of severity ${severity}, and names it`, async (t) => {
      const { code, output } = await audit(t, await listen(t, withAdvisory(severity)));
      assert.equal(code, 1);
      assert.equal(
        output,
        `Dependencies that ship have advisories. Update them: npm audit fix --omit=dev\nzod: ${severity}: Is wrong (https://example.com/1)\n`,
      );
    });

  test('passes if an advisory is less severe, or about a dependency for development', async (t) => {
    for (const registry of [withAdvisory('moderate'), withAdvisory('critical', 'typescript')]) {
      const { code, output } = await audit(t, await listen(t, registry));
      assert.deepEqual([code, output], [0, 'No dependency that ships has an advisory of severity high or critical.\n']);
    }
  });

  test('passes, and says in one line that nothing was checked, if the registry does not answer', async (t) => {
    const notFound = await listen(t, (_, response) => response.writeHead(404).end('{}'));
    const broken = await listen(t, (_, response) => response.writeHead(200).end('<html>'));
    const reset = await listen(t, (request) => request.socket.destroy());
    for (const registry of [notFound, broken, reset, 'http://127.0.0.1:1']) {
      const { code, output } = await audit(t, registry);
      assert.equal(code, 0, output);
      assert.match(output, /^Advisories were not checked, because the registry does not answer npm audit: [^\n]+\n$/);
    }
  });

  test('is a part of .ci/run', () => {
    assert.match(readFileSync(join(root, '.ci/run'), 'utf8'), /^npm run --silent audit$/m);
  });
});

test('npm runs no install script of a dependency, here and in the workflow', () => {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  assert.match(read('.npmrc'), /^ignore-scripts=true$/m);
  for (const file of ['.ci/run', '.github/workflows/ci.yml', 'package.json'])
    assert.doesNotMatch(read(file), /ignore-scripts|npm (rebuild|install|i)\b/, file);
});
