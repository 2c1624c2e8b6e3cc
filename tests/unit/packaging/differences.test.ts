import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { settingsThatDiffer } from '../../../packaging/differences.ts';

const client = new CloudFormationClient({ region: 'us-east-1' });
const cloudFormation = mockClient(client);

/** The stack as CloudFormation describes it. Serverless has added the tag STAGE. */
const deployed = (parameters: Record<string, string>, tags: Record<string, string> = {}) =>
  cloudFormation.on(DescribeStacksCommand, { StackName: 'stack' }).resolves({
    Stacks: [
      {
        StackName: 'stack',
        CreationTime: new Date(0),
        StackStatus: 'UPDATE_COMPLETE',
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
        Tags: Object.entries({ STAGE: 'prod', ...tags }).map(([Key, Value]) => ({ Key, Value })),
      },
    ],
  });

const differences = (parameters: Record<string, string>, tags: Record<string, string> = {}) =>
  settingsThatDiffer({ parameters, tags }, 'stack', client);

describe('what differs from the deployed stack', () => {
  beforeEach(() => cloudFormation.reset());

  it('is one line for each parameter and tag: changed, emptied, new or removed', async () => {
    deployed(
      { mechanism: 'auto', notificationEmail: 'team@example.com', allowedProjectIds: 'x', paused: 'false' },
      { team: 'streaming', old: '1', same: '2' },
    );
    assert.deepEqual(
      await differences(
        { mechanism: 'PLAIN', notificationEmail: '', paused: 'false', kmsKeyArn: '', rolePath: '/' },
        { team: 'data', same: '2', cost: '42' },
      ),
      [
        'These settings differ from the stack stack:',
        '  mechanism: auto → PLAIN',
        '  notificationEmail: team@example.com → none',
        '  allowedProjectIds: x → removed',
        '  kmsKeyArn: new → none',
        '  rolePath: new → /',
        '  tag team: streaming → data',
        '  tag old: 1 → removed',
        '  tag cost: new → 42',
      ],
    );
  });

  it('is nothing if parameters and tags are the same', async () => {
    deployed({ mechanism: 'auto', streamsRoleClusters: '*' }, { team: 'a' });
    const same = await differences({ streamsRoleClusters: '*', mechanism: 'auto' }, { team: 'a' });
    assert.deepEqual(same, ['No setting differs from the stack stack.']);
  });

  it('is not known for a parameter that CloudFormation does not show', async () => {
    deployed({ hidden: '****', streamsRoleTopics: '*' });
    assert.deepEqual(await differences({ hidden: 'x', streamsRoleTopics: 'orders' }), [
      'These settings differ from the stack stack:',
      '  streamsRoleTopics: * → orders',
    ]);
  });

  it('is everything in a first deployment', async () => {
    const missing = Object.assign(new Error('Stack with id stack does not exist'), { name: 'ValidationError' });
    cloudFormation.on(DescribeStacksCommand).rejects(missing);
    assert.deepEqual(await differences({}), ['The stack stack does not exist yet: this is its first deployment.']);
  });

  it('does not keep a deployment from its work if CloudFormation refuses to show it', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('not authorized'));
    assert.deepEqual(await differences({}), [
      'CloudFormation does not show the settings of the stack stack, so they are not compared: "not authorized".',
    ]);
  });
});
