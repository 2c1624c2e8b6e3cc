import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { TagResourceCommand } from '@aws-sdk/client-kafka';
import { settingsOf, settingTags, tagValue, triggerTag, writeStatus } from '../../shared/msk/tags.ts';
import { awsError, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, disconnectExecutionArn, executionArn } from '../fixtures/request.ts';

describe("a tag's value", () => {
  const cleaned: [text: string, value: string][] = [
    ['Straße 7, ñ é 東京', 'Straße 7 ñ é 東京'],
    ['a_b.c/d=e+f-g@h i', 'a_b.c/d=e+f-g@h i'],
    ['RequestPrivateLink AtlasRefused: HTTP 400', 'RequestPrivateLink AtlasRefused - HTTP 400'],
    ['at 11:18:29', 'at 11-18-29'],
    ['arn:aws:kafka::x', 'arn-aws-kafka x'],
    ['½ ² ٣', '٣'],
    ['"a" (b)\n\t* c;', 'a b c'],
    ['  a  b  ', 'a b'],
    ['***', ''],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['x'.repeat(300), `${'x'.repeat(252)}...`],
    [`${'word '.repeat(60)}end`, `${'word '.repeat(50).trim()}...`],
    [`${'x'.repeat(251)}𐐷${'x'.repeat(9)}`, `${'x'.repeat(251)}...`],
  ];
  for (const [text, value] of cleaned)
    it(`has only what AWS allows of ${JSON.stringify(text.slice(0, 30))}`, () => assert.equal(tagValue(text), value));
});

describe('the status', () => {
  it('is written on tags of our own that neither start a run nor are settings', async () => {
    const { client, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    await writeStatus(clusterArn, { status: 'failed', detail: 'a "b"', executionArn }, client);
    const [call] = msk.commandCalls(TagResourceCommand);
    assert.deepEqual(call?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming/status': 'failed',
        'atlas-streaming/detail': 'a b',
        'atlas-streaming/execution': 'connect/run-1',
      },
    });
    const written = Object.keys(call?.args[0].input.Tags ?? {});
    assert.ok(!written.some((key) => [triggerTag, ...Object.values(settingTags)].includes(key)));
  });

  it('has the time of the verification in the characters that MSK allows', async () => {
    const { client, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    const status = { status: 'connected', detail: '', executionArn: disconnectExecutionArn } as const;
    await writeStatus(clusterArn, { ...status, verifiedAt: '2026-11-27T11:18:29.123Z' }, client);
    const { Tags = {} } = msk.commandCalls(TagResourceCommand)[0]?.args[0].input ?? {};
    assert.equal(Tags['atlas-streaming/verified-at'], '20261127T111829Z');
    assert.equal(Tags['atlas-streaming/execution'], 'disconnect/run-1');
    assert.ok(!JSON.stringify(Object.entries(Tags).flat().join('')).includes(':'));
  });

  it('that AWS refuses is no error, and says why; without an answer, the machine retries', async () => {
    const { client, msk } = fakeMsk();
    const write = () => writeStatus(clusterArn, { status: 'failed', detail: '', executionArn }, client);
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .rejectsOnce(awsError('InternalServerErrorException', 500));
    assert.match((await write()) ?? '', /Too many tags\./);
    await assert.rejects(write(), { name: 'AwsUnavailable' });
  });
});

describe('the fingerprint of the setting tags', () => {
  it('differs as soon as one of them differs, and ignores all other tags', () => {
    const before = settingsOf({ 'atlas-streaming/workspace': 'a', 'atlas-streaming': 'connect' });
    assert.match(before, /^[\da-f]{16}$/);
    assert.equal(
      settingsOf({ 'atlas-streaming/workspace': 'a', team: 'orders', 'atlas-streaming/status': 'x' }),
      before,
    );
    const others = Object.values(settingTags).map((key) =>
      settingsOf({ 'atlas-streaming/workspace': 'a', [key]: 'b' }),
    );
    assert.equal(new Set([before, settingsOf({}), ...others]).size, 10);
  });

  it('is that of earlier versions without the later tags, so an update starts no run', () => {
    const recorded = (values: string) => createHash('sha256').update(values).digest('hex').slice(0, 16);
    assert.equal(settingsOf({ 'atlas-streaming/workspace': 'a' }), recorded('[null,"a",null,null]'));
    assert.equal(settingsOf({ 'atlas-streaming/mechanism': 'auto' }), recorded('[null,null,null,null,"auto"]'));
  });

  it('tells the later tags apart, whatever their values are', () => {
    const keys = ['mechanism', 'topics', 'probe', 'restart-processors'];
    const all = keys.map((key) => settingsOf({ [`atlas-streaming/${key}`]: 'true' }));
    assert.equal(new Set(all).size, keys.length);
  });
});
