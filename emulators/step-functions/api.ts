import {
  DescribeExecutionInput$,
  DescribeExecutionOutput$,
  DescribeStateMachineInput$,
  DescribeStateMachineOutput$,
  ListExecutionsInput$,
  ListExecutionsOutput$,
  ListStateMachinesInput$,
  ListStateMachinesOutput$,
  RedriveExecutionInput$,
  RedriveExecutionOutput$,
  StartExecutionInput$,
  StartExecutionOutput$,
  StopExecutionInput$,
  StopExecutionOutput$,
} from '@aws-sdk/client-sfn';
import { parseArn } from '../arn.ts';
import { type Authorize, accessDeniedMessage, encode, signedBy, wrongType } from '../aws.ts';
import type { Clock } from '../clock.ts';
import type { Answer, Refusal, Request, Route, Service } from '../emulator.ts';
import { Pages } from '../pages.ts';
import type { Execution } from './execution.ts';
import { mostRecentFirst, pageRules, validateSelection } from './lists.ts';
import type { Machine } from './machine.ts';
import { parseBody, parseInput, stepFunctionsError, validateArn, validateName } from './validation.ts';

interface StepFunctionsOptions {
  clock: Clock;
  /** Default: us-east-1. */
  region?: string;
  machines: () => Machine[];
  authorize: Authorize;
  /** For how many simulated seconds after its start an execution is unknown to DescribeExecution and missing in ListExecutions. */
  appearAfterSeconds: () => number;
}

interface Input {
  stateMachineArn?: string;
  executionArn?: string;
  name?: string;
  input?: string;
  error?: string;
  cause?: string;
  includedData?: string;
  mapRunArn?: string;
  statusFilter?: string;
  redriveFilter?: string;
  maxResults?: number;
  nextToken?: string;
}

/**
 * The operations, and what each takes: the type of the resource, and the input. Documented in the service authorization reference: only
 * `*` can allow ListStateMachines, which has no resource.
 */
const takes = {
  ListStateMachines: { resource: undefined, input: ListStateMachinesInput$ },
  DescribeStateMachine: { resource: 'stateMachine', input: DescribeStateMachineInput$ },
  ListExecutions: { resource: 'stateMachine', input: ListExecutionsInput$ },
  StartExecution: { resource: 'stateMachine', input: StartExecutionInput$ },
  DescribeExecution: { resource: 'execution', input: DescribeExecutionInput$ },
  StopExecution: { resource: 'execution', input: StopExecutionInput$ },
  RedriveExecution: { resource: 'execution', input: RedriveExecutionInput$ },
} as const;

/** Documented: the longest texts of StopExecution, in characters. */
const longest = { error: 256, cause: 32_768 };

/**
 * The part of Step Functions that the functions use: StartExecution, DescribeExecution and StopExecution; and, for people, RedriveExecution,
 * ListExecutions, ListStateMachines and DescribeStateMachine. Over awsJson1.0. Documented.
 */
export class StepFunctionsEmulator implements Service {
  readonly name = 'states';
  readonly #options: StepFunctionsOptions;
  readonly #pages: Pages;

  constructor(options: StepFunctionsOptions) {
    this.#options = options;
    this.#pages = new Pages(options.clock, pageRules);
  }

  route(request: Request): Route {
    const operation = String(request.headers['x-amz-target']).replace(/^AWSStepFunctions\./, '');
    return {
      operation,
      authenticate: () => signedBy(request, 'states', stepFunctionsError, this.#options.region),
      apply: (caller) => this.#apply(operation, caller, parseBody(request.body)),
    };
  }

  #apply(operation: string, caller: string, input: Input): Answer {
    if (!Object.hasOwn(takes, operation))
      throw stepFunctionsError('UnknownOperationException', `The local cloud does not implement ${operation}.`);
    const taken = takes[operation as keyof typeof takes];
    const fault = wrongType(taken.input, input);
    if (fault) throw stepFunctionsError('SerializationException', `The request is not valid: ${fault}`);
    if (operation === 'ListExecutions') validateSelection(input);
    const resource = taken.resource === 'stateMachine' ? input.stateMachineArn : input.executionArn;
    if (taken.resource) validateArn(resource, taken.resource);
    if (!this.#options.authorize(caller, `states:${operation}`, resource, {}))
      throw stepFunctionsError('AccessDeniedException', accessDeniedMessage(caller, `states:${operation}`, resource));
    return this.#operations[operation as keyof typeof takes](input);
  }

  readonly #operations: Record<keyof typeof takes, (input: Input) => Answer> = {
    ListStateMachines: (input) => this.#listMachines(input),
    DescribeStateMachine: (input) => this.#describeMachine(input),
    ListExecutions: (input) => this.#listExecutions(input),
    StartExecution: (input) => this.#start(input),
    DescribeExecution: (input) => this.#describe(input),
    StopExecution: (input) => this.#stop(input),
    RedriveExecution: (input) => this.#redrive(input),
  };

  #listMachines({ maxResults: size, nextToken: token }: Input): Answer {
    const page = this.#pages.page({ size, token }, 'state machines', this.#options.machines);
    return answer(
      encode(ListStateMachinesOutput$, { stateMachines: page.items.map(machineItem), nextToken: page.next }),
    );
  }

  #describeMachine(input: Input): Answer {
    const machine = this.#machine(input.stateMachineArn);
    // Documented: without the data, the definition is empty.
    const definition = input.includedData === 'METADATA_ONLY' ? '{}' : JSON.stringify(machine.definition);
    const described = { ...machineItem(machine), status: 'ACTIVE', definition, roleArn: roleOf(machine) };
    return answer(encode(DescribeStateMachineOutput$, described));
  }

  /** Documented: eventually consistent, as DescribeExecution. */
  #listExecutions(input: Input): Answer {
    const machine = this.#machine(input.stateMachineArn);
    const { statusFilter = '', maxResults: size, nextToken: token } = input;
    const all = () =>
      mostRecentFirst(machine.executions)
        .filter((execution) => this.#hasAppeared(execution))
        .map((execution) => describe(execution, machine))
        .filter(({ status }) => !statusFilter || status === statusFilter);
    const { items, next } = this.#pages.page({ size, token }, `${machine.arn} ${statusFilter}`, all);
    return answer(encode(ListExecutionsOutput$, { executions: items, nextToken: next }));
  }

  /** Documented: idempotent while an execution with this name and input runs. An ended execution keeps its name for 90 days. */
  #start({ stateMachineArn, name, input: json = '{}' }: Input): Answer {
    validateName(name);
    const input = parseInput(json);
    const machine = this.#machine(stateMachineArn);
    const same = name && machine.executions.find((execution) => execution.name === name);
    if (same && (same.ended || JSON.stringify(same.input) !== JSON.stringify(input)))
      throw stepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${same.arn}'`);
    const execution = same || machine.start(input, name);
    return answer(encode(StartExecutionOutput$, { executionArn: execution.arn, startDate: execution.startDate }));
  }

  /** Documented: eventually consistent. */
  #describe(input: Input): Answer {
    const { machine, execution } = this.#existing(input);
    if (!this.#hasAppeared(execution)) throw doesNotExist(input);
    const described = describe(execution, machine);
    const data = input.includedData === 'METADATA_ONLY' ? {} : dataOf(execution);
    return answer(encode(DescribeExecutionOutput$, { ...described, ...data }));
  }

  #stop(input: Input): Answer {
    const { error, cause } = input;
    for (const [field, max] of Object.entries(longest))
      if ((input[field as keyof typeof longest]?.length ?? 0) > max)
        throw stepFunctionsError('ValidationException', `'${field}' has more than ${max} characters`);
    const { execution } = this.#existing(input);
    execution.abort({ error, cause });
    return answer(encode(StopExecutionOutput$, { stopDate: execution.ended?.at }));
  }

  #redrive(input: Input): Answer {
    const { execution } = this.#existing(input);
    if (execution.whyNotRedrivable) throw stepFunctionsError('ExecutionNotRedrivable', execution.whyNotRedrivable);
    execution.redrive();
    return answer(encode(RedriveExecutionOutput$, { redriveDate: execution.redrives.at(-1) }));
  }

  #hasAppeared({ startDate }: Execution): boolean {
    const { clock, appearAfterSeconds } = this.#options;
    return clock.minutesSince(startDate) * 60 >= appearAfterSeconds();
  }

  #machine(stateMachineArn: string | undefined): Machine {
    const machine = this.#options.machines().find(({ arn }) => arn === stateMachineArn);
    if (machine) return machine;
    throw stepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
  }

  #existing(input: Input): { machine: Machine; execution: Execution } {
    for (const machine of this.#options.machines()) {
      const execution = machine.executions.find(({ arn }) => arn === input.executionArn);
      if (execution) return { machine, execution };
    }
    throw doesNotExist(input);
  }
}

const doesNotExist = ({ executionArn }: Input): Refusal =>
  stepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);

const machineItem = ({ arn, creationDate }: Machine) => ({
  stateMachineArn: arn,
  name: arn.slice(arn.lastIndexOf(':') + 1),
  type: 'STANDARD',
  creationDate,
});

/** Assumed: the name of the role, which CloudFormation makes up. */
function roleOf(machine: Machine): string {
  const { partition, account } = parseArn(machine.arn);
  return `arn:${partition}:iam::${account}:role/${machineItem(machine).name}-role`;
}

const describe = ({ arn, name, startDate, ended, redrives }: Execution, machine: Machine) => ({
  executionArn: arn,
  stateMachineArn: machine.arn,
  name,
  status: ended?.status ?? 'RUNNING',
  startDate,
  ...(ended && { stopDate: ended.at }),
  ...(ended?.error && { error: ended.error }),
  ...(ended?.cause && { cause: ended.cause }),
  redriveCount: redrives.length,
  ...(redrives.length > 0 && { redriveDate: redrives.at(-1) }),
});

/** Documented: JSON texts, which METADATA_ONLY leaves out; only an execution that has succeeded has an output. */
const dataOf = ({ input, ended }: Execution) => ({
  input: JSON.stringify(input),
  ...(ended?.status === 'SUCCEEDED' && { output: JSON.stringify(ended.output) }),
});

const answer = (body: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body,
});
