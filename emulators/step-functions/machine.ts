import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type { Definition, State } from '../../statemachine/definition.ts';
import type { Clock } from '../clock.ts';
import {
  type EnteredState,
  Execution,
  executionInContext,
  type InvokeFunction,
  type MachineEvent,
} from './execution.ts';

export interface MachineOptions {
  /** `arn:aws:states:us-east-1:123456789012:stateMachine:msk-atlas-privatelink-local-connect` */
  arn: string;
  definition: Definition;
  /** DefinitionSubstitutions: the function's ARN for each `${Placeholder}`. */
  substitutions: Record<string, string>;
  invoke: InvokeFunction;
  clock: Clock;
  /** What share of the longest back-off a retry waits; all of it, if not said. Step Functions draws it. */
  jitter?: (() => number) | undefined;
  /** Whether executions keep their history; they do, if not said. */
  keepsHistory?: boolean;
  onEvent?: ((event: MachineEvent, execution: Execution) => void) | undefined;
  onStart?: (machine: Machine, execution: Execution) => void;
  onEnd?: (machine: Machine, execution: Execution, status: string) => void;
}

/** A state machine of Step Functions, run by aws-local-stepfunctions on the simulated clock. */
export class Machine {
  readonly arn: string;
  readonly definition: Definition;
  readonly creationDate: Date;
  readonly executions: Execution[] = [];
  readonly #options: MachineOptions;
  readonly #engine: StateMachine;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.arn = options.arn;
    this.creationDate = options.clock.now();
    this.definition = substitute(options.definition, options.substitutions);
    refuseOtherTasks(this.definition);
    this.#engine = new StateMachine(forEngine(this.definition) as StateMachineDefinition);
  }

  /** @param name of the execution; one of its own, if not said */
  start(input: unknown, name?: string): Execution {
    const { arn, clock, invoke, jitter = () => 1, keepsHistory = true, onEvent = () => {} } = this.#options;
    const execution = new Execution({
      machineArn: arn,
      definition: this.definition,
      engine: (redriven) => this.#engineFor(redriven),
      input,
      name,
      clock,
      invoke,
      jitter,
      keepsHistory,
      onEvent,
      onEnd: (status) => this.#options.onEnd?.(this, execution, status),
    });
    this.executions.push(execution);
    execution.run();
    this.#options.onStart?.(this, execution);
    return execution;
  }

  /** @param redriven the state at which a redrive begins; the first one of the machine, if not said */
  #engineFor(redriven: EnteredState | undefined): StateMachine {
    if (!redriven) return this.#engine;
    const definition = { ...forEngine(this.definition), StartAt: redriven.name };
    // The whole machine is valid. The part after this state has states that nothing leads to.
    return new StateMachine(definition as StateMachineDefinition, { validationOptions: { noValidate: true } });
  }
}

/** The longest that the engine's timers can count, in seconds: 2^31 milliseconds, 24 days. */
const longest = 2_147_483;

/**
 * What the engine runs. The engine sets `$$.Execution.StartTime` by the real clock, and `$$.Execution.Input` to the input of the
 * first state, so the context has the execution under another name too. Its own waits and time-outs are real ones, and the cloud's clock need not go evenly: so a Wait is a Task
 * whose handler waits by that clock, and the handler of a Task counts its TimeoutSeconds. The engine takes `IsPresent: false` for a test
 * that no data passes, so it becomes the opposite of `IsPresent: true`.
 */
function forEngine({ States, ...machine }: Definition): Definition {
  const states = Object.entries(States).map(([name, state]): [string, State] => {
    if (state.Type === 'Task') return [name, { ...state, TimeoutSeconds: longest }];
    if (state.Choices) return [name, { ...state, Choices: state.Choices.map(withoutAbsence) } as State];
    if (state.Type !== 'Wait') return [name, state];
    const { SecondsPath: _, ...wait } = state;
    return [name, { ...wait, Type: 'Task', Resource: waitResource, ResultPath: null, TimeoutSeconds: longest }];
  });
  const text = JSON.stringify({ ...machine, States: Object.fromEntries(states) });
  return JSON.parse(text.replaceAll(/\$\$\.Execution\b/g, () => `$$.${executionInContext}`));
}

/** A choice, or a test in it, in which `Not` stands for `IsPresent: false`. */
function withoutAbsence(choice: { And?: object[]; IsPresent?: boolean; Variable?: string; Next?: string }): object {
  const { And, IsPresent, Variable, ...rest } = choice;
  if (And) return { ...choice, And: And.map(withoutAbsence) };
  return IsPresent === false ? { ...rest, Not: { Variable, IsPresent: true } } : choice;
}

/** The engine requires the ARN of a function; its handler does not call one. */
const waitResource = 'arn:aws:lambda:us-east-1:000000000000:function:wait';

/** As CloudFormation does with DefinitionSubstitutions. */
function substitute(definition: Definition, substitutions: Record<string, string>): Definition {
  const text = JSON.stringify(definition).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = substitutions[name];
    if (value === undefined) throw new Error(`DefinitionSubstitutions has no ${name}, which the machine names.`);
    return value;
  });
  return JSON.parse(text);
}

/** The engine would call the real AWS for a Task without a handler. */
function refuseOtherTasks({ States }: Definition): void {
  for (const [name, { Type, Resource }] of Object.entries(States)) {
    if (Type !== 'Task') continue;
    if (!Resource?.startsWith('arn:aws:lambda:'))
      throw new Error(`The local cloud can run only Lambda functions, and the Resource of ${name} is ${Resource}.`);
  }
}
