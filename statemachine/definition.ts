import { readFileSync } from 'node:fs';

/** The parts of the Amazon States Language that our machines use. @see https://states-language.net/spec.html */
export interface State {
  Type: 'Task' | 'Choice' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  Comment?: string;
  Next?: string;
  Resource?: string;
  Parameters?: { FunctionName?: string; Payload?: Record<string, unknown> };
  ResultSelector?: Record<string, unknown>;
  ResultPath?: string | null;
  TimeoutSeconds?: number;
  SecondsPath?: string;
  Choices?: { Variable: string; BooleanEquals?: boolean; StringEqualsPath?: string; Next: string }[];
  Default?: string;
  Retry?: Retrier[];
  Catch?: { ErrorEquals: string[]; ResultPath?: string; Next: string }[];
}

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

export const readText = (machine: string): string =>
  readFileSync(new URL(`./${machine}.asl.json`, import.meta.url), 'utf8');

/** @param machine such as `connect` */
export const readDefinition = (machine: string): Definition => JSON.parse(readText(machine)) as Definition;
