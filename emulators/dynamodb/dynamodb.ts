import { type Authorize, accessDeniedMessage, signedBy } from '../aws.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from '../emulator.ts';
import { Table, type TableDefinition } from './table.ts';

interface DynamoDbOptions {
  region: string;
  accountId: string;
  authorize?: Authorize | undefined;
}

/** Parameters that DynamoDB knows and dynalite ignores. */
const notImplemented = ['ReturnValuesOnConditionCheckFailure'];

/**
 * DynamoDB with one table, over awsJson1.0. dynalite answers; this class adds IAM. Documented: the resource of every operation is
 * the table, and errors have HTTP 400. dynalite's answers follow the recorded ones of DynamoDB. Unlike DynamoDB, each read is
 * strongly consistent.
 */
export class DynamoDbEmulator implements Service {
  readonly name = 'dynamodb';
  readonly table: Table;
  readonly #options: DynamoDbOptions;

  constructor(definition: TableDefinition, options: DynamoDbOptions) {
    this.table = new Table(definition);
    this.#options = options;
  }

  route(request: Request): Route {
    const operation = String(request.headers['x-amz-target']).replace(/^DynamoDB_20120810\./, '');
    return {
      operation,
      authenticate: () => signedBy(request, 'dynamodb', dynamoDbError, this.#options.region),
      apply: (caller) => this.#apply(operation, caller, request),
    };
  }

  async #apply(operation: string, caller: string, request: Request): Promise<Answer> {
    const { region, accountId, authorize = () => true } = this.#options;
    const input = inputOf(request);
    const arn = `arn:aws:dynamodb:${region}:${accountId}:table/${input.TableName}`;
    if (!authorize(caller, `dynamodb:${operation}`, arn, {}))
      throw dynamoDbError('AccessDeniedException', accessDeniedMessage(caller, `dynamodb:${operation}`, arn));
    const unknown = notImplemented.find((parameter) => parameter in input);
    if (unknown) throw dynamoDbError('UnknownOperationException', `The local DynamoDB does not implement ${unknown}.`);
    return this.table.answer(request);
  }
}

/** dynalite checks the types of the members. */
function inputOf({ body }: Request): Record<string, unknown> {
  const input = parsed(body);
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  throw dynamoDbError('SerializationException', 'The request body is not a JSON object.');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** An error that DynamoDB shares with other AWS services: HTTP 400, with the error's name in `__type`. Recorded by dynalite. */
export const dynamoDbError = (name: string, message: string): Refusal =>
  new Refusal(message, {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: `com.amazon.coral.service#${name}`, Message: message }),
  });
