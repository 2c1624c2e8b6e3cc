import { DescribeExecutionOutput$, StartExecutionOutput$ } from '@aws-sdk/client-sfn';
import { type Authorize, accessDeniedMessage, encode, signedBy } from '../aws.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from '../emulator.ts';
import type { Execution } from './execution.ts';
import type { Machine } from './machine.ts';

interface StepFunctionsOptions {
  machines: () => Machine[];
  authorize: Authorize;
}

interface Input {
  stateMachineArn?: string;
  executionArn?: string;
  name?: string;
  input?: string;
}

/** The part of Step Functions that the functions use: StartExecution and DescribeExecution, over awsJson1.0. Documented. */
export class StepFunctionsEmulator implements Service {
  readonly name = 'states';
  readonly #options: StepFunctionsOptions;

  constructor(options: StepFunctionsOptions) {
    this.#options = options;
  }

  route(request: Request): Route {
    const operation = String(request.headers['x-amz-target']).replace(/^AWSStepFunctions\./, '');
    return {
      operation,
      authenticate: () => signedBy(request, 'states', stepFunctionsError),
      apply: (caller) => this.#apply(operation, caller, JSON.parse(request.body)),
    };
  }

  #apply(operation: string, caller: string, input: Input): Answer {
    const resource = input.stateMachineArn ?? input.executionArn ?? '';
    if (!this.#options.authorize(caller, `states:${operation}`, resource, {}))
      throw stepFunctionsError('AccessDeniedException', accessDeniedMessage(caller, `states:${operation}`, resource));
    if (operation === 'StartExecution') return this.#start(input);
    if (operation === 'DescribeExecution') return this.#describe(input);
    throw stepFunctionsError('UnknownOperationException', `The local cloud does not implement ${operation}.`);
  }

  /** Documented: idempotent while an execution with this name and input runs. An ended execution keeps its name for 90 days. */
  #start({ stateMachineArn, name, input = '{}' }: Input): Answer {
    const machine = this.#options.machines().find(({ arn }) => arn === stateMachineArn);
    if (!machine)
      throw stepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    const same = name && machine.executions.find((execution) => execution.name === name);
    if (same && (same.ended || JSON.stringify(same.input) !== JSON.stringify(JSON.parse(input))))
      throw stepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${same.arn}'`);
    const execution = same || machine.start(JSON.parse(input), name);
    return answer(encode(StartExecutionOutput$, { executionArn: execution.arn, startDate: execution.startDate }));
  }

  #describe({ executionArn }: Input): Answer {
    const machine = this.#options
      .machines()
      .find(({ executions }) => executions.some(({ arn }) => arn === executionArn));
    const execution = machine?.executions.find(({ arn }) => arn === executionArn);
    if (!machine || !execution)
      throw stepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return answer(encode(DescribeExecutionOutput$, describe(execution, machine)));
  }
}

const describe = ({ arn, name, startDate, ended }: Execution, machine: Machine) => ({
  executionArn: arn,
  stateMachineArn: machine.arn,
  name,
  status: ended?.status ?? 'RUNNING',
  startDate,
  ...(ended && { stopDate: ended.at }),
});

/** An error of Step Functions: always HTTP 400, with the error's name in `__type`. */
export const stepFunctionsError = (name: string, message: string): Refusal =>
  new Refusal(message, answer(JSON.stringify({ __type: name, message }), 400));

const answer = (body: string, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body,
});
