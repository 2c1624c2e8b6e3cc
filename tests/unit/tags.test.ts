import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kafka';
import { AwsRefused, AwsUnavailable } from '../../shared/errors.ts';
import {
  clearConnectedTags,
  settingTags,
  statusTag,
  tagValue,
  triggerTag,
  writeStatus,
} from '../../shared/msk/tags.ts';
import { awsError, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, executionArn } from '../fixtures/request.ts';

describe("a tag's value", () => {
  const cleaned: [text: string, value: string][] = [
    ['Straße 7, ñ é 東京', 'Straße 7 ñ é 東京'],
    ['a_b.c:d/e=f+g-h@i', 'a_b.c:d/e=f+g-h@i'],
    ['"a" (b)\n\t* c;', 'a b c'],
    ['  a  b  ', 'a b'],
    ['***', ''],
    ['x'.repeat(300), 'x'.repeat(256)],
    [`${'x'.repeat(255)}𐐷`, 'x'.repeat(255)],
  ];
  for (const [text, value] of cleaned)
    it(`has only what AWS allows of ${JSON.stringify(text.slice(0, 30))}`, () => assert.equal(tagValue(text), value));
});

describe('the status', () => {
  it('is written on tags of our own that neither start a run nor are settings', async () => {
    const { client, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    await writeStatus(clusterArn, { status: 'failed', detail: 'a "b"', execution: executionArn }, client);
    const [call] = msk.commandCalls(TagResourceCommand);
    assert.deepEqual(call?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'failed',
        'atlas-streaming:detail': 'a b',
        'atlas-streaming:execution': executionArn,
      },
    });
    const written = Object.keys(call?.args[0].input.Tags ?? {});
    assert.ok(!written.some((key) => [triggerTag, ...Object.values(settingTags)].includes(key)));
  });

  it('that AWS refuses, or does not answer, is one of our errors', async () => {
    const { client, msk } = fakeMsk();
    const write = () => writeStatus(clusterArn, { status: 'failed', detail: '', execution: '' }, client);
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .rejectsOnce(awsError('InternalServerErrorException', 500));
    await assert.rejects(write(), AwsRefused);
    await assert.rejects(write(), AwsUnavailable);
  });
});

describe('the tags that say what is connected', () => {
  it('are removed; the trigger tag, the settings and the outcome stay', async () => {
    const { client, msk } = fakeMsk();
    msk.on(UntagResourceCommand).resolves({});
    await clearConnectedTags(clusterArn, client);
    assert.deepEqual(msk.commandCalls(UntagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      TagKeys: ['atlas-streaming:private-link-id', 'atlas-streaming:secret-version', 'atlas-streaming:verified-at'],
    });
  });

  it('are read under the keys under which they are written', async () => {
    const { client, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    const status = { status: 'connected', detail: 'a', execution: executionArn, 'secret-version': 'b' } as const;
    await writeStatus(clusterArn, status, client);
    const tags = msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags ?? {};
    for (const [name, value] of Object.entries(status))
      assert.equal(tags[statusTag(name as keyof typeof status)], value, name);
  });
});
