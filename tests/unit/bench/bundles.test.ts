import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { baselineFor, clientsOfFunctions, sourceOf, zipBytes } from '../../../bench/bundles.ts';

suite('a baseline', () => {
  test('that builds has the clients of the function, and calls nothing', () => {
    const name = baselineFor('builds', ['sfn', 'kafka']);
    assert.equal(name, 'builds kafka+sfn');
    const source = sourceOf(name);
    assert.match(source, /new KafkaClient\(\{\}\), new SFNClient\(\{\}\)/);
    assert.doesNotMatch(source, /Command|fetch/);
  });

  test('that calls makes one call with each, and one to Atlas', () => {
    const source = sourceOf(baselineFor('calls', ['secrets-manager']));
    assert.match(source, /import \{ SecretsManagerClient, GetSecretValueCommand \}/);
    assert.equal(source.match(/\.send\(/g)?.length, 1);
    assert.equal(source.match(/fetch\(/g)?.length, 1);
  });

  test('is found for each function by the clients in its bundle', async () => {
    const clients = await clientsOfFunctions();
    assert.deepEqual(clients.get('check-connection'), ['secrets-manager']);
    assert.deepEqual(clients.get('inspect-cluster'), ['kafka']);
    assert.deepEqual(clients.get('sweep-clusters'), ['kafka', 'secrets-manager', 'sfn']);
  });
});

test('a zip is its files, deflated, and the headers that Serverless writes', () => {
  const content = Buffer.from('const a = 1;'.repeat(100));
  const name = 'dist/a.mjs';
  assert.equal(zipBytes([]), 22);
  assert.equal(zipBytes([{ name, content }]), 22 + deflateRawSync(content).length + 101 + 2 * name.length);
});
