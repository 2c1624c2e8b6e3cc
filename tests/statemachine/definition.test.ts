import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as lambdaModel from '@aws-sdk/client-lambda';
import aslService from 'amazon-states-language-service';
import validateAsl from 'asl-validator';
import * as errors from '../../shared/errors.ts';
import { maxDaysToWindow } from '../../shared/reboot-window.ts';
import { waits } from '../../shared/waits.ts';
import { machines, readDefinition, type State } from '../../statemachine/definition.ts';
import { kebab, tasksOf } from './tasks.ts';

/** A window opens at least once a week. */
const rebootWindow = { pollSeconds: 7 * 24 * 3600, timeoutMinutes: 7 * 24 * 60 };
/** A run that has missed a window waits for the next one, but for none that opens later than this after its start. */
const longestWaitMinutes = maxDaysToWindow * 24 * 60;

/** What each machine's Comment says, how it fails, and the waits that follow each other at most. */
const expected = {
  connect: {
    says: /tag.*READY Kafka connection/,
    failsAs: 'SetupFailed',
    waits: [
      waits.holder,
      // An update of another party, before the window. Its deadline starts anew when the window opens.
      waits.cluster,
      rebootWindow,
      waits.cluster,
      waits.privateLink,
      waits.processors,
      waits.connection,
      waits.processors,
      // The probe of an earlier run is ended, too.
      ...[waits.probeEnd, waits.probe, waits.probeLog, waits.probeEnd],
    ],
  },
  disconnect: {
    says: /connection.*private link.*policy/,
    failsAs: 'RemovalFailed',
    waits: [waits.probeEnd, waits.processors, waits.removal, waits.unclearAttempt, waits.cluster],
  },
};
const functionsFolder = new URL('../../functions/', import.meta.url);

/** Started by a schedule and by rules, not by a machine. */
const withoutTask = ['sweep-clusters', 'notify-outcome'];

type ErrorClass = { prototype: Error };
const classes = Object.entries(errors) as [string, ErrorClass][];
const { TransientError, ThrottlingError, RedirectError } = errors;
const isRetried = ({ prototype }: ErrorClass) => prototype instanceof TransientError;
const retriedErrors = classes
  .filter(([name, it]) => isRetried(it) && name !== ThrottlingError.name)
  .map(([name]) => name);
const otherErrors = classes.filter(([, it]) => !isRetried(it)).map(([name]) => name);

/** Errors of Lambda's Invoke and of a function's sandbox that a repetition may solve: every 5xx and 409 that says "try again". */
const lambdaErrors = [
  'Lambda.TooManyRequestsException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ResourceNotReadyException',
  'Lambda.ResourceConflictException',
  'Lambda.CodeArtifactUserPendingException',
  'Lambda.CodeArtifactUserDeletedException',
  'Lambda.ENINotReadyException',
  'Lambda.ENILimitReachedException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
  'Lambda.SubnetIPAddressLimitReachedException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
];

/** The other 5xx, 408 and 409 errors of Invoke, and why no repetition helps. */
const permanentLambdaErrors: Record<string, string> = {
  CodeArtifactUserFailedException: 'the code must be deployed again',
  DurableExecutionAlreadyStartedException: 'no function is a durable one',
  EC2AccessDeniedException: 'the role of the function must be corrected',
  EFSMountConnectivityException: 'no function has a file system',
  EFSMountTimeoutException: 'no function has a file system',
  InvalidRuntimeException: 'the function must be deployed again',
  InvalidSecurityGroupIDException: 'the function must be deployed again',
  InvalidSubnetIDException: 'the function must be deployed again',
  InvalidZipFileException: 'the function must be deployed again',
  KMSAccessDeniedException: 'the key of the environment variables must be corrected',
  KMSDisabledException: 'the key of the environment variables must be corrected',
  KMSInvalidStateException: 'the key of the environment variables must be corrected',
  KMSNotFoundException: 'the key of the environment variables must be corrected',
  S3FilesMountConnectivityException: 'no function has a file system',
  S3FilesMountTimeoutException: 'no function has a file system',
  SnapStartNotReadyException: 'no function has SnapStart',
  SnapStartRegenerationFailureException: 'no function has SnapStart',
  SnapStartTimeoutException: 'no function has SnapStart',
};

/** The errors of Lambda's Invoke in the SDK's model that may pass by their HTTP status, each with its documentation. */
function errorsOfInvoke(): Map<string, string> {
  const file = new URL(
    'dist-types/commands/InvokeCommand.d.ts',
    new URL('../', import.meta.resolve('@aws-sdk/client-lambda')),
  );
  const thrown = readFileSync(file, 'utf8').matchAll(/@throws \{@link (\w+)\}[^\n]*\n \* +<p>(.*)<\/p>/g);
  const statusOf = (name: string) =>
    (lambdaModel as unknown as Record<string, [unknown, unknown, unknown, { httpError?: number }]>)[`${name}$`]?.[3]
      .httpError ?? 0;
  const mayPass = (status: number) => status >= 500 || [408, 409, 429].includes(status);
  return new Map(
    [...thrown]
      .map(([, name = '', text = '']): [string, string] => [name, text])
      .filter(([name]) => mayPass(statusOf(name))),
  );
}

it("every error of Lambda's Invoke that may pass is retried, or has a reason why no repetition helps", () => {
  const model = errorsOfInvoke();
  assert.ok(model.size > 25, `${model.size} errors`);
  for (const [name, text] of model) {
    const isRetried = lambdaErrors.includes(`Lambda.${name}`);
    assert.notEqual(isRetried, name in permanentLambdaErrors, `${name}: ${text}`);
    // The functions are written in a language without SnapStart.
    if (/\btry\b.*\bagain\b|^(?!.*SnapStart).*Wait for Lambda/.test(text)) assert.ok(isRetried, `${name}: ${text}`);
  }
  assert.deepEqual(
    Object.keys(permanentLambdaErrors).filter((name) => !model.has(name)),
    [],
  );
});

const allTasks = machines.flatMap((machine) => tasksOf(readDefinition(machine)));

it('every Task has a function, and every function a Task of its name in one machine or in both', () => {
  const folders = readdirSync(functionsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const functions = folders.map(({ name }) => name).filter((name) => !withoutTask.includes(name));
  assert.deepEqual([...new Set(allTasks.map(([name]) => kebab(name)))].sort(), functions.sort());
  for (const { name } of folders)
    for (const file of ['handler.ts', `${name}.ts`])
      assert.ok(existsSync(new URL(`${name}/${file}`, functionsFolder)), `functions/${name}/${file}`);
});

for (const machine of machines) {
  const { says, failsAs, waits: following } = expected[machine];
  const definition = readDefinition(machine);
  const states = Object.entries(definition.States);

  describe(`the definition of ${machine}`, () => {
    it('is valid for asl-validator', () => {
      const { isValid, errorsText } = validateAsl(definition);
      assert.ok(isValid, errorsText?.());
    });

    it("is valid for AWS's own language service", async () => {
      const service = aslService.getLanguageService({});
      const document = aslService.TextDocument.create(`${machine}.asl.json`, 'asl', 1, JSON.stringify(definition));
      const diagnostics = await service.doValidation(document, service.parseJSONDocument(document));
      assert.deepEqual(
        diagnostics.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`),
        [],
      );
    });

    it('has a time-out for the whole run that is longer than all waits together', () => {
      const minutes = following.reduce((sum, { timeoutMinutes }) => sum + timeoutMinutes, 0);
      assert.ok(definition.TimeoutSeconds > minutes * 60);
      if (machine === 'disconnect') return;
      const afterWindow = following.slice(following.indexOf(rebootWindow) + 1);
      const rest = afterWindow.reduce((sum, { timeoutMinutes }) => sum + timeoutMinutes, 0);
      assert.ok(definition.TimeoutSeconds > (longestWaitMinutes + rest) * 60);
    });

    it('says in a Comment what the run achieves and what every state is for', () => {
      assert.match(definition.Comment, says);
      assert.deepEqual(
        states.filter(([, { Comment }]) => !Comment).map(([name]) => name),
        [],
      );
    });

    it('names choices Is… or Are…, and waits WaitFor…', () => {
      for (const [name, { Type }] of states) {
        assert.equal(/^(Is|Are)[A-Z]/.test(name), Type === 'Choice', name);
        assert.equal(/^WaitFor[A-Z]/.test(name), Type === 'Wait', name);
      }
    });

    it('reaches every state, and only existing ones', () => {
      const next = ({ Next, Default, Choices = [], Catch = [] }: State) =>
        [Next, Default, ...[...Choices, ...Catch].map((way) => way.Next)].filter((name) => name !== undefined);
      const reached = new Set([definition.StartAt]);
      for (const name of reached) for (const other of next(definition.States[name] as State)) reached.add(other);
      assert.deepEqual([...reached].sort(), states.map(([name]) => name).sort());
    });

    it(`fails only as ${failsAs}, with the error and the Cause from RecordFailure, or as FailureNotRecorded`, () => {
      const { Next } = definition.States.RecordFailure as State;
      const failure = definition.States[failsAs] as State;
      assert.equal(Next, failsAs);
      assert.deepEqual(
        [failure.Type, failure.ErrorPath, failure.CausePath],
        ['Fail', '$.failure.error', '$.failure.cause'],
      );
      const fails = states.filter(([, { Type }]) => Type === 'Fail').map(([name]) => name);
      assert.deepEqual(fails.sort(), ['FailureNotRecorded', failsAs].sort());
    });

    it('passes its action on to ResolveRequest', () => {
      assert.equal(definition.States.ReceiveRequest?.Parameters?.action, machine);
    });

    it('returns from each wait to the Task that checks the deadline and says how long to wait', () => {
      for (const [name, { Type, SecondsPath, Next = '' }] of states) {
        if (Type !== 'Wait') continue;
        // The window opens at a time that is known.
        const seconds =
          name === 'WaitForRebootWindow'
            ? `${definition.States.EnablePrivateConnectivity?.ResultPath}.waitSeconds`
            : `${definition.States[Next]?.ResultPath}.pollSeconds`;
        assert.equal(SecondsPath, seconds, name);
        assert.equal(definition.States[Next]?.Type, 'Task', name);
      }
    });
  });

  for (const [name, state] of tasksOf(definition))
    describe(`the Task ${name} of ${machine}`, () => contract(machine, name, state));
}

function contract(machine: string, name: string, state: State) {
  it('calls its own function, with a time-out', () => {
    assert.equal(state.Resource, `\${${name}}`);
    assert.equal(state.TimeoutSeconds, 70);
  });

  it('passes the execution, the time and the whole run to its function', () => {
    assert.deepEqual(state.Parameters, {
      'executionArn.$': '$$.Execution.Id',
      'now.$': '$$.State.EnteredTime',
      'run.$': '$',
    });
  });

  it('retries every transient error of ours and of Lambda, and no other error', () => {
    const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
    assert.deepEqual(retried.toSorted(), [...retriedErrors, ...lambdaErrors].sort());
    assert.deepEqual(
      otherErrors.filter((error) => retried.includes(error)),
      [],
    );
  });

  it('retries throttled calls after longer pauses than other transient errors', () => {
    const [throttled, transient] = ['AwsThrottled', 'AwsUnavailable'].map((error) =>
      state.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error)),
    );
    assert.ok((throttled?.IntervalSeconds ?? 0) > (transient?.IntervalSeconds ?? 0));
    assert.ok((throttled?.MaxDelaySeconds ?? 0) > (transient?.MaxDelaySeconds ?? 0));
  });

  it('waits minutes for a network interface of Lambda', () => {
    const retrier = state.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes('Lambda.ENINotReadyException'));
    assert.deepEqual([retrier?.IntervalSeconds, retrier?.MaxAttempts], [10, 10]);
  });

  it('multiplies its delays by a number with a fraction, which stays a float in JSON', () => {
    // Before 2025, statelint refused an integer, also for 2.0: awslabs/statelint#35.
    for (const { BackoffRate } of state.Retry ?? []) assert.match(JSON.stringify(BackoffRate), /^\d+\.\d+$/);
  });

  it('retries with full jitter and a longest delay', () => {
    for (const { JitterStrategy, MaxDelaySeconds, MaxAttempts } of state.Retry ?? []) {
      assert.equal(JitterStrategy, 'FULL');
      assert.ok(MaxDelaySeconds <= 600);
      assert.ok(MaxAttempts > 0);
    }
  });

  it('has the same retriers as every Task of both machines', () => {
    assert.deepEqual(state.Retry, allTasks[0]?.[1].Retry);
  });

  it('passes every other error under its own name to RecordFailure, after the run has given back what it has taken', () => {
    const last: Record<string, string> = {
      RecordFailure: 'FailureNotRecorded',
      'connect StopProcessors': 'StartProcessors',
      'connect StartProbe': 'EndProbe',
      'disconnect EndProbe': 'AreProcessorsToBeStarted',
    };
    const hasTaken = machine === 'connect' && !['ResolveRequest', 'RecordSuccess'].includes(name);
    const next = last[name] ?? last[`${machine} ${name}`] ?? (hasTaken ? 'IsAnythingLeft' : 'RecordFailure');
    assert.deepEqual(state.Catch?.at(-1), { ErrorEquals: ['States.ALL'], ResultPath: `$.failed.${name}`, Next: next });
    // The only errors that don't fail a run: connect waits for a cluster that has left ACTIVE, stops processors, and ends if its tag has changed.
    const others = state.Catch?.slice(0, -1).map(({ ErrorEquals, Next }) => [...ErrorEquals, Next]);
    const redirects: Record<string, string[]> = {
      'connect AssociateScramSecret': ['ClusterBusy', 'WaitForCluster'],
      'connect CreateConnection': ['ProcessorsRunning', 'StopProcessors'],
      'connect InspectCluster': ['NoLongerWanted', 'NoLongerWanted'],
      'connect RecordPlan': ['NoLongerWanted', 'NoLongerWanted'],
    };
    assert.deepEqual(others, [redirects[`${machine} ${name}`]].filter(Boolean));
  });
}

it('every error that redirects a machine is caught by name in one', () => {
  const redirecting = classes.filter(([, { prototype }]) => prototype instanceof RedirectError).map(([name]) => name);
  const caught = allTasks.flatMap(([, { Catch = [] }]) => Catch.flatMap(({ ErrorEquals }) => ErrorEquals));
  assert.deepEqual(
    redirecting.filter((name) => !caught.includes(name)),
    [],
  );
});
