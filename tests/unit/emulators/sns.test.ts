import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import {
  AuthorizationErrorException,
  InvalidParameterException,
  NotFoundException,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import type { Authorize } from '../../../emulators/aws.ts';
import { listen } from '../../../emulators/emulator.ts';
import { Recorder } from '../../../emulators/recorder.ts';
import { SnsEmulator } from '../../../emulators/sns.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

const topicArn = 'arn:aws:sns:us-east-1:123456789012:notifications';

async function start(t: TestContext, authorize: Authorize = () => true) {
  const recorder = new Recorder();
  const emulator = new SnsEmulator({ authorize, region: 'us-east-1', topicArns: [topicArn] });
  const { url, close } = await listen(emulator, { clock: stoppedClock(), recorder });
  t.after(close);
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'not-checked' };
  const sns = new SNSClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const publish = (input: object = {}) =>
    sns.send(new PublishCommand({ TopicArn: topicArn, Subject: 'Done', Message: 'All.', ...input }));
  return { emulator, publish, answer: () => recorder.exchanges.at(-1)?.responseBody ?? '' };
}

suite('the local SNS', () => {
  test('answers in its XML namespace, with the id of the message and of the request', async (t) => {
    const { emulator, publish, answer } = await start(t);
    const { MessageId } = await publish();
    assert.match(MessageId ?? '', /^[0-9a-f-]{36}$/);
    assert.match(answer(), /^<PublishResponse xmlns="http:\/\/sns\.amazonaws\.com\/doc\/2010-03-31\/">/);
    assert.match(
      answer(),
      /<ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/PublishResponse>$/,
    );
    assert.deepEqual(emulator.messages, [{ topicArn, subject: 'Done', text: 'All.' }]);
  });

  test('refuses an unknown topic, and one that has no ARN', async (t) => {
    const { emulator, publish, answer } = await start(t);
    await assert.rejects(publish({ TopicArn: `${topicArn}2` }), (error) => {
      assert.ok(error instanceof NotFoundException);
      assert.deepEqual([error.$metadata.httpStatusCode, error.message], [404, 'Topic does not exist']);
      return true;
    });
    assert.match(
      answer(),
      /^<ErrorResponse xmlns="http:\/\/sns\.amazonaws\.com\/doc\/2010-03-31\/"><Error><Type>Sender<\/Type><Code>NotFound<\/Code>/,
    );
    await assert.rejects(publish({ TopicArn: 'notifications' }), {
      name: InvalidParameterException.name,
      message: 'Invalid parameter: TopicArn Reason: notifications does not start with arn',
    });
    assert.deepEqual(emulator.messages, []);
  });

  test('refuses a subject of 100 characters, or with a line break, and a message that is empty or longer than 256 KiB', async (t) => {
    const { emulator, publish } = await start(t);
    for (const input of [
      { Subject: 'x'.repeat(100) },
      { Subject: 'a\nb' },
      { Subject: 'Größe' },
      { Subject: '' },
      { Message: '' },
      { Message: 'é'.repeat(131_073) },
    ])
      await assert.rejects(publish(input), { name: InvalidParameterException.name });
    await publish({ Subject: 'x'.repeat(99), Message: 'é'.repeat(131_000) });
    await publish({ Subject: undefined });
    assert.equal(emulator.messages.length, 2);
  });

  test('escapes what it repeats', async (t) => {
    const { publish } = await start(t);
    await assert.rejects(publish({ TopicArn: '<a> & "b"' }), {
      message: 'Invalid parameter: TopicArn Reason: <a> & "b" does not start with arn',
    });
  });

  test('asks IAM whether the caller may publish', async (t) => {
    const { publish } = await start(t, () => false);
    await assert.rejects(publish(), { name: AuthorizationErrorException.name });
  });
});
