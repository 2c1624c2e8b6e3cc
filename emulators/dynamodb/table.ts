import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { CreateTableInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import dynalite from 'dynalite';
import type { Answer, Request } from '../emulator.ts';

/** The properties of the table in infrastructure/registry.yml that CreateTable takes too. */
export type TableDefinition = Required<
  Pick<CreateTableInput, 'TableName' | 'AttributeDefinitions' | 'KeySchema' | 'BillingMode'>
>;

type Item = Record<string, unknown>;
type RawItem = Parameters<typeof unmarshall>[0];

/**
 * One table, empty at first, in a DynamoDB of its own: dynalite, in the memory of this process. Its items can be read and written
 * directly, as plain objects.
 */
export class Table {
  readonly name: string;
  readonly #key: string;
  readonly #dynalite = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  readonly #created: Promise<void>;

  constructor(definition: TableDefinition) {
    this.name = definition.TableName ?? '';
    this.#key = definition.KeySchema?.[0]?.AttributeName ?? '';
    this.#created = this.#create(definition);
  }

  /** What DynamoDB answers to a signed request. */
  async answer(request: Pick<Request, 'headers' | 'body'>): Promise<Answer> {
    await this.#created;
    return this.#send(request);
  }

  /** All items. */
  async all(): Promise<Item[]> {
    const items: Item[] = [];
    let ExclusiveStartKey: unknown;
    do {
      const page = await this.#call('Scan', { ExclusiveStartKey });
      items.push(...(page.Items as RawItem[]).map((item) => unmarshall(item)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  }

  async get(key: string): Promise<Item | undefined> {
    const { Item } = await this.#call('GetItem', { Key: marshall({ [this.#key]: key }), ConsistentRead: true });
    return Item ? unmarshall(Item as RawItem) : undefined;
  }

  async put(item: Item): Promise<void> {
    await this.#call('PutItem', { Item: marshall(item, { removeUndefinedValues: true }) });
  }

  async remove(key: string): Promise<void> {
    await this.#call('DeleteItem', { Key: marshall({ [this.#key]: key }) });
  }

  async #create({ TableName, AttributeDefinitions, KeySchema, BillingMode }: TableDefinition): Promise<void> {
    await this.#request('CreateTable', { TableName, AttributeDefinitions, KeySchema, BillingMode });
    const status = async () => (await this.#request('DescribeTable', { TableName })).Table as { TableStatus: string };
    while ((await status()).TableStatus !== 'ACTIVE') await setImmediate();
  }

  async #call(operation: string, input: object): Promise<Record<string, unknown>> {
    await this.#created;
    return this.#request(operation, { TableName: this.name, ...input });
  }

  async #request(operation: string, input: object): Promise<Record<string, unknown>> {
    const { status, body } = await this.#send({
      headers: { ...ownHeaders, 'x-amz-target': `DynamoDB_20120810.${operation}` },
      body: JSON.stringify(input),
    });
    if (status !== 200) throw new Error(`The local DynamoDB has refused ${operation}: ${body}`);
    return JSON.parse(body);
  }

  /** Calls dynalite's request listener without a connection, which saves half of the time. */
  #send({ headers, body }: Pick<Request, 'headers' | 'body'>): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const answerHeaders: Record<string, string> = {};
    const response = {
      statusCode: 200,
      setHeader: (name: string, value: unknown) => {
        answerHeaders[name.toLowerCase()] = String(value);
      },
      end: (text: string) => resolve({ status: response.statusCode, headers: answerHeaders, body: text }),
    };
    const request = Object.assign(Readable.from([Buffer.from(body)]), { method: 'POST', url: '/', headers });
    this.#dynalite.emit('request', request, response);
    return promise;
  }
}

/** dynalite wants signed requests, and verifies no signature. */
const ownHeaders = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20261123T120000Z',
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
};
