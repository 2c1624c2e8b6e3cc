import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import aslService from 'amazon-states-language-service';
import validateAsl from 'asl-validator';
import * as errors from '../../shared/errors.ts';
import { type Definition, readDefinition, readText, type State } from '../../statemachine/definition.ts';

/** What a machine says of itself, how it fails, and its longest waits: the limits of functions/resolve-request/settings.ts. */
const machines = {
  connect: { says: /tag.*READY Kafka connection/, failsAs: 'SetupFailed', longestWaitsMinutes: 1080 + 180 + 120 },
  disconnect: { says: /connection.*private link.*policy/, failsAs: 'RemovalFailed', longestWaitsMinutes: 360 },
};
const functionsFolder = new URL('../../functions/', import.meta.url);

/** Started by a schedule and by rules, not by a machine. */
const withoutTask = ['sweep-clusters', 'notify-outcome'];

/** The classes that pass by themselves, as shared/errors.ts divides them. */
const transient = [
  'AtlasThrottled',
  'AtlasUnavailable',
  'AwsThrottled',
  'AwsUnavailable',
  'VersionConflict',
  'FunctionTimedOut',
];
const permanent = Object.keys(errors).filter((name) => !transient.includes(name));

const kebab = (state: string) => state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
const tasksOf = ({ States }: Definition) => Object.entries(States).filter(([, { Type }]) => Type === 'Task');
const allTasks = Object.keys(machines).flatMap((machine) => tasksOf(readDefinition(machine)));

it('every Task has a function, and every function a Task of its name in one machine or in both', () => {
  const folders = readdirSync(functionsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const functions = folders.map(({ name }) => name).filter((name) => !withoutTask.includes(name));
  assert.deepEqual([...new Set(allTasks.map(([name]) => kebab(name)))].sort(), functions.sort());
  for (const { name } of folders)
    for (const file of ['handler.ts', `${name}.ts`])
      assert.ok(existsSync(new URL(`${name}/${file}`, functionsFolder)), `functions/${name}/${file}`);
});

for (const [machine, { says, failsAs, longestWaitsMinutes }] of Object.entries(machines)) {
  const definition = readDefinition(machine);
  const states = Object.entries(definition.States);

  describe(`the definition of ${machine}`, () => {
    it('is valid for asl-validator', () => {
      const { isValid, errorsText } = validateAsl(definition);
      assert.ok(isValid, errorsText?.());
    });

    it("is valid for AWS's own language service", async () => {
      const service = aslService.getLanguageService({});
      const document = aslService.TextDocument.create(`${machine}.asl.json`, 'asl', 1, readText(machine));
      const diagnostics = await service.doValidation(document, service.parseJSONDocument(document));
      assert.deepEqual(
        diagnostics.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`),
        [],
      );
    });

    it('has a time-out for the whole run that is longer than all waits together', () => {
      assert.ok(definition.TimeoutSeconds >= longestWaitsMinutes * 60);
    });

    it('says in a Comment what the run achieves and what every state is for', () => {
      assert.match(definition.Comment, says);
      assert.deepEqual(
        states.filter(([, { Comment }]) => !Comment).map(([name]) => name),
        [],
      );
    });

    it('names choices IsX and waits WaitForX', () => {
      for (const [name, { Type }] of states) {
        assert.equal(/^Is[A-Z]/.test(name), Type === 'Choice', name);
        assert.equal(/^WaitFor[A-Z]/.test(name), Type === 'Wait', name);
      }
    });

    it('reaches every state, and goes only to states that there are', () => {
      const next = ({ Next, Default, Choices = [], Catch = [] }: State) =>
        [Next, Default, ...[...Choices, ...Catch].map((way) => way.Next)].filter((name) => name !== undefined);
      const reached = new Set([definition.StartAt]);
      for (const name of reached) for (const other of next(definition.States[name] as State)) reached.add(other);
      assert.deepEqual([...reached].sort(), states.map(([name]) => name).sort());
    });

    it(`fails as ${failsAs} with the error and the Cause that RecordFailure has worded, and in no other way of its own`, () => {
      const { Next } = definition.States.RecordFailure as State;
      const failure = definition.States[failsAs] as State & { ErrorPath?: string; CausePath?: string };
      assert.equal(Next, failsAs);
      assert.deepEqual(
        [failure.Type, failure.ErrorPath, failure.CausePath],
        ['Fail', '$.failure.error', '$.failure.cause'],
      );
      const fails = states.filter(([, { Type }]) => Type === 'Fail').map(([name]) => name);
      assert.deepEqual(fails.sort(), ['FailureNotRecorded', failsAs].sort());
    });

    it('tells ResolveRequest which machine asks', () => {
      assert.equal(definition.States.ResolveRequest?.Parameters?.Payload?.action, machine);
    });

    it('polls a function that keeps the deadline of the wait, and says when to come again', () => {
      for (const [name, { Type, SecondsPath, Next = '' }] of states) {
        if (Type !== 'Wait') continue;
        assert.equal(SecondsPath, `${definition.States[Next]?.ResultPath}.pollSeconds`, name);
        assert.equal(definition.States[Next]?.Type, 'Task', name);
        assert.match(JSON.stringify(definition.States[Next]?.Parameters), /State\.EnteredTime/, name);
      }
    });
  });

  for (const [name, state] of tasksOf(definition))
    describe(`the Task ${name} of ${machine}`, () => contract(machine, name, state));
}

function contract(machine: string, name: string, state: State) {
  it('invokes its own function, with a time-out', () => {
    assert.equal(state.Resource, 'arn:aws:states:::lambda:invoke');
    assert.equal(state.Parameters?.FunctionName, `\${${name}}`);
    assert.equal(state.TimeoutSeconds, 70);
  });

  it('hands over exactly the fields that its function reads', async () => {
    const module = (await import(`../../functions/${kebab(name)}/${kebab(name)}.ts`)) as Record<string, unknown>;
    const schema = module[`${name}Input`] as { shape: Record<string, unknown> };
    const read = Object.keys(schema.shape);
    const payload = Object.keys(state.Parameters?.Payload ?? {}).map((key) => key.replace(/\.\$$/, ''));
    // Where its code does not read them, they are for its log.
    const logged = ['executionArn', 'clusterArn'].filter((field) => !read.includes(field));
    assert.deepEqual(payload.filter((field) => !logged.includes(field)).sort(), read.sort());
  });

  it('hands over what each line of the log begins with: which execution, which cluster', () => {
    const payload = state.Parameters?.Payload ?? {};
    assert.equal(payload['executionArn.$'], '$$.Execution.Id');
    // Which cluster the whole input is about, the function finds out.
    const isBeforeOrAfterTheRequest = ['ResolveRequest', 'RecordFailure'].includes(name);
    assert.equal(payload['clusterArn.$'], isBeforeOrAfterTheRequest ? undefined : '$.request.clusterArn');
  });

  it('retries what passes by itself, with full jitter and a longest delay, and nothing else', () => {
    const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
    for (const error of transient) assert.ok(retried.includes(error), error);
    for (const error of permanent) assert.ok(!retried.includes(error), error);
    for (const error of retried)
      assert.ok(
        error in errors || /^(States\.Timeout|Lambda\..+|Sandbox\.Timedout|Runtime\.ExitError)$/.test(error),
        error,
      );
    for (const { JitterStrategy, MaxDelaySeconds, MaxAttempts } of state.Retry ?? []) {
      assert.equal(JitterStrategy, 'FULL');
      assert.ok(MaxDelaySeconds <= 600);
      assert.ok(MaxAttempts > 0);
    }
  });

  it('has the three shapes of retrier that all Tasks of both machines share', () => {
    assert.deepEqual(state.Retry, allTasks[0]?.[1].Retry);
  });

  it('leaves every other error under its own name for RecordFailure', () => {
    const next = name === 'RecordFailure' ? 'FailureNotRecorded' : 'RecordFailure';
    assert.deepEqual(state.Catch?.at(-1), { ErrorEquals: ['States.ALL'], ResultPath: `$.failed.${name}`, Next: next });
    // The only errors that are outcomes: a disconnect goes on where Atlas names no account any more, and a cluster that has
    // left ACTIVE is waited for.
    const others = state.Catch?.slice(0, -1).map(({ ErrorEquals, Next }) => [...ErrorEquals, Next]);
    const outcomes: Record<string, string[]> = {
      'disconnect LookUpPrincipal': ['PrerequisitesNotMet', 'DeleteConnection'],
      'connect AssociateScramSecret': ['ClusterBusy', 'WaitForCluster'],
    };
    assert.deepEqual(others, [outcomes[`${machine} ${name}`]].filter(Boolean));
  });
}
