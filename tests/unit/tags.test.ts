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
import { awsError, fakeMsk, signal } from '../fixtures/aws.ts';
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
    it(`is what AWS allows of ${JSON.stringify(text.slice(0, 30))}`, () => assert.equal(tagValue(text), value));
});

describe('the status', () => {
  it('is written on tags of our own that do not start a run and set nothing', async () => {
    const { kafka, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    await writeStatus(clusterArn, { status: 'failed', detail: 'a "b"', execution: executionArn }, { kafka, signal });
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

  it('that AWS refuses or does not answer is an error of ours', async () => {
    const { kafka, msk } = fakeMsk();
    const write = () => writeStatus(clusterArn, { status: 'failed', detail: '', execution: '' }, { kafka, signal });
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .rejectsOnce(awsError('InternalServerErrorException', 500));
    await assert.rejects(write(), AwsRefused);
    await assert.rejects(write(), AwsUnavailable);
  });
});

describe('the tags that say what is connected', () => {
  it('are taken away, and neither the one that asks, nor a setting, nor the outcome', async () => {
    const { kafka, msk } = fakeMsk();
    msk.on(UntagResourceCommand).resolves({});
    await clearConnectedTags(clusterArn, { kafka, signal });
    assert.deepEqual(msk.commandCalls(UntagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      TagKeys: ['atlas-streaming:private-link-id', 'atlas-streaming:secret-version', 'atlas-streaming:verified-at'],
    });
  });

  it('are read under the keys that they are written with', async () => {
    const { kafka, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({});
    const status = { status: 'connected', detail: 'a', execution: executionArn, 'secret-version': 'b' } as const;
    await writeStatus(clusterArn, status, { kafka, signal });
    const tags = msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags ?? {};
    for (const [name, value] of Object.entries(status))
      assert.equal(tags[statusTag(name as keyof typeof status)], value, name);
  });
});
