import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as errors from '../shared/errors.ts';

/** The parts of the Amazon States Language that our machines use. @see https://states-language.net/spec.html */
export interface State {
  Type: 'Task' | 'Choice' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  Comment?: string;
  Next?: string;
  /** The ARN of a Lambda function. In the file it is `${<state's name>}`. */
  Resource?: string;
  Parameters?: Record<string, unknown>;
  ResultPath?: string | null;
  OutputPath?: string;
  TimeoutSeconds?: number;
  SecondsPath?: string;
  ErrorPath?: string;
  CausePath?: string;
  Choices?: ((Test | { And: Test[] }) & { Next: string })[];
  Default?: string;
  Retry?: Retrier[];
  Catch?: { ErrorEquals: string[]; ResultPath: string; Next: string }[];
}

/** One comparison of a Choice. */
export type Test =
  | { Variable: string; BooleanEquals: boolean }
  | { Variable: string; StringEquals: string }
  | { Variable: string; IsPresent: boolean };

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds: number;
  BackoffRate: number;
  MaxDelaySeconds: number;
  MaxAttempts: number;
  JitterStrategy: 'FULL' | 'NONE';
}

export interface Definition {
  Comment: string;
  StartAt: string;
  TimeoutSeconds: number;
  States: Record<string, State>;
}

export const machines = ['connect', 'disconnect'] as const;
export type Action = (typeof machines)[number];

/**
 * Reads a state machine from its YAML file. In `ErrorEquals`, `${TransientError}` and the like become the names of the error
 * classes that extend this base class directly, so the list of names is only in shared/errors.ts.
 *
 * @throws Error if a base class does not exist
 */
export function readDefinition(machine: Action): Definition {
  const file = new URL(`./${machine}.asl.yaml`, import.meta.url);
  const definition = parse(readFileSync(file, 'utf8')) as Definition;
  const States = Object.entries(definition.States).map(([name, state]): [string, State] => [
    name,
    state.Retry ? { ...state, Retry: state.Retry.map(withErrorNames) } : state,
  ]);
  return { ...definition, States: Object.fromEntries(States) };
}

const withErrorNames = (retrier: Retrier): Retrier => ({
  ...retrier,
  ErrorEquals: retrier.ErrorEquals.flatMap((name) => {
    const base = /^\$\{(\w+)\}$/.exec(name)?.[1];
    return base ? namesOf(base) : name;
  }),
});

/** The names of the error classes that extend a base class directly. */
function namesOf(base: string): string[] {
  const names = classes.filter((it) => parentOf(it) === base).map(({ name }) => name);
  // ThrottlingError is a TransientError, but abstract itself.
  const concrete = names.filter((name) => !classes.some((it) => parentOf(it) === name));
  if (concrete.length === 0) throw new Error(`shared/errors.ts has no class that extends ${base}.`);
  return concrete;
}

const classes = Object.values(errors);
const parentOf = (errorClass: object): string => Object.getPrototypeOf(errorClass).name;
