import type { Definition, State, Test } from '../../statemachine/definition.ts';
import {
  certain,
  type JsonSchema,
  join,
  narrow,
  neverGiven,
  put,
  type Schema,
  unmet,
  withPresence,
} from './json-schema.ts';

/** What a function reads and what it returns, as JSON Schemas; `input` is the schema of `{ executionArn, now, run }`. */
export interface Contract {
  input: JsonSchema;
  output: JsonSchema;
}

/** What a Catch adds. Cause is absent for some errors of Step Functions itself. */
const caught: JsonSchema = {
  type: 'object',
  properties: { Error: { type: 'string' }, Cause: { type: 'string' } },
  required: ['Error'],
};

/** `$$.Execution.Input` may be anything; the other values of the context object are texts. */
const contextValue = (path: string): Schema => (path === '$$.Execution.Input' ? {} : { type: 'string' });

/**
 * Follows the data of a state machine along every path, and checks each field that a state reads: it must be there, with the right
 * type, whichever way the execution took.
 *
 * @param contracts by the name of the Task
 * @returns a complaint for each field that may be missing or of another type
 */
export function dataFlowComplaints(definition: Definition, contracts: Record<string, Contract>): string[] {
  const { complaints } = followData(definition, contracts);
  return [...complaints].flatMap(([name, problems]) => problems.map((problem) => `${name} ${problem}`));
}

/**
 * The optional fields that a Task reads although no path to it in this machine writes them.
 *
 * @returns such as `RecordSuccess run.connectivity`
 */
export function unwrittenFields(definition: Definition, contracts: Record<string, Contract>): string[] {
  const { arriving } = followData(definition, contracts);
  return Object.entries(definition.States).flatMap(([name, { Type, Parameters }]) => {
    if (Type !== 'Task') return [];
    const { value } = parametersOf(Parameters, arriving.get(name) ?? {});
    return neverGiven(value, (contracts[name] as Contract).input).map((path) => `${name} ${path}`);
  });
}

/** What data arrives at each state, and what is wrong with it. */
function followData(definition: Definition, contracts: Record<string, Contract>) {
  const arriving = new Map<string, Schema>([[definition.StartAt, {}]]);
  const complaints = new Map<string, string[]>();
  const pending = [definition.StartAt];
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const state = definition.States[name] as State;
    const data = arriving.get(name) ?? {};
    const { next, problems } = pass(name, state, data, contracts);
    complaints.set(name, problems);
    for (const [to, leaving] of next) {
      // No data takes this way, at least not yet.
      if (leaving === undefined) continue;
      const before = arriving.get(to);
      const after = before === undefined ? leaving : join(before, leaving);
      if (JSON.stringify(after) === JSON.stringify(before)) continue;
      arriving.set(to, after);
      if (!pending.includes(to)) pending.push(to);
    }
  }
  return { arriving, complaints };
}

interface Passed {
  next: [state: string, data: Schema | undefined][];
  problems: string[];
}

function pass(name: string, state: State, data: Schema, contracts: Record<string, Contract>): Passed {
  const { Type, Next = '', ResultPath, Parameters, Catch = [] } = state;
  switch (Type) {
    case 'Pass':
      return {
        next: [[Next, parametersOf(Parameters, data).value]],
        problems: parametersOf(Parameters, data).problems,
      };
    case 'Task': {
      const { value, problems } = parametersOf(Parameters, data);
      const { input, output } = contracts[name] as Contract;
      const result = ResultPath ? put(data, ResultPath, output) : output;
      return {
        next: [[Next, result], ...Catch.map((it): [string, Schema] => [it.Next, put(data, it.ResultPath, caught)])],
        problems: [...problems, ...unmet(value, input, '').map((problem) => `reads ${problem}`)],
      };
    }
    case 'Choice':
      return choose(state, data);
    case 'Wait':
      return { next: [[Next, data]], problems: needs(data, state.SecondsPath, { type: 'number' }) };
    case 'Succeed':
      return { next: [], problems: needs(data, state.OutputPath, {}) };
    case 'Fail':
      return {
        next: [],
        problems: [state.ErrorPath, state.CausePath].flatMap((path) => needs(data, path, { type: 'string' })),
      };
  }
}

/** Each choice knows that the choices before it did not apply. */
function choose({ Choices = [], Default = '' }: State, data: Schema): Passed {
  const next: Passed['next'] = [];
  const problems: string[] = [];
  let rest: Schema | undefined = data;
  for (const choice of Choices) {
    const tests = 'And' in choice ? choice.And : [choice];
    let passed: Schema | undefined = rest;
    // A test after one that fails isn't made.
    for (const test of tests) {
      if (passed && !('IsPresent' in test))
        problems.push(...needs(passed, test.Variable, { type: typeof comparedWith(test) }));
      passed = passing(passed, test);
    }
    next.push([choice.Next, passed]);
    // What fails several tests together may pass any one of them.
    if (rest && !('And' in choice))
      rest =
        'IsPresent' in choice
          ? withPresence(rest, choice.Variable, !choice.IsPresent)
          : narrow(rest, choice.Variable, (value) => value !== comparedWith(choice));
  }
  return { next: [...next, [Default, rest]], problems };
}

const passing = (data: Schema | undefined, test: Test): Schema | undefined =>
  data === undefined
    ? undefined
    : 'IsPresent' in test
      ? withPresence(data, test.Variable, test.IsPresent)
      : narrow(data, test.Variable, (value) => value === comparedWith(test));

const comparedWith = (test: Exclude<Test, { IsPresent: boolean }>): unknown =>
  'BooleanEquals' in test ? test.BooleanEquals : test.StringEquals;

function parametersOf(parameters: Record<string, unknown> = {}, data: Schema): { value: Schema; problems: string[] } {
  const problems: string[] = [];
  const properties: Record<string, Schema> = {};
  for (const [key, value] of Object.entries(parameters)) {
    const path = String(value);
    if (!key.endsWith('.$')) properties[key] = { const: value } as Schema;
    else if (path.startsWith('$$.')) properties[key.slice(0, -2)] = contextValue(path);
    else {
      problems.push(...needs(data, path, {}));
      properties[key.slice(0, -2)] = certain(data, path) ?? {};
    }
  }
  return { value: { type: 'object', properties, required: Object.keys(properties) }, problems };
}

function needs(data: Schema, path: string | undefined, wanted: Schema): string[] {
  if (path === undefined) return [];
  const found = certain(data, path);
  return found === undefined
    ? [`reads ${path}, which no state certainly writes before`]
    : unmet(found, wanted, path).map((problem) => `reads ${problem}`);
}
