import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PolicyDocument, Statement } from '../../../emulators/msk/policy.ts';
import type { Report } from '../../../local/screen/report.ts';
import { formatReport } from '../../../local/screen/report-format.ts';
import { plain } from '../../../local/screen/text.ts';
import { connection, emptyReport } from '../../fixtures/report.ts';

const allow = (Sid: string): Statement => ({ Sid, Effect: 'Allow', Principal: '*', Action: 'kafka:*', Resource: '*' });
const policyOf = (...Statement: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

const linesOf = (changed: Partial<Report>, columns = 100) =>
  formatReport({ ...emptyReport, ...changed }, { style: plain, columns });

suite('the report of a run', () => {
  test('shows which new statements are ours, and which another party has added during the run', () => {
    const before = policyOf(allow('Theirs'), allow('AtlasStreamProcessing111122223333'));
    const after = policyOf(allow('Theirs'), allow('AddedMeanwhile'), allow('AtlasStreamProcessing821274765805'));
    const lines = linesOf({ policy: { before, after } });
    for (const line of [
      '    { "Sid": "Theirs", … } unchanged',
      '  + { "Sid": "AddedMeanwhile", … } added by another party during the run',
      '  -   "Sid": "AtlasStreamProcessing111122223333",',
      '  +   "Sid": "AtlasStreamProcessing821274765805",',
    ])
      assert.ok(lines.includes(line), `${line}\n\nis not in\n\n${lines.join('\n')}`);
  });

  test('shows what a connection was before, if it was different', () => {
    const drifted = { ...connection, authentication: { mechanism: 'PLAIN', username: 'atlas' } };
    const lines = linesOf({ connections: { before: [drifted], after: [connection] } });
    assert.ok(
      lines.includes('  login    user atlas, PLAIN over SASL_SSL → user atlas, SCRAM-512 over SASL_SSL'),
      lines.join('\n'),
    );
    const unchanged = linesOf({ connections: { before: [connection], after: [connection] } });
    assert.ok(unchanged.includes('  login    user atlas, SCRAM-512 over SASL_SSL'), unchanged.join('\n'));
    assert.deepEqual(linesOf({ connections: { before: [], after: [connection] } }), unchanged);
  });

  test('shows the role by which a connection logs in, and what is registered of it', () => {
    const aws = { roleArn: 'arn:aws:iam::123456789012:role/streams' };
    const byRole = { ...connection, authentication: { mechanism: 'AWS_MSK_IAM', aws } };
    const role = { roleId: '6b0a3d48a3cdcc7e261db771', atlasAssumedRoleExternalId: 'x', authorizedDate: null };
    const lines = linesOf({ connections: { before: [], after: [byRole] }, accessRoles: [role] });
    const all = lines.join('\n');
    assert.match(all, / {2}login +role arn:aws:iam::123456789012:role\/streams, AWS_MSK_IAM over\n? *SASL_SSL\n/);
    assert.match(
      all,
      /Role in AWS, as registered in Atlas\n {2}id +6b0a3d48a3cdcc7e261db771\n.*x\n {2}authorized +no\n/,
    );
  });

  test('says in one line how another execution has ended, and in the next why', () => {
    const executionArn = emptyReport.executionArn.replace(/1$/, '');
    const lines = linesOf({
      others: [
        { executionArn: `${executionArn}a`, status: 'SetupFailed', error: 'TargetChanged' },
        { executionArn: `${executionArn}b`, status: 'Disconnected', output: {} },
        { executionArn: `${executionArn}c`, status: 'NothingToDo', output: { reason: 'The tag is gone.' } },
      ],
    });
    const all = ['a  SetupFailed', 'TargetChanged', 'b  Disconnected', 'c  NothingToDo', 'The tag is gone.'];
    assert.match(lines.join('\n'), new RegExp(`Other executions\\n  ${all.join('\\n  ')}\\n`));
  });

  test('shows further lines of a numbered step below its text, and a command whole', () => {
    const command = 'atlas cloudProviders accessRoles aws create --projectId 6565a1b2c3d4e5f6a7b8c9d0';
    const cause = [
      'Follow these steps:',
      `1. First a step that is longer than a line, with steps of its own:`,
      '     1. Register a role in the project, with a command that stands alone:',
      `        ${command}`,
      '   Then a further line of the first step, which is long, too.',
    ].join('\n');
    const lines = linesOf({ error: 'PrerequisitesNotMet', cause }, 60);
    assert.deepEqual(lines.slice(lines.indexOf('Cause') + 1, -2), [
      '  Follow these steps:',
      '  1. First a step that is longer than a line, with',
      '     steps of its own:',
      '       1. Register a role in the project, with a',
      '          command that stands alone:',
      `          ${command}`,
      '     Then a further line of the first step, which is',
      '     long, too.',
    ]);
  });

  test('says that the changes are those of all executions, if there are others', () => {
    const changed = { tags: { before: {}, after: { a: 'b' } } };
    const others = [{ executionArn: `${emptyReport.executionArn}a`, status: 'Disconnected' }];
    assert.ok(linesOf(changed).includes('Tags of the cluster, before and after'));
    assert.ok(linesOf({ ...changed, others }).includes('Tags of the cluster, before and after all executions'));
  });

  test('fits the width of the terminal', () => {
    const statement = allow('AtlasStreamProcessing821274765805');
    const changed: Partial<Report> = {
      policy: { before: null, after: policyOf(statement) },
      connections: { before: [], after: [connection] },
      tags: { before: {}, after: { 'atlas-streaming/detail': 'Connection orders in workspace streams is READY' } },
      calls: { kafka: { DescribeClusterV2: 81, ListScramSecrets: 2, GetClusterPolicy: 2, TagResource: 3 } },
      error: 'PrivateLinkFailed',
      cause: 'Atlas reports that the private link has failed, and this sentence is longer than a line of the terminal.',
    };
    for (const columns of [60, 80, 100]) {
      const tooLong = linesOf(changed, columns).filter((line) => line.length > columns);
      assert.deepEqual(tooLong, [], String(columns));
    }
  });
});
