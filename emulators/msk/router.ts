import { randomUUID } from 'node:crypto';
import * as kafka from '@aws-sdk/client-kafka';
import { NormalizedSchema } from '@smithy/core/schema';
import { decode, encode, wrongType } from '../aws.ts';
import { type Answer, Refusal, type Request } from '../emulator.ts';
import { pathTemplate } from '../path-template.ts';

/**
 * Routes requests to the operations of the MSK API, and converts their inputs, outputs and errors. All of it follows the
 * schemas by which the AWS SDK writes requests and reads answers.
 */

type OperationSchema = typeof kafka.DescribeClusterV2$;
type StructureSchema = typeof kafka.DescribeClusterV2Request$;
type ErrorSchema = typeof kafka.NotFoundException$;

type OperationName = { [K in keyof typeof kafka]: K extends `${infer Op}Command` ? Op : never }[Exclude<
  keyof typeof kafka,
  '$Command'
>];
type Command<Op extends OperationName> = InstanceType<(typeof kafka)[`${Op}Command`]>;
type CommandOutput<Op extends OperationName> = Awaited<
  ReturnType<ReturnType<Command<Op>['resolveMiddleware']>>
>['output'];

/** An input without its required members is refused, so here they are never undefined. */
type Checked<Input> = { [K in keyof Input]: object extends Pick<Input, K> ? Input[K] : NonNullable<Input[K]> };

/** The operations that the emulator implements, in the SDK's types. */
export type Handlers = {
  [Op in OperationName]?: (
    input: Checked<Command<Op>['input']>,
    caller: string,
  ) => Omit<CommandOutput<Op>, '$metadata'>;
};

/** One operation of the MSK API, from the SDK's schema. */
class Operation {
  readonly name: OperationName;
  readonly method: string;
  readonly status: number;
  readonly match: ReturnType<typeof pathTemplate>;
  readonly #input: StructureSchema;
  readonly #output: NormalizedSchema;

  constructor(schema: OperationSchema) {
    const [, , name, traits, input, output] = schema;
    const [method, path, status] = (traits as { http: [string, string, number] }).http;
    this.name = name as OperationName;
    this.method = method;
    this.status = status;
    this.match = pathTemplate(path);
    this.#input = NormalizedSchema.of(input).getSchema() as StructureSchema;
    this.#output = NormalizedSchema.of(output);
  }

  /** Makes the SDK's input from body, labels and query. @throws Refusal if a required member is missing, or has the wrong type */
  async decode(request: Request, labels: Record<string, string>): Promise<Record<string, unknown>> {
    const body = request.body || '{}';
    const fault = wrongType(this.#input, parsed(body));
    if (fault) throw mskError('BadRequestException', `The request is not valid: ${fault}`);
    const input = await decode(this.#input, body);
    for (const [member, schema] of NormalizedSchema.of(this.#input).structIterator()) {
      const { httpLabel, httpQuery } = schema.getMergedTraits();
      const texts = httpLabel ? [labels[member] ?? ''] : httpQuery ? request.query.getAll(httpQuery) : [];
      if (texts.length > 0) input[member] = fromText(schema, texts);
    }
    const [, , , , members, , required = 0] = this.#input;
    const missing = members.slice(0, required).find((member) => input[member] === undefined);
    if (missing) throw mskError('BadRequestException', `Missing required member: ${missing}.`, lowerFirst(missing));
    return input;
  }

  encode(output: object): Answer {
    const body = this.#output.isUnitSchema() ? '' : encode(this.#output, output);
    const headers = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() };
    return { status: this.status, headers, body };
  }
}

/** All operations of the MSK API, including those that the emulator does not implement. */
const operations = Object.values(kafka)
  .filter((it): it is OperationSchema => Array.isArray(it) && it[0] === 9)
  .map((schema) => new Operation(schema));

export function routeMsk(request: Request) {
  for (const operation of operations) {
    const labels = operation.method === request.method && operation.match(request.path);
    if (labels) return { operation, labels };
  }
  throw mskError('UnknownOperationException', `MSK has no operation at ${request.method} ${request.path}.`);
}

/** The HTTP status of each error: from the SDK for MSK's errors; the others are errors of IAM and of the emulator. */
const statuses = new Map<string, number>([
  ...Object.values(kafka)
    .filter((it): it is ErrorSchema => Array.isArray(it) && it[0] === -3)
    .map((schema): [string, number] => [schema[2], Number(NormalizedSchema.of(schema).getMergedTraits().httpError)]),
  ['AccessDeniedException', 403],
  ['InvalidSignatureException', 403],
  ['MissingAuthenticationTokenException', 403],
  ['NotImplementedException', 501],
  ['UnknownOperationException', 404],
]);

/** An error of MSK: `{message, invalidParameter}`, with the error's name in a header. Documented. */
export function mskError(name: string, message: string, invalidParameter?: string): Refusal {
  return new Refusal(message, {
    status: statuses.get(name) ?? 500,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
    body: JSON.stringify({ message, invalidParameter }),
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw mskError('BadRequestException', 'The request body is not valid JSON.');
  }
}

function fromText(schema: NormalizedSchema, texts: string[]): unknown {
  if (schema.isListSchema()) return texts;
  return schema.isNumericSchema() ? Number(texts[0]) : texts[0];
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
