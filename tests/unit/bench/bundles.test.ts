import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { buildsBaseline, callsBaseline, clientsOfFunctions, sourceOf, zipBytes } from '../../../bench/bundles.ts';

suite('a baseline', () => {
  test("that builds has the function's clients and sends no request", () => {
    const name = buildsBaseline(['sfn', 'kafka']);
    assert.equal(name, 'builds kafka+sfn');
    const source = sourceOf(name);
    assert.match(source, /new KafkaClient\(\{\}\)/);
    assert.match(source, /new SFNClient\(\{\}\)/);
    assert.doesNotMatch(source, /Command|get\(/);
  });

  test('that calls sends as many requests to each service as the function', () => {
    const name = callsBaseline(['secrets-manager', 'kafka'], { kafka: 2, secretsmanager: 1, atlas: 3 });
    assert.equal(name, 'calls kafka:2+secrets-manager:1+atlas:3');
    const source = sourceOf(name);
    assert.match(source, /import \{ SecretsManagerClient, GetSecretValueCommand \}/);
    assert.match(source, /call < 2; call\+\+\) await builtKafkaClient\.send\(/);
    assert.match(source, /call < 3; call\+\+\) await new Promise.*get\(event\.atlasUrl/);
  });

  test('also builds a client that the function has and does not use', () => {
    const source = sourceOf(callsBaseline(['sfn', 'sns'], { states: 1 }));
    assert.match(source, /new SNSClient\(\{\}\)/);
    assert.doesNotMatch(source, /Publish|get\(/);
  });

  test('of a function has the clients in its bundle', async () => {
    const clients = await clientsOfFunctions();
    assert.deepEqual(clients.get('check-connection'), ['secrets-manager']);
    assert.deepEqual(clients.get('inspect-cluster'), ['dynamodb', 'kafka']);
    assert.deepEqual(clients.get('notify-outcome'), ['dynamodb', 'sfn', 'sns']);
    assert.deepEqual(clients.get('sweep-clusters'), ['dynamodb', 'kafka', 'secrets-manager', 'sfn']);
  });
});

test('the size of a zip is that of its deflated files and of the headers that Serverless writes', () => {
  const content = Buffer.from('const a = 1;'.repeat(100));
  const name = 'dist/a.mjs';
  assert.equal(zipBytes([]), 22);
  assert.equal(zipBytes([{ name, content }]), 22 + deflateRawSync(content).length + 101 + 2 * name.length);
});
