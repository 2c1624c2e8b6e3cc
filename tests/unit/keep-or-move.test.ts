import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { howToKeepOrMove } from '../../shared/request/keep-or-move.ts';
import { privateLinkId } from '../fixtures/atlas.ts';
import { clusterArn, request } from '../fixtures/request.ts';

const tagResource = `aws kafka tag-resource --region us-east-1 --resource-arn ${clusterArn} --tags`;
const duration =
  'The cluster has no connection for about an hour then: the new private link takes about 35 minutes, and the new connection about 26.';

describe('how to keep or move a connected cluster:', () => {
  const advice = (targetChange: string) => howToKeepOrMove(request({ targetChange })).split('\n');

  it('sets back each tag that asks for another target', () => {
    const asked =
      'the tag atlas-streaming/workspace is "b" and the tag atlas-streaming/mechanism is "PLAIN" and projectId in the input is "c"';
    assert.deepEqual(advice(asked), [
      'To keep the connection, set the tag back:',
      `  ${tagResource} atlas-streaming/workspace=streams,atlas-streaming/mechanism=SCRAM-512`,
      'To move it, disconnect the cluster first, and then connect it with the new settings:',
      `  ${tagResource} atlas-streaming=disconnect`,
      `${duration} It takes longer if MSK must first reboot the brokers for the other authentication scheme.`,
    ]);
  });

  it('says how long a move takes, and that another mechanism may need a reboot', () => {
    assert.equal(advice('but workspace in the input is "b"').at(-1), duration);
    assert.match(advice('but mechanism in the input is "PLAIN"').at(-1) ?? '', /reboot the brokers/);
  });

  it('says who must delete a link of another party, if the mechanism needs a link of the other scheme', () => {
    const lastLine = (mechanism: string, ownership: 'adopted' | 'created') => {
      const recorded = { clusterArn, privateLink: { id: privateLinkId, ownership } };
      const targetChange = `but the tag atlas-streaming/mechanism is "${mechanism}"`;
      return howToKeepOrMove(request({ targetChange, recorded })).split('\n').at(-1) ?? '';
    };
    assert.match(lastLine('AWS_MSK_IAM', 'adopted'), /did not create the private link.* its owner must delete it/);
    for (const line of [lastLine('AWS_MSK_IAM', 'created'), lastLine('PLAIN', 'adopted')])
      assert.doesNotMatch(line, /its owner/);
  });
});
