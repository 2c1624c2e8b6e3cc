import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand } from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type RecordFailureInput, recordFailure } from '../../functions/record-failure/record-failure.ts';
import * as errors from '../../shared/errors.ts';
import { doesNotExist } from '../../shared/msk/unusable.ts';
import { fingerprint } from '../../shared/registry/fingerprint.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { failsAgain, useAnotherCluster } from '../../shared/replaced-by.ts';
import { allowsOnly } from '../../shared/request/allowed-targets.ts';
import { readDefinition } from '../../statemachine/definition.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import {
  before,
  byRole,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  functionArn,
  login,
  now,
  projectId,
  request,
  secretArn,
  tagEvent,
  taskInput,
} from '../fixtures/request.ts';

type Run = z.infer<typeof RecordFailureInput>['run'];

/** What Step Functions catches if a Lambda function throws. */
const thrown = (errorType: string, errorMessage: string) => ({
  Error: errorType,
  Cause: JSON.stringify({ errorType, errorMessage, trace: ['at x'] }),
});
const message = 'Atlas could not set it up (no policy). Fix it.';
const failed = { CheckPrivateLink: thrown('PrivateLinkFailed', message) };
const invalid = (text: string) => ({ ResolveRequest: thrown('InvalidRequest', text) });

const other = executionArn.replace('run-1', 'run-0');
const swept = executionArn.replace('run-1', 'sweep-connect-0123');
const machineArn = executionArn.replace(':execution:', ':stateMachine:').replace(/:run-1$/, '');

/** A claim of the execution under test. */
const claimed = { holder: executionArn, action: 'connect', claimedAt: before, wantedBy: 'tag' } as const;
/** What the state has in its entry after the failure above. */
const entry = (overrides: object = {}) => ({
  error: 'PrivateLinkFailed',
  fingerprint: fingerprint('CheckPrivateLink', 'PrivateLinkFailed', message),
  at: now,
  executionArn,
  isNews: true,
  isAccountFault: false,
  ...overrides,
});

/** Runs the state for a cluster with this record. */
async function recorder(t: Test, record?: Partial<RegistryRecord>, table?: string) {
  const { client, msk } = fakeMsk();
  const store = await startRegistry(t);
  if (record) await store.put({ clusterArn, ...record });
  msk.on(TagResourceCommand).resolves({});
  const measured: string[] = [];
  const registry = new Registry({ dynamodb: store.dynamodb, tableName: table ?? store.tableName, signal });
  const run = (overrides: Partial<Run> = {}, execution = executionArn) =>
    recordFailure(
      { ...taskInput({ input: { clusterArn }, failed, ...overrides } as Run), executionArn: execution },
      { registry, msk: client, functionArn, measure: (name) => measured.push(name) },
    );
  return {
    run,
    msk,
    measured,
    /** The record after the run, as it is stored. */
    record: async () => (await store.get(clusterArn)) as unknown as RegistryRecord | undefined,
    tags: () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags,
  };
}

/** A run that has claimed the cluster by its tag. */
const byTag = { input: tagEvent(), request: request({ wantedBy: 'tag' }) };

const commandFor = (json: string) =>
  `aws stepfunctions start-execution --region us-east-1 --state-machine-arn ${machineArn} --input '${json}'`;

describe('the record of ConnectionInUse', () => {
  it('says whether the run was allowed to stop stream processors', async (t) => {
    for (const restartProcessors of [true, false]) {
      const { run, record } = await recorder(t, claimed);
      const inUse = { CreateConnection: thrown('ConnectionInUse', 'It is in use.') };
      await run({ ...byTag, request: request({ wantedBy: 'tag', restartProcessors }), failed: inUse });
      assert.equal((await record())?.lastFailure?.mayRestart, restartProcessors);
    }
  });
});

describe('the Cause of ConnectionInUse', () => {
  const inUse = { CreateConnection: thrown('ConnectionInUse', 'It is in use.') };

  it('says that the sweep tries again only if the run was allowed to stop stream processors', async (t) => {
    for (const [restartProcessors, expected] of [
      [true, /\nThe sweep starts a run after 2026-11-23T12:15:00Z, /],
      [false, /\nThe sweep starts no run until .* or the parameter restartProcessors changes\./],
    ] as const) {
      const { run } = await recorder(t, claimed);
      const asked = request({ wantedBy: 'tag', restartProcessors });
      assert.match((await run({ ...byTag, request: asked, failed: inUse })).cause, expected);
    }
  });
});

describe('ConnectionInUse of a run with settings of its own', () => {
  const inUse = { CreateConnection: thrown('ConnectionInUse', 'It is in use.') };

  it('is recorded as such, and the Cause says that the sweep tries again, without them', async (t) => {
    for (const [own, isOwn] of [
      [{ config: { 'client.id': 'a' } }, true],
      [{ secretArn }, true],
      [{ connectionName: 'orders' }, undefined],
    ] as const) {
      const { run, record } = await recorder(t, claimed);
      const input = { clusterArn, ...own };
      const { cause } = await run({ input, request: request({ restartProcessors: false }), failed: inUse });
      assert.equal((await record())?.lastFailure?.hasOwnSettings, isOwn);
      assert.match(cause, isOwn ? /, the sweep starts a run after 20/ : /, the sweep starts no run until /);
    }
  });
});

describe('the Cause of a failure', () => {
  it('says what failed, what was changed, how to start again, and when the sweep does', async (t) => {
    const { run } = await recorder(t, claimed);
    assert.deepEqual(await run(byTag), {
      error: 'PrivateLinkFailed',
      cause: [
        `CheckPrivateLink failed: ${message}`,
        'Nothing was changed.',
        `Cluster: ${clusterArn}`,
        `Execution: ${executionArn}`,
        'After the fix, start again:',
        `  ${commandFor(JSON.stringify({ clusterArn }))}`,
        'The sweep starts a run after 2026-11-23T12:15:00Z, or earlier if the cluster, its setting tags or its SCRAM secret change.',
        "Don't use Redrive: it enters only the last state again, which fails again. Start a new execution.",
      ].join('\n'),
    });
  });

  it('does not name a SCRAM secret if the connection logs in by IAM, or if the cluster has no SCRAM', async (t) => {
    const auto = request({ wantedBy: 'tag', mechanism: 'auto' });
    for (const known of [
      { request: request({ wantedBy: 'tag', mechanism: 'AWS_MSK_IAM' }) },
      { request: auto, plan: { login: byRole } },
      { request: auto, cluster: { details: { isScramOn: false } } },
    ]) {
      const { run } = await recorder(t, claimed);
      const { cause } = await run({ ...byTag, ...known });
      assert.match(cause, /, or earlier if the cluster or its setting tags change\.\n/);
      assert.doesNotMatch(cause, /SCRAM secret/);
    }
  });

  it('says under which tag the sweep starts a run if a person has started this one', async (t) => {
    const { run } = await recorder(t, { ...claimed, failures: 1 });
    const { cause } = await run({ request: request() });
    assert.match(
      cause,
      /\nIf the cluster has the tag atlas-streaming=connect, the sweep starts a run after 2026-11-23T13:00:00Z, /,
    );
  });

  it('says that the sweep tries again after 15 minutes, also after other failures, if processors are stopped', async (t) => {
    const stoppedProcessors = [{ name: 'a', tier: null, pipelineHash: 'h', stoppedAt: now }];
    const { run } = await recorder(t, { ...claimed, failures: 3, stoppedProcessors });
    assert.match((await run(byTag)).cause, /\nThe sweep starts a run after 2026-11-23T12:15:00Z, /);
  });

  it('says that the sweep goes on with a repair that it has started itself', async (t) => {
    const { run } = await recorder(t, { ...claimed, holder: swept });
    const { cause } = await run({ request: request({ wantedBy: 'sweep' }) }, swept);
    assert.match(cause, /\nThe sweep starts a run after 2026-11-23T12:15:00Z, /);
  });

  it("repeats the person's own input, quoted for a shell", async (t) => {
    const { run } = await recorder(t, claimed);
    const input = { clusterArn, dryRun: false, config: { 'client.id': "it's $HOME" } };
    const { cause } = await run({ input, request: request() });
    assert.ok(
      cause.includes(
        `--input '{"clusterArn":"${clusterArn}","dryRun":false,"config":{"client.id":"it'\\''s $HOME"}}'\n`,
      ),
    );
  });

  it('lists the changes of a connect, with what they cost', async (t) => {
    const { run } = await recorder(t, claimed);
    const { cause } = await run({
      ...byTag,
      cluster: { privateConnectivity: { scram: true, iam: false } },
      plan: { login },
      connectivity: { result: 'updated' },
      policy: { result: 'created' },
      privateLink: { result: 'adopted' },
    });
    assert.match(
      cause,
      /\nChanged by this run: multi-VPC private connectivity of the cluster turned on \(billed by the hour, about \$16 a month\); statement for Atlas in the cluster policy created\.\n/,
    );
  });

  it('lists what a disconnect has removed', async (t) => {
    const { run } = await recorder(t, { ...claimed, holder: disconnectExecutionArn, action: 'disconnect' });
    const { cause } = await run(
      {
        request: request(),
        connection: { result: 'removed' },
        failed: { DeletePrivateLink: thrown('AtlasRefused', 'No.') },
      },
      disconnectExecutionArn,
    );
    assert.match(cause, /\nChanged by this run: Kafka connection removed\.\n/);
    assert.match(
      cause,
      /-disconnect --input .*\nUnless the cluster has the tag atlas-streaming=connect, the sweep starts a run /,
    );
  });

  it('says that MSK may still be at work on connectivity', async (t) => {
    const { run } = await recorder(t, claimed);
    const cluster = { privateConnectivity: { scram: false, iam: true } };
    const updating = { cluster, plan: { login }, connectivity: { result: 'updated' } } as const;
    const { cause } = await run({
      ...byTag,
      ...updating,
      failed: { InspectCluster: thrown('WaitTimedOut', 'Too late.') },
    });
    assert.match(cause, /turned on \(MSK may still be at work on it; billed/);
    const { run: again } = await recorder(t, claimed);
    const undone = { EnablePrivateConnectivity: thrown('ClusterUpdateFailed', 'MSK failed it.') };
    assert.match((await again({ ...byTag, ...updating, failed: undone })).cause, /\nNothing was changed\.\n/);
  });

  it('lists a change that only the registry knows, because the state failed after it', async (t) => {
    const link = { id: '6565a1b2c3d4e5f6a7b8c9d0', ownership: 'created', attemptedAt: before } as const;
    const { run } = await recorder(t, {
      ...claimed,
      turnedOn: before,
      privateLink: link,
      connection: { attemptedAt: before },
    });
    const { cause } = await run({ ...byTag, request: request({ recorded: { clusterArn } }) });
    assert.match(
      cause,
      /Changed by this run: multi-VPC .* turned on .*; perhaps a Kafka connection created \(the answer to the request was lost; the next run finds out\); private link created \(billed/,
    );
  });

  it('lists what has become ours by a claim, and not what an earlier attempt turns out to have created', async (t) => {
    const [link, connection] = ['6565a1b2c3d4e5f6a7b8c9d0', '6565a1b2c3d4e5f6a7b8c9d1'];
    const after = {
      privateLink: { id: link, ownership: 'created' },
      connection: { id: connection, ownership: 'created' },
    };
    for (const [recorded, changed] of [
      [
        { privateLink: { id: link, ownership: 'adopted' }, connection: { attemptedAt: before } },
        'Changed by this run: private link taken over, so that a disconnect deletes it.',
      ],
      [
        {
          privateLink: { attemptedAt: before },
          connection: { id: connection, ownership: 'unknown', attemptedAt: before },
        },
        'Changed by this run: Kafka connection taken over, so that a disconnect deletes it.',
      ],
    ] as const) {
      const { run } = await recorder(t, { ...claimed, ...after } as Partial<RegistryRecord>);
      const { cause } = await run({ ...byTag, request: request({ recorded: { clusterArn, ...recorded } }) });
      assert.ok(cause.includes(`\n${changed}\n`), cause);
    }
  });

  it('lists nothing that an earlier run has created', async (t) => {
    const record = { ...claimed, privateLink: { ownership: 'created', attemptedAt: before } } as const;
    const { run } = await recorder(t, record);
    const recorded = { clusterArn, ...record };
    assert.match((await run({ ...byTag, request: request({ recorded }) })).cause, /\nNothing was changed\.\n/);
  });

  it('says that a state without a clear answer may have taken effect', async (t) => {
    const { run } = await recorder(t, claimed);
    const { cause } = await run({ ...byTag, failed: { ApplyClusterPolicy: thrown('AwsUnavailable', 'No answer.') } });
    assert.match(cause, /\nChanged by this run: nothing for certain\. ApplyClusterPolicy may have taken effect/);
  });

  it('is cut in the message if it would be too long, and nowhere else', async (t) => {
    const { run } = await recorder(t, claimed);
    const { cause } = await run({ ...byTag, failed: { InspectCluster: thrown('AwsRefused', 'x'.repeat(40_000)) } });
    assert.ok(cause.length < 32_768, `${cause.length}`);
    assert.match(cause, /^InspectCluster failed: x+\nNothing[\s\S]*start-execution[\s\S]*Redrive/);
  });

  it('has no control characters, and no half of a character', async (t) => {
    const { run } = await recorder(t);
    const text = `Atlas said\n1. "\u0007\u2028\u2029\u0085\u202e\ud800 ü"`;
    const { cause } = await run({ failed: { InspectCluster: thrown('AtlasRefused', text) } });
    assert.match(cause, /^InspectCluster failed: Atlas said\n1\. " {7}ü"\nNothing/);
    assert.ok(cause.isWellFormed());
  });

  it("adds nothing to the words of the project's own errors", async (t) => {
    for (const name of ['AtlasRefused', 'WaitTimedOut', 'DeploymentMisconfigured']) {
      const { run } = await recorder(t);
      const { cause } = await run({ failed: { InspectCluster: thrown(name, 'Do this.') } });
      assert.ok(cause.startsWith('InspectCluster failed: Do this.\n'), cause);
    }
  });

  it('says that every error that the machine retries is usually transient, and what to do', async (t) => {
    const retriers = readDefinition('connect').States.InspectCluster?.Retry ?? [];
    const retried = retriers.flatMap(({ ErrorEquals }) => ErrorEquals).filter((name) => name in errors);
    for (const name of ['AwsUnavailable', 'AtlasThrottled']) assert.ok(retried.includes(name), name);
    const { run } = await recorder(t);
    for (const name of retried) {
      const { cause } = await run({ failed: { InspectCluster: thrown(name, 'AWS is busy.') } });
      assert.match(cause, /^InspectCluster failed: AWS is busy\. This is usually transient.*new execution later/, name);
    }
  });

  const engine: [what: string, caught: { Error: string; Cause?: string }, said: RegExp][] = [
    [
      'a crash of the function',
      thrown('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed'),
      /Runtime exited with error: signal: killed \(Runtime\.ExitError\)/,
    ],
    [
      "Lambda's own words",
      { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate exceeded.' },
      /Rate exceeded\. \(Lambda\.TooManyRequestsException\)/,
    ],
    ['JSON of another shape', { Error: 'Odd', Cause: '{"message":"x"}' }, /failed: \{"message":"x"\} \(Odd\)/],
    ['JSON that is null', { Error: 'Odd', Cause: 'null' }, /failed: null \(Odd\)/],
  ];
  for (const [what, caught, said] of engine)
    it(`explains ${what}, and where to find the details`, async (t) => {
      const { run } = await recorder(t);
      const { error, cause } = await run({ failed: { InspectCluster: caught as { Error: string } } });
      assert.equal(error, caught.Error);
      assert.match(cause, said);
      assert.match(
        cause,
        /did not report an error of its own.*log group.*: \/aws\/lambda\/msk-atlas-privatelink-dev-InspectCluster\. .*start a new execution/,
      );
    });
});

describe('an error of Step Functions itself, whose names no Fail state may report', () => {
  it('is FunctionTimedOut if the function has not answered in time, and the Cause names its log group', async (t) => {
    for (const caught of [{ Error: 'States.Timeout' }, { Error: 'States.Timeout', Cause: '' }]) {
      const { run, tags } = await recorder(t, claimed);
      const { error, cause } = await run({ ...byTag, failed: { InspectCluster: caught } });
      assert.equal(error, 'FunctionTimedOut');
      assert.equal(
        cause.split('\n')[0],
        "InspectCluster failed: The function did not answer within the time-out of its state (States.Timeout). Its log group has the details: /aws/lambda/msk-atlas-privatelink-dev-InspectCluster. This is usually transient, but it outlasted this state's retries. Nothing is lost: start a new execution later, which continues with what exists.",
      );
      assert.equal(
        tags()?.['atlas-streaming/detail'],
        'InspectCluster FunctionTimedOut - The function did not answer within the time-out of its state States.Timeout',
      );
    }
  });

  it('is DeploymentMisconfigured otherwise, with the words of Step Functions', async (t) => {
    const caught = { Error: 'States.Permissions', Cause: 'The role is not authorized to invoke the function.' };
    const { run, measured } = await recorder(t, claimed);
    const { error, cause } = await run({ ...byTag, failed: { InspectCluster: caught } });
    assert.equal(error, 'DeploymentMisconfigured');
    assert.equal(
      cause.split('\n')[0],
      'InspectCluster failed: Step Functions could not run this state (States.Permissions): The role is not authorized to invoke the function. Deploy again, so that state machines, functions and roles are of one version.',
    );
    assert.deepEqual(measured, [], 'a fault of the whole deployment is counted, not reported one by one');
    const { cause: withoutWords } = await run({ failed: { InspectCluster: { Error: 'States.Permissions' } } });
    assert.match(withoutWords, /could not run this state \(States\.Permissions\)\. Deploy /);
  });
});

describe('the command that starts a wrong input again', () => {
  const wrong: [what: string, input: unknown, text: string, json: string, hint?: RegExp][] = [
    [
      'a mistyped dryRun stays a dry run',
      { clusterArn, dryRun: 'true' },
      'dryRun is "true"; it must be true or false.',
      `{"clusterArn":"${clusterArn}","dryRun":true}`,
    ],
    [
      'a mistyped name of dryRun stays a dry run',
      { clusterArn, 'dry-run': 1, DryRun: 'yes' },
      'The input has the unknown field "dry-run".',
      `{"clusterArn":"${clusterArn}","dryRun":true}`,
    ],
    [
      'an unknown field is left out',
      { clusterArn, password: 'hunter2' },
      'The input has the unknown field "password".',
      `{"clusterArn":"${clusterArn}"}`,
      /\nThis leaves out "password"\.\n/,
    ],
    [
      'a target that cannot be corrected becomes a placeholder, which no run accepts',
      { clusterArn, workspace: 'a b', projectId: '5F1A2B3C4D5E6F7A8B9C0D1E', mechanism: 'scram-sha-512' },
      'workspace is "a b".',
      `{"clusterArn":"${clusterArn}","workspace":"<workspace>","projectId":"5f1a2b3c4d5e6f7a8b9c0d1e","mechanism":"SCRAM-512"}`,
      /\nPut the right value in place of <workspace> first\.\n/,
    ],
    ...(
      [
        ['iam', 'AWS_MSK_IAM'],
        ['aws-msk-iam', 'AWS_MSK_IAM'],
        ['AWS IAM', 'AWS_MSK_IAM'],
        ['msk_iam', 'AWS_MSK_IAM'],
        ['AUTO', 'auto'],
        [' Auto ', 'auto'],
        ['plain', 'PLAIN'],
        ['SCRAM_SHA_512', 'SCRAM-512'],
        ['sasl/scram-512', 'SCRAM-512'],
      ] as const
    ).map(([mechanism, right]): [string, unknown, string, string] => [
      `a mechanism in other words: ${mechanism}`,
      { clusterArn, mechanism },
      `mechanism is "${mechanism}".`,
      `{"clusterArn":"${clusterArn}","mechanism":"${right}"}`,
    ]),
    [
      'a mechanism that cannot be meant',
      { clusterArn, mechanism: 'SCRAM-256' },
      'mechanism is "SCRAM-256".',
      `{"clusterArn":"${clusterArn}","mechanism":"<mechanism>"}`,
      /in place of <mechanism> first/,
    ],
    ...(
      [
        ['topics in a text', { topics: 'orders, payments' }, '"topics":["orders","payments"]'],
        ['a topic twice', { topics: ['orders', ' orders '] }, '"topics":["orders"]'],
        ['flags in quotes', { probe: 'TRUE', restartProcessors: 'false' }, '"probe":true,"restartProcessors":false'],
        ['a flag that is neither true nor false', { restartProcessors: 'maybe' }, '"restartProcessors":false'],
        [
          'a window in another case',
          { rebootWindow: 'sat, sun-MON 02:00 - 06:00 utc' },
          '"rebootWindow":"Sat,Sun-Mon 02:00-06:00 UTC"',
        ],
        [
          'a daily window without a zone',
          { rebootWindow: 'Daily 22:00-04:00' },
          '"rebootWindow":"daily 22:00-04:00 UTC"',
        ],
        ['no window', { rebootWindow: 'None' }, '"rebootWindow":"none"'],
      ] as const
    ).map(([what, input, right]): [string, unknown, string, string] => [
      what,
      { clusterArn, ...input },
      `${Object.keys(input)[0]} is wrong.`,
      `{"clusterArn":"${clusterArn}",${right}}`,
    ]),
    [
      'topics and a window that cannot be corrected become placeholders',
      { clusterArn, topics: ['a/b'], rebootWindow: 'at night' },
      'topics has the topic "a/b".',
      `{"clusterArn":"${clusterArn}","topics":"<topics>","rebootWindow":"<rebootWindow>"}`,
      /in place of <topics>, <rebootWindow> first/,
    ],
    [
      'a secret beside a mechanism that uses none is left out',
      { clusterArn, mechanism: 'AWS_MSK_IAM', secretArn },
      'secretArn is for a SCRAM mechanism, but mechanism in the input is "AWS_MSK_IAM", which uses no secret.',
      `{"clusterArn":"${clusterArn}","mechanism":"AWS_MSK_IAM"}`,
      /leaves out "secretArn"/,
    ],
    [
      'a target that is not allowed becomes the only one that is',
      { clusterArn, workspace: 'payroll', dryRun: true },
      `workspace is "payroll", so the target is "${projectId}/payroll", ${allowsOnly([`${projectId}/streams`])} To allow it, add it.`,
      `{"clusterArn":"${clusterArn}","workspace":"streams","dryRun":true,"projectId":"${projectId}"}`,
    ],
    ...[[`${projectId}/streams`, `${projectId}/b`], [`${projectId}/*`]].map(
      (targets): [string, unknown, string, string, RegExp] => [
        `a target that is not allowed becomes two placeholders if ${targets.join(' and ')} are`,
        { clusterArn, projectId: 'a'.repeat(24) },
        `projectId is "${'a'.repeat(24)}", so the target is "a", ${allowsOnly(targets)} To allow it, add it.`,
        `{"clusterArn":"${clusterArn}","projectId":"<projectId>","workspace":"<workspace>"}`,
        /in place of <projectId>, <workspace> first/,
      ],
    ),
    [
      'an input without a cluster',
      { dryRun: true },
      'clusterArn is missing.',
      '{"clusterArn":"<clusterArn>","dryRun":true}',
    ],
    ['an input that is no object', ['x'], 'The input is a list.', '{"clusterArn":"<clusterArn>"}'],
    ['no input', null, 'The input is null.', '{"clusterArn":"<clusterArn>"}'],
    [
      'JSON in quotes',
      JSON.stringify({ clusterArn, dryRun: true }),
      'The input is JSON in quotes.',
      `{"clusterArn":"${clusterArn}","dryRun":true}`,
    ],
    [
      'a credential and a number in config',
      { clusterArn, config: { 'sasl.password': 'hunter2', 'fetch.min.bytes': 5 } },
      'config has the key "sasl.password".',
      `{"clusterArn":"${clusterArn}","config":{"fetch.min.bytes":"5"}}`,
      /leaves out "config\.sasl\.password"/,
    ],
    [
      'the settings of an input that was not accepted are not repeated, unless they are harmless',
      { clusterArn, dryRun: 'no', config: { 'client.id': 'hunter2' } },
      'dryRun is "no".',
      `{"clusterArn":"${clusterArn}","dryRun":true,"config":"<config>"}`,
      /in place of <config> first/,
    ],
    [
      'flags that widen a run are kept only if they are clear',
      { clusterArn, claim: 'True', includeAdopted: 'maybe', acceptPrincipal: 123456789012 },
      'claim is "True".',
      `{"clusterArn":"${clusterArn}","claim":true,"acceptPrincipal":"123456789012"}`,
      /leaves out "includeAdopted"/,
    ],
    [
      'a field that only the other machine knows is left out, and the command for that machine is printed as well',
      { clusterArn, includeAdopted: true },
      'The input has the field includeAdopted, which only the disconnect machine knows.',
      `{"clusterArn":"${clusterArn}"}`,
      new RegExp(
        `leaves out "includeAdopted"\\.\nTo disconnect instead:\n  aws stepfunctions .* ${machineArn.replace(/connect$/, 'disconnect')} --input '\\{"clusterArn":"${clusterArn}","includeAdopted":true\\}'\n`,
      ),
    ],
    [
      'a value that may be a secret',
      { clusterArn, workspace: '6357e0b2-0e6a-4b86-a0b4-70df934c2e31', dryRun: 0 },
      'dryRun is 0.',
      `{"clusterArn":"${clusterArn}","workspace":"<workspace>","dryRun":true}`,
    ],
    [
      'nothing that a name says by accident',
      { clusterArn, workspace: null },
      'workspace is null.',
      `{"clusterArn":"${clusterArn}","workspace":"<workspace>"}`,
    ],
  ];
  for (const [what, input, text, json, hint] of wrong)
    it(`repeats the person's own input, corrected: ${what}`, async (t) => {
      const { run, measured, msk, record } = await recorder(t);
      const { cause } = await run({ input, failed: invalid(text) });
      assert.ok(cause.includes(`\nAfter the fix, start again:\n  ${commandFor(json)}\n`), cause);
      if (hint) assert.match(cause, hint);
      assert.doesNotMatch(cause, /hunter2/);
      assert.match(cause, /\nThe sweep does not repeat (this start|a dry run)\.\n/);
      // It is the caller's business.
      assert.deepEqual([measured, commandsOf(msk), await record()], [[], [], undefined]);
    });
});

describe('the registry after a failure', () => {
  it('has the failure, and no claim', async (t) => {
    const { run, record, tags, measured } = await recorder(t, { ...claimed, target: undefined, failures: 2 });
    await run(byTag);
    assert.deepEqual(await record(), {
      clusterArn,
      status: 'failed',
      detail: 'CheckPrivateLink PrivateLinkFailed - Atlas could not set it up no policy',
      failures: 3,
      lastFailure: entry(),
      lastExecution: executionArn,
    });
    assert.deepEqual(tags(), {
      'atlas-streaming/status': 'failed',
      'atlas-streaming/detail': 'CheckPrivateLink PrivateLinkFailed - Atlas could not set it up no policy',
      'atlas-streaming/execution': 'connect/run-1',
    });
    assert.deepEqual(measured, ['FailuresToReport']);
  });

  /** A failure before the tag was changed. */
  const past = { executionArn: other, at: '2026-11-23T11:00:00.000Z' };
  const repetitions: [what: string, record: Partial<RegistryRecord>, isNews: boolean][] = [
    ['equals the one before', { failures: 1, lastFailure: entry({ ...past }), notifiedExecution: other }, false],
    ['equals one that repeated another', { failures: 2, lastFailure: entry({ ...past, isNews: false }) }, false],
    ['equals the one before, of which nobody was notified', { failures: 1, lastFailure: entry({ ...past }) }, true],
    ['differs', { failures: 1, lastFailure: entry({ ...past, fingerprint: 'x' }), notifiedExecution: other }, true],
    ['follows a success', { lastFailure: entry({ ...past }), notifiedExecution: other }, true],
  ];
  for (const [what, earlier, isNews] of repetitions)
    it(`says that a failure that ${what} is ${isNews ? '' : 'no '}news`, async (t) => {
      const { run, record, measured } = await recorder(t, { ...claimed, ...earlier });
      await run(byTag);
      assert.equal((await record())?.lastFailure?.isNews, isNews);
      assert.deepEqual(measured, isNews ? ['FailuresToReport'] : []);
    });

  it('counts a failure once, also if both events of one tag change have started a run', async (t) => {
    const known = { failures: 1, lastFailure: entry({ executionArn: other, circumstances: 'c' }) };
    const { run, record, measured } = await recorder(t, { ...claimed, ...known });
    await run(byTag);
    const { failures, lastFailure } = (await record()) as RegistryRecord;
    assert.deepEqual([failures, lastFailure], [1, entry({ isNews: false, circumstances: 'c' })]);
    assert.deepEqual(measured, []);
  });

  it('counts a failure once, also if the two runs of one tag change fail at the same moment', async (t) => {
    const { run, record, measured } = await recorder(t);
    const failing = { input: tagEvent(), failed: invalid('The tag x is "y".') };
    await Promise.all([run(failing), run(failing, other)]);
    assert.deepEqual([(await record())?.failures, measured], [1, ['FailuresToReport']]);
  });

  it('says that a fault of the account is one, which no message of its own reports', async (t) => {
    const { run, record, measured } = await recorder(t, claimed);
    await run({ ...byTag, failed: { CheckPrerequisites: thrown('AtlasCredentialsRefused', 'HTTP 401.') } });
    const { isNews, isAccountFault } = (await record())?.lastFailure ?? {};
    assert.deepEqual([isNews, isAccountFault, measured], [true, true, []]);
  });

  it('counts a failure once, also if the state runs again', async (t) => {
    const { run, record, measured } = await recorder(t, claimed);
    const first = await run(byTag);
    assert.deepEqual(await run(byTag), first);
    assert.deepEqual([(await record())?.failures, measured], [1, ['FailuresToReport']]);
  });

  it('keeps a cluster connected whose settings ask for another target, and counts no failure', async (t) => {
    const { run, record, tags, measured } = await recorder(t, { ...claimed, status: 'connected', verifiedAt: now });
    const targetChange = 'The cluster is connected to a, and its settings ask for b';
    const { cause } = await run({
      input: tagEvent(),
      request: request({ wantedBy: 'tag', targetChange }),
      failed: { RecordSuccess: thrown('TargetChanged', `${targetChange}. Disconnect first.`) },
    });
    const { status, failures, lastFailure, targetsChanged, holder } = (await record()) as RegistryRecord;
    assert.deepEqual([status, failures, holder], ['connected', undefined, undefined]);
    assert.deepEqual([targetsChanged, lastFailure?.isNews], [[fingerprint(targetChange)], true]);
    assert.equal(tags()?.['atlas-streaming/status'], 'connected');
    assert.deepEqual(measured, ['FailuresToReport']);
    assert.doesNotMatch(cause, /start again|The sweep/);
  });

  it('has a wrong tag of a cluster that no run has claimed, once', async (t) => {
    const { run, record, tags, measured } = await recorder(t);
    await run({ input: tagEvent(), failed: invalid('The tag x is "y".') });
    const first = await record();
    assert.deepEqual([first?.status, first?.failures, first?.lastFailure?.isNews], ['failed', 1, true]);
    assert.equal(tags()?.['atlas-streaming/status'], 'failed');
    const again = await recorder(t, { ...first, notifiedExecution: executionArn });
    await again.run({ failed: invalid('The tag x is "y".') }, swept);
    const second = await again.record();
    assert.deepEqual([second?.failures, second?.lastFailure?.isNews], [2, false]);
    assert.deepEqual([measured, again.measured], [['FailuresToReport'], []]);
  });

  it('keeps a cluster connected if only a tag is wrong', async (t) => {
    const { run, record, tags } = await recorder(t, { status: 'connected', verifiedAt: before });
    await run({ input: tagEvent(), failed: invalid('The tag x is "y".') });
    const { status, failures } = (await record()) as RegistryRecord;
    assert.deepEqual([status, failures, tags()?.['atlas-streaming/status']], ['connected', 1, 'connected']);
  });

  it('has nothing of a manual start that failed before it claimed the cluster; a message tells', async (t) => {
    const { run, record, msk, measured } = await recorder(t);
    const { cause } = await run({ failed: { ResolveRequest: thrown('AwsRefused', 'AWS refused it.') } });
    assert.deepEqual([await record(), commandsOf(msk), measured], [undefined, [], ['FailuresToReport']]);
    assert.match(cause, /\nThe sweep does not repeat this start\.\n/);
  });

  it('has the failure of a manual start that claimed the cluster and then failed in the same state', async (t) => {
    const { run, record } = await recorder(t, claimed);
    await run({ failed: { ResolveRequest: thrown('AwsUnavailable', 'No answer.') } });
    const { holder, failures } = (await record()) as RegistryRecord;
    assert.deepEqual([holder, failures], [undefined, 1]);
  });

  for (const [what, record] of [
    ['holds the cluster', { holder: other }],
    ['has held the cluster since', { lastExecution: other }],
  ] as const)
    it(`stays as it is after the claim was lost, because another execution ${what}; the error is ClaimLost`, async (t) => {
      const { run, record: after, msk, measured } = await recorder(t, record);
      const { error, cause } = await run(byTag);
      assert.equal(error, 'ClaimLost');
      assert.match(
        cause,
        /^CheckPrivateLink failed: Another run took over the cluster before this failure.*Atlas could not/,
      );
      assert.doesNotMatch(cause, /start again/);
      assert.deepEqual([await after(), commandsOf(msk), measured], [{ clusterArn, ...record }, [], []]);
    });

  it('has no proof any more after a probe that has failed, and keeps it after any other failure', async (t) => {
    const proof = { topic: 'orders', connectionId: null, secretVersionId: null, at: before, detail: 'It can be read.' };
    for (const [error, kept] of [
      ['ProbeFailed', undefined],
      ['AtlasUnavailable', 'orders'],
    ]) {
      const { run, record } = await recorder(t, { ...claimed, proof: { ...proof, result: 'read' } });
      await run({ ...byTag, failed: { CheckProbe: thrown(error ?? '', 'The probe could not read it.') } });
      assert.equal((await record())?.proof?.topic, kept);
    }
  });

  it('stays as it is, and so do the tags, while this run waits for another one', async (t) => {
    const { run, record, msk } = await recorder(t, { holder: other });
    const { cause } = await run({ input: tagEvent(), request: { clusterArn } });
    assert.match(cause, /The registry and the status tags were left unchanged, because execution .* is working on/);
    assert.deepEqual([await record(), commandsOf(msk)], [{ clusterArn, holder: other }, []]);
  });

  it('stays as it is if this run had given the cluster back before it failed; a message tells', async (t) => {
    const { run, record, msk, measured } = await recorder(t, { lastExecution: executionArn });
    const { error, cause } = await run({ ...byTag, failed: { RecordSuccess: thrown('AwsThrottled', 'Too fast.') } });
    assert.match(cause, /left unchanged, because this run had given the cluster back before\./);
    assert.deepEqual([await record(), commandsOf(msk)], [{ clusterArn, lastExecution: executionArn }, []]);
    assert.deepEqual([error, measured], ['AwsThrottled', ['FailuresToReport']]);
  });

  it('stays deleted if a disconnect has deleted it after it took over from this connect; nobody is notified', async (t) => {
    const { run, record, msk, measured } = await recorder(t);
    assert.equal((await run(byTag)).error, 'ClaimLost');
    assert.deepEqual([await record(), commandsOf(msk), measured], [undefined, [], []]);
  });

  it('stays deleted if this run had deleted it before it failed; a message tells what failed', async (t) => {
    const { run, record, msk, measured } = await recorder(t);
    const failed = { RecordRemoval: thrown('AwsThrottled', 'Too fast.') };
    const { error, cause } = await run({ ...byTag, failed }, disconnectExecutionArn);
    assert.match(cause, /left unchanged, because this run had given the cluster back before\./);
    assert.deepEqual([await record(), commandsOf(msk)], [undefined, []]);
    assert.deepEqual([error, measured], ['AwsThrottled', ['FailuresToReport']]);
  });

  it('stays deleted if a disconnect had deleted it under a connect, and nobody is notified', async (t) => {
    const { run, record, msk, measured } = await recorder(t);
    const { error } = await run({ ...byTag, failed: { CheckPrivateLink: thrown('PrivateLinkFailed', 'Gone.') } });
    assert.deepEqual([error, await record(), commandsOf(msk), measured], ['ClaimLost', undefined, [], []]);
  });

  it('stays as it is after ClaimLost, and nobody is notified', async (t) => {
    const { run, record, msk, measured } = await recorder(t, { holder: other });
    const { cause } = await run({ ...byTag, failed: { CreateConnection: thrown('ClaimLost', 'Taken over.') } });
    assert.deepEqual([(await record())?.holder, commandsOf(msk), measured], [other, [], []]);
    assert.doesNotMatch(cause, /start again/);
  });

  it('has the field that accepts another AWS account, with the condition', async (t) => {
    const { run } = await recorder(t, claimed);
    const { cause } = await run({
      ...byTag,
      failed: {
        RecordPlan: thrown('PrincipalChanged', `Atlas names arn:aws:iam::210987654321:root as its principal.`),
      },
    });
    const json = JSON.stringify({ clusterArn, acceptPrincipal: '210987654321' });
    assert.ok(cause.includes(`\nOnly if MongoDB has confirmed the account:\n  ${commandFor(json)}\n`), cause);
  });

  it('says that the tag must be changed before the same start works', async (t) => {
    const { run } = await recorder(t);
    const { cause } = await run({ input: { clusterArn }, failed: invalid('The tag atlas-streaming is "disconnect".') });
    const command = commandFor(JSON.stringify({ clusterArn }));
    assert.ok(cause.includes(`\nAfter you have changed the tag, start again:\n  ${command}\n`), cause);
  });

  it('is written without a command to start again if a new start alone only fails again', async (t) => {
    const { run } = await recorder(t, claimed);
    const { cause } = await run({
      ...byTag,
      failed: { CheckPrivateLink: thrown('PrivateLinkFailed', `No zone. Delete the link. ${failsAgain}`) },
    });
    assert.match(cause, /fails again\.\nNothing was changed\./);
    assert.doesNotMatch(cause, /start again|The sweep|Start a new execution/);
  });

  it('is written without a command to start again if the cluster does not exist', async (t) => {
    const { run } = await recorder(t, claimed);
    const { message } = doesNotExist(clusterArn);
    const { cause } = await run({ ...byTag, failed: { InspectCluster: thrown('ClusterUnusable', message) } });
    assert.match(cause, /Each connect with this ARN fails\.\nNothing was changed\./);
    assert.doesNotMatch(cause, /start again|The sweep|Start a new execution/);
  });

  it('is written without a command to start again if no run can ever connect the cluster', async (t) => {
    const { run } = await recorder(t, claimed);
    const message = `It is MSK Serverless. ${useAnotherCluster(clusterArn)}`;
    const { cause } = await run({ ...byTag, failed: { CheckPrerequisites: thrown('PrerequisitesNotMet', message) } });
    assert.match(
      cause,
      /remove the tag:\n {2}aws kafka untag-resource .*\nUntil then, the sweep starts a run .*\nNothing/,
    );
    assert.doesNotMatch(cause, /start again|The sweep|Start a new execution/);
  });

  for (const [what, input] of [
    ['a dry run', { clusterArn, dryRun: true }],
    ['an input that was meant as a dry run', { clusterArn, dryRun: 'true' }],
  ] as const)
    it(`has nothing of ${what}, and nobody is notified`, async (t) => {
      const { run, record, msk, measured } = await recorder(t);
      const { cause } = await run({ input, failed: { CheckPrerequisites: thrown('PrerequisitesNotMet', 'No.') } });
      assert.deepEqual([await record(), commandsOf(msk), measured], [undefined, [], []]);
      assert.match(cause, /"dryRun":true\}'\nThe sweep does not repeat a dry run\./);
    });

  for (const [what, input] of [
    ['in another Region', tagEvent({ resources: [clusterArn.replace('us-east-1', 'eu-west-1')] })],
    ['in another account', tagEvent({ resources: [clusterArn.replace('111122223333', '999999999999')] })],
    ['in another partition', tagEvent({ resources: [clusterArn.replace('arn:aws:', 'arn:aws-cn:')] })],
    ['that the event does not name', tagEvent({ resources: [] })],
  ] as const)
    it(`has nothing of a cluster ${what}`, async (t) => {
      const { run, msk, record } = await recorder(t);
      const { error } = await run({ input });
      assert.deepEqual([error, commandsOf(msk), await record()], ['PrivateLinkFailed', [], undefined]);
    });
});

describe('a failure that cannot be recorded', () => {
  it('is worded and on the tags if the registry cannot be used, with a note', async (t) => {
    const { run, tags, measured } = await recorder(t, claimed, 'another-table');
    const { error, cause } = await run(byTag);
    assert.equal(error, 'PrivateLinkFailed');
    assert.match(
      cause,
      /^CheckPrivateLink failed: .*[\s\S]*\nThe registry could not be read: The registry \(the DynamoDB table another-table\) cannot be used\./,
    );
    assert.equal(tags()?.['atlas-streaming/status'], 'failed');
    assert.deepEqual(measured, ['FailuresToReport']);
  });

  for (const [what, refusal] of [
    ['refuses', awsError('NotFoundException', 404, 'There is no such cluster.')],
    ['fails to write', awsError('ServiceUnavailableException', 503)],
  ] as const)
    it(`mentions tags that AWS ${what} besides the error, not instead of it`, async (t) => {
      const { run, msk, record } = await recorder(t, claimed);
      msk.on(TagResourceCommand).rejects(refusal);
      const { error, cause } = await run(byTag);
      assert.equal(error, 'PrivateLinkFailed');
      assert.match(cause, /^CheckPrivateLink failed: [\s\S]*\nThe status tags could not be written: AWS /);
      assert.equal((await record())?.failures, 1);
    });
});
