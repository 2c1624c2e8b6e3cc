import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { howToKeepOrMove } from '../../shared/request/keep-or-move.ts';
import { privateLinkId } from '../fixtures/atlas.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { clusterArn, request } from '../fixtures/request.ts';

const tagResource = `aws kafka tag-resource --region us-east-1 --resource-arn ${clusterArn} --tags`;
const duration =
  'The cluster has no connection for about an hour then: the new private link takes about 30 minutes, and the new connection about 25.';

describe('how to keep or move a connected cluster:', () => {
  const advice = (targetChange: string) => howToKeepOrMove(request({ targetChange })).split('\n');

  const move = (...steps: string[]) => ['To move it:', ...steps.map((step) => `  ${step}`)];
  const disconnect = ['Disconnect the cluster:', `  ${tagResource} atlas-streaming=disconnect`];
  const connect = [
    'When the cluster\'s tag atlas-streaming/status is "disconnected", connect it:',
    `  ${tagResource} atlas-streaming=connect`,
  ];
  /** The first line of a step has its number, and a command stands below the text. */
  const steps = (...all: string[][]) =>
    move(...all.flatMap(([text = '', ...rest], index) => [`${index + 1}. ${text}`, ...rest.map((it) => ` ${it}`)]));

  it('sets back each tag that asks for another target, or removes it', () => {
    const asked = 'the tag atlas-streaming/workspace is "b" and the tag atlas-streaming/connection-name is "c"';
    assert.deepEqual(advice(asked), [
      'To keep the connection, set the tag back:',
      `  ${tagResource} atlas-streaming/workspace=streams,atlas-streaming/connection-name=orders`,
      'Or remove it, if it was not there before:',
      `  ${tagResource.replace(' tag-', ' untag-').replace(/ --tags$/, '')} --tag-keys atlas-streaming/workspace atlas-streaming/connection-name`,
      ...steps(disconnect, connect),
      duration,
    ]);
  });

  it('is to repeat the input, if it asks for the other target', () => {
    assert.deepEqual(advice('but workspace in the input is "b"'), [
      'To keep the connection, leave this out of the input.',
      ...steps(disconnect, [
        'When the cluster\'s tag atlas-streaming/status is "disconnected", start the connect again with this input.',
      ]),
      duration,
    ]);
  });

  for (const [mechanism, recorded, what] of [
    ['SCRAM-512', 'AWS_MSK_IAM', /^ {2}1\. Prepare what SASL\/SCRAM needs: .* secret .* ACLs/],
    ['AWS_MSK_IAM', 'SCRAM-512', /^ {2}1\. Prepare what IAM needs: .* streams role/],
  ] as const)
    it(`begins with what ${mechanism} needs, and says that it may need a reboot`, () => {
      const targetChange = `but the tag atlas-streaming/mechanism is "${mechanism}"`;
      const text = howToKeepOrMove(request({ targetChange, mechanism: recorded }));
      const lines = text.split('\n');
      assert.match(lines[lines.indexOf('To move it:') + 1] ?? '', what);
      assert.match(text, /\n {2}2\. Disconnect .*\n.*\n {2}3\. When /);
      assert.equal(
        lines.at(-1),
        `${duration} It takes longer if MSK must first reboot the brokers for the other authentication scheme.`,
      );
      assertCopyable(text);
    });

  it('prepares nothing for another mechanism of the same scheme', () => {
    const text = howToKeepOrMove(request({ targetChange: 'but mechanism in the input is "PLAIN"' }));
    assert.doesNotMatch(text, /Prepare|reboot/);
  });

  it('says who must delete a link of another party, if the mechanism needs a link of the other scheme', () => {
    const text = (mechanism: string, ownership: 'adopted' | 'created') => {
      const recorded = { clusterArn, privateLink: { id: privateLinkId, ownership } };
      return howToKeepOrMove(
        request({ targetChange: `but the tag atlas-streaming/mechanism is "${mechanism}"`, recorded }),
      );
    };
    assert.match(
      text('AWS_MSK_IAM', 'adopted'),
      /\n {2}3\. This deployment did not create the private link.* its owner must delete it.*\n {2}4\. When /,
    );
    for (const other of [text('AWS_MSK_IAM', 'created'), text('PLAIN', 'adopted')])
      assert.doesNotMatch(other, /its owner/);
  });
});
