import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Exchange, ServiceName } from '../../../emulators/emulator.ts';
import { Recorder } from '../../../emulators/recorder.ts';
import { observedState } from '../../../local/screen/observed-state.ts';

const recorderOf = (...answers: [service: ServiceName, status: Exchange['status'], responseBody: string][]) => {
  const recorder = new Recorder();
  for (const [service, status, responseBody] of answers) recorder.record({ service, status, responseBody } as Exchange);
  return recorder;
};

suite('the state that a poll has read', () => {
  test('is that of the last answer of MSK or Atlas that has one', () => {
    assert.equal(observedState(recorderOf(['kafka', 200, '{"clusterInfo":{"state":"UPDATING"}}'])), 'UPDATING');
    assert.equal(
      observedState(recorderOf(['atlas', 200, '{"state":"WORKING"}'], ['kafka', 200, '{"secretArnList":[]}'])),
      'WORKING',
    );
    assert.equal(observedState(recorderOf(['atlas', 503, '<html>'], ['atlas', 'reset', ''])), undefined);
  });

  test('is not looked for in the answer of another service, such as the XML of SNS', () => {
    assert.equal(
      observedState(recorderOf(['atlas', 200, '{"state":"DELETING"}'], ['sns', 200, '<PublishResponse/>'])),
      'DELETING',
    );
  });
});
