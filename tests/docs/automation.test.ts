import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type * as z from 'zod/mini';
import { readDocument } from '../../docs/generators/documents.ts';
import { type EventPattern, executionEvent, matches } from '../../emulators/event-bridge.ts';
import type { RecordSuccessOutput } from '../../functions/record-success/record-success.ts';
import { clusterArn } from '../fixtures/request.ts';
import { blocks } from './markdown.ts';

const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:msk-atlas-privatelink-prod-connect';
const sample = parse(readDocument('infrastructure/samples/after-connect.yml'), {
  customTags: [
    { tag: '!Ref', resolve: (name: string) => (name === 'ConnectMachineArn' ? machine : name) },
    { tag: '!GetAtt', resolve: (name: string) => name },
  ],
});

const eventOf = (status: string, stateMachineArn = machine) =>
  executionEvent({
    arn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:run`,
    name: 'run',
    stateMachineArn,
    status,
  });

describe('the sample rule', () => {
  const pattern: EventPattern = sample.Resources.AfterConnect.Properties.EventPattern;

  it('matches the event of a connect that succeeded', () => assert.ok(matches(pattern, eventOf('SUCCEEDED'))));

  for (const [text, event] of [
    ['a connect that failed', eventOf('FAILED')],
    ['a connect that has started', eventOf('RUNNING')],
    ['a disconnect', eventOf('SUCCEEDED', machine.replace(/connect$/, 'disconnect'))],
  ] as const)
    it(`does not match the event of ${text}`, () => assert.equal(matches(pattern, event), false));

  it('passes on the fields that the function of the documentation reads', () => {
    const { InputPathsMap, InputTemplate } = sample.Resources.AfterConnect.Properties.Targets[0].InputTransformer;
    assert.deepEqual(Object.values(InputPathsMap), ['$.detail.executionArn', '$.detail.output']);
    const inserted = InputTemplate.replace(/<(\w+)>/g, '"$1"');
    assert.deepEqual(JSON.parse(inserted), { executionArn: 'executionArn', output: 'output' });
  });
});

describe('the function of the documentation', async () => {
  const [block] = blocks.filter(({ file, language }) => file === 'docs/usage.md' && language === 'js');
  const { handler } = await import(`data:text/javascript,${encodeURIComponent(block?.text ?? '')}`);
  const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:run`;

  const output: z.infer<typeof RecordSuccessOutput> = {
    clusterArn,
    projectId: '5f1a2b3c4d5e6f7a8b9c0d1e',
    workspace: 'streams',
    connection: { name: 'orders', state: 'READY', bootstrapServers: 'b-1:14001', mechanism: 'SCRAM-512' },
    privateLinkId: '6a1f0000aaaaaaaaaaaaaaaa',
    atlasPrincipal: 'arn:aws:iam::444455556666:root',
    done: [{ resource: 'connection', result: 'created' }],
    statusTags: 'written',
    registry: 'written',
    verifiedAt: '2026-11-28T04:00:00Z',
  };

  it('returns the target of a connection that the run created', async () =>
    assert.deepEqual(await handler({ executionArn, output: JSON.stringify(output) }), {
      executionArn,
      clusterArn,
      projectId: '5f1a2b3c4d5e6f7a8b9c0d1e',
      workspace: 'streams',
      connectionName: 'orders',
    }));

  it('ignores a verification, and a run with nothing to do', async () => {
    const verified = { ...output, done: [{ resource: 'connection', result: 'unchanged' }] };
    for (const ignored of [verified, { reason: 'nothing to do' }])
      assert.equal(await handler({ executionArn, output: JSON.stringify(ignored) }), undefined);
  });
});
