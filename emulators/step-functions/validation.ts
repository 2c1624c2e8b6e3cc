import { Refusal } from '../emulator.ts';
import { maxDataBytes } from './data-limit.ts';

/** How Step Functions checks the parameters of its operations, before anything else. Documented, unless said otherwise. */

/** An error of Step Functions: always HTTP 400, with the error's name in `__type`. */
export const stepFunctionsError = (name: string, message: string): Refusal =>
  new Refusal(message, {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: name, message }),
  });

/** A parameter breaks a rule of the API. Assumed: the text, which is that of AWS's common validation. */
export const validationError = (what: string): Refusal =>
  stepFunctionsError('ValidationException', `1 validation error detected: ${what}`);

/**
 * White space, brackets, wildcards, special and control characters.
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
const forbiddenInNames = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;

const longestName = 80;

/** @throws Refusal InvalidName */
export function validateName(name: string | undefined): void {
  if (name === undefined) return;
  if (name.length === 0 || name.length > longestName || forbiddenInNames.test(name))
    throw stepFunctionsError('InvalidName', `Invalid Name: '${name}'`);
}

/**
 * The input of an execution.
 * @throws Refusal InvalidExecutionInput or ValidationException
 */
export function parseInput(input: string): unknown {
  if (Buffer.byteLength(input) > maxDataBytes)
    throw validationError(
      `Value at 'input' failed to satisfy constraint: Member must have length less than or equal to ${maxDataBytes}`,
    );
  return parse(input, () =>
    stepFunctionsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${input}'`),
  );
}

/** @throws Refusal SerializationException if the body of a request isn't a JSON object */
export function parseBody(body: string): Record<string, unknown> {
  const refusal = () => stepFunctionsError('SerializationException', 'The request body is not a JSON object.');
  const input = parse(body, refusal);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw refusal();
  return input as Record<string, unknown>;
}

function parse(json: string, refusal: () => Refusal): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw refusal();
  }
}

/** How many parts an ARN of each type of resource has after the type. */
const partsOf = { stateMachine: 1, execution: 2 };

/**
 * The words about another type are reported (cirrus-geo/cirrus-geo#316), the others assumed.
 * @throws Refusal InvalidArn
 */
export function validateArn(arn: string | undefined, type: keyof typeof partsOf): void {
  const [prefix, partition, service, region, accountId, actual = '', ...parts] = (arn ?? '').split(':');
  const isOfStates =
    prefix === 'arn' && partition && service === 'states' && region && /^\d{12}$/.test(accountId ?? '');
  if (isOfStates && actual in partsOf && actual !== type)
    throw stepFunctionsError('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${actual}'`);
  if (!isOfStates || actual !== type || parts.length !== partsOf[type] || parts.includes(''))
    throw stepFunctionsError('InvalidArn', `Invalid Arn: '${arn}'`);
}
