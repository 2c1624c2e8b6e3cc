import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { atlasClient } from '../../../cli/atlas-access.ts';
import { Cleaner } from '../../../cli/recording/cleaner.ts';
import { harmlessValues } from '../../../cli/recording/harmless.ts';
import { recordTo } from '../../../cli/recording/recording.ts';
import { forgetPasswords, usePassword } from '../../../shared/secrets/in-use.ts';
import { listen } from '../../fixtures/loopback.ts';

suite('a recording of an answer that no API has documented', () => {
  const cleaned = (body: unknown) => new Cleaner().body(body);

  test('has no account number, id, key or host, whatever stands beside it', () => {
    const account = '111122223333';
    for (const value of [
      ...[`${account}:x`, `${account}#Error`, `com.amazon.a${account}#ToError`, `10.1.2.3/${account}`],
      ...[`kafka.${account}.x`, `text/${account}`, `a${account}`, `kafka:${account}`],
    ])
      for (const field of [...Object.keys(harmlessValues), 'name']) {
        const text = JSON.stringify([cleaned({ [field]: value }), new Cleaner().header(field, value)]);
        assert.ok(!text.includes(account), `${field}: ${value}`);
      }
    assert.deepEqual(cleaned({ instanceType: 'kafka.corp.example', code: 'topsecret', Action: 'topsecret' }), {
      instanceType: 'host-1.example.com',
      code: 'text-1',
      Action: 'text-1',
    });
    assert.deepEqual(cleaned([1.111122223333, 1e300, -7]), [0, 0, -7]);
  });

  test('has neither a secret nor an id in the names of fields', () => {
    const keys = ['a111122223333', 'abcdefabcdefabcdefabcdef', 'mdb_sa_sk_0f1e2d3c', 'AKIAIOSFODNN7EXAMPLE'];
    const text = JSON.stringify(cleaned(Object.fromEntries(keys.map((key) => [key, 1]))));
    for (const key of keys) assert.ok(!text.includes(key), key);
    assert.deepEqual(cleaned({ headers: { XOfTom: 'a' } }), { headers: { 'text-1': 'text-2' } });
  });

  test('has no password that is a word of an API', (t) => {
    t.after(forgetPasswords);
    usePassword('HUNTERTWO');
    assert.deepEqual(cleaned({ state: 'HUNTERTWO' }), { state: 'text-1' });
  });

  test('has no name that is a word of a path or of an ARN', () => {
    const cleaner = new Cleaner();
    const path = (workspace: string, connection: string) =>
      `/api/atlas/v2/groups/64b7e1c2d3f4a5968778695a/streams/${workspace}/connections/${connection}`;
    assert.deepEqual(cleaner.body({ name: 'streams' }), { name: 'text-1' });
    assert.equal(
      cleaner.path(path('streams', '1234')),
      path('text-1', 'text-2').replace('64b7e1c2d3f4a5968778695a', `${'0'.repeat(23)}1`),
    );
    assert.equal(cleaner.path('/v1/configurations/x/revisions/12'), '/v1/configurations/text-3/revisions/12');
    assert.equal(
      cleaner.body('arn:aws:kafka:us-east-1:111122223333:cluster/kafka/user'),
      'arn:aws:kafka:us-east-1:000000000001:cluster/text-4/text-5',
    );
  });

  test('has the fields of the tags of a secret', () =>
    assert.deepEqual(cleaned({ Tags: [{ Key: 'atlas-streaming', Value: 'allow' }, { Key: 'team' }] }), {
      Tags: [{ Key: 'atlas-streaming', Value: 'text-1' }, { Key: 'text-2' }],
    }));

  test('has nothing of a body that is nested too deep, and Atlas is still asked', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'recording-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const deep = `${'['.repeat(20_000)}"tom"${']'.repeat(20_000)}`;
    const url = await listen(t, (_, response) => response.writeHead(200).end(deep));
    const recording = recordTo(dir);
    const atlas = atlasClient({ publicKey: 'abcdefgh', privateKey: '0f1e2d3c' }, url, recording.atlas);
    await assert.rejects(atlas.listWorkspaces('64b7e1c2d3f4a5968778695a'), /nested deeper/);
    const text = readFileSync(recording.save() ?? '', 'utf8');
    assert.equal(JSON.parse(text).exchanges[0].body, undefined);
  });
});

test('a recording replaces no file that was there before, or that another process has made since', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'recording-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'recording.json');
  const recording = recordTo(dir);
  await recording.atlas(async () => Response.json({}))('https://cloud.mongodb.com/', {
    method: 'GET',
    headers: {},
    signal: new AbortController().signal,
  });
  writeFileSync(file, 'of another process');
  assert.throws(() => recording.save(), /recording\.json" cannot be written \(EEXIST\)\.$/);
  assert.equal(readFileSync(file, 'utf8'), 'of another process');
  assert.throws(() => recordTo(dir), /is not empty/);
});
