import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import aslService from 'amazon-states-language-service';
import validateAsl from 'asl-validator';
import * as errors from '../../shared/errors.ts';
import { readDefinition, readText, type State } from '../../statemachine/definition.ts';

const machine = 'connect';
const definition = readDefinition(machine);
const states = Object.entries(definition.States);
const tasks = states.filter(([, { Type }]) => Type === 'Task');
const functionsFolder = new URL('../../functions/', import.meta.url);

/** The classes that pass by themselves, as shared/errors.ts divides them. */
const transient = ['AtlasThrottled', 'AtlasUnavailable', 'AwsUnavailable', 'VersionConflict', 'FunctionTimedOut'];
const permanent = Object.keys(errors).filter((name) => !transient.includes(name));

const kebab = (state: string) => state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

describe(`the definition of ${machine}`, () => {
  it('is valid for asl-validator', () => {
    const { isValid, errorsText } = validateAsl(definition);
    assert.ok(isValid, errorsText?.());
  });

  it("is valid for AWS's own language service", async () => {
    const service = aslService.getLanguageService({});
    const document = aslService.TextDocument.create('connect.asl.json', 'asl', 1, readText(machine));
    const diagnostics = await service.doValidation(document, service.parseJSONDocument(document));
    assert.deepEqual(
      diagnostics.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`),
      [],
    );
  });

  it('has a time-out for the whole run that is longer than all waits together', () => {
    const longestWaitsMinutes = 1080 + 180 + 120; // the limits of functions/resolve-request/settings.ts
    assert.ok(definition.TimeoutSeconds >= longestWaitsMinutes * 60);
  });

  it('says in a Comment what the run achieves and what every state is for', () => {
    assert.match(definition.Comment, /tag.*READY Kafka connection/);
    assert.deepEqual(
      states.filter(([, { Comment }]) => !Comment).map(([name]) => name),
      [],
    );
  });

  it('has a function for every Task and a Task for every function', () => {
    const folders = readdirSync(functionsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(tasks.map(([name]) => kebab(name)).sort(), folders.map(({ name }) => name).sort());
    for (const { name } of folders)
      for (const file of ['handler.ts', `${name}.ts`])
        assert.ok(existsSync(new URL(`${name}/${file}`, functionsFolder)), `functions/${name}/${file}`);
  });

  it('names choices IsX and waits WaitForX', () => {
    for (const [name, { Type }] of states) {
      assert.equal(/^Is[A-Z]/.test(name), Type === 'Choice', name);
      assert.equal(/^WaitFor[A-Z]/.test(name), Type === 'Wait', name);
    }
  });
});

for (const [name, state] of tasks) describe(`the Task ${name}`, () => contract(name, state));

function contract(name: string, state: State) {
  it('invokes its own function, with a time-out', () => {
    assert.equal(state.Resource, 'arn:aws:states:::lambda:invoke');
    assert.equal(state.Parameters?.FunctionName, `\${${name}}`);
    assert.equal(state.TimeoutSeconds, 70);
  });

  it('hands over exactly the fields that its function reads', async () => {
    const module = (await import(`../../functions/${kebab(name)}/${kebab(name)}.ts`)) as Record<string, unknown>;
    const schema = module[`${name}Input`] as { shape: Record<string, unknown> };
    const payload = Object.keys(state.Parameters?.Payload ?? {}).map((key) => key.replace(/\.\$$/, ''));
    assert.deepEqual(payload.sort(), Object.keys(schema.shape).sort());
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
      assert.ok(MaxDelaySeconds <= 120);
      assert.ok(MaxAttempts > 0);
    }
  });

  it('has the two shapes of retrier that all Tasks share', () => {
    assert.deepEqual(state.Retry, tasks[0]?.[1].Retry);
  });

  it('leaves every other error under its own name for RecordFailure', () => {
    const next = name === 'RecordFailure' ? 'FailureNotRecorded' : 'RecordFailure';
    assert.deepEqual(state.Catch, [{ ErrorEquals: ['States.ALL'], ResultPath: `$.failed.${name}`, Next: next }]);
  });
}
