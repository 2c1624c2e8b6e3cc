import { type AttributeValue, type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { fromTable, undefinedIfConditionFailed } from './table.ts';

/** The errors that concern the whole deployment, such as an expired key. */
const names = new Set(['AtlasCredentialsRefused', 'DeploymentMisconfigured']);

/** @param error the name of an error's class */
export const isAccountFault = (error: string): boolean => names.has(error);

/** The key of the one item that isn't about a cluster. */
const key = marshall({ clusterArn: 'account-faults' });

const windowMs = 3_600_000;

/** `count`: the failures of this hour, with the first. `reporter`: the execution of the first, whose message reports all. */
const Window = z.object({
  windowStart: z.string(),
  count: z.number(),
  reporter: z.string(),
  isReported: z.optional(z.boolean()),
});
type Window = z.infer<typeof Window>;

/** What a message reports about the hour before. */
export interface Earlier {
  windowStart: string;
  /** The failures that were counted after the one that was reported. */
  further: number;
}

/**
 * Counts the failures that concern the whole deployment, in an item of the registry's table, so that they become one message an hour.
 * Every method throws AwsThrottled, AwsUnavailable or DeploymentMisconfigured.
 */
export class AccountFaults {
  readonly #dynamodb: DynamoDBClient;
  readonly #tableName: string;
  readonly #options: { abortSignal: AbortSignal };

  constructor({ dynamodb, tableName, signal }: { dynamodb: DynamoDBClient; tableName: string; signal: AbortSignal }) {
    this.#dynamodb = dynamodb;
    this.#tableName = tableName;
    this.#options = { abortSignal: signal };
  }

  /**
   * Counts a failure. Of simultaneous first ones, one is to be reported. Until `reported` was called, a repetition for the same
   * execution says again that it is to be reported: its message may have failed.
   *
   * @param at ISO 8601
   * @returns undefined if this hour's message reports it; else what the message also reports of the hour before
   */
  async count(executionArn: string, at: string): Promise<{ earlier?: Earlier } | undefined> {
    const hourAgo = new Date(Date.parse(at) - windowMs).toISOString();
    const opened = await this.#update({
      UpdateExpression: 'SET #windowStart = :at, #count = :one, #reporter = :me REMOVE #isReported',
      ConditionExpression: 'attribute_not_exists(#windowStart) OR #windowStart <= :hourAgo',
      values: { ':at': at, ':one': 1, ':me': executionArn, ':hourAgo': hourAgo },
      ReturnValues: 'ALL_OLD',
    });
    if (opened) {
      const { data: before } = Window.safeParse(unmarshall(opened));
      return before && before.count > 1
        ? { earlier: { windowStart: before.windowStart, further: before.count - 1 } }
        : {};
    }
    const window = await this.#read();
    if (window?.reporter === executionArn) return window.isReported ? undefined : {};
    await this.#update({
      UpdateExpression: 'ADD #count :one',
      values: { ':one': 1 },
    });
    return undefined;
  }

  /** Notes that the message of this execution was published. */
  async reported(executionArn: string): Promise<void> {
    await this.#update({
      UpdateExpression: 'SET #isReported = :true',
      ConditionExpression: '#reporter = :me',
      values: { ':true': true, ':me': executionArn },
    });
  }

  async #read(): Promise<Window | undefined> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: key, ConsistentRead: true });
    const answer = this.#dynamodb.send(command, this.#options);
    const { Item } = await fromTable(this.#tableName, 'dynamodb:GetItem', answer);
    return Item && Window.safeParse(unmarshall(Item)).data;
  }

  /** @returns the attributes that were asked for, or undefined if the condition is not met */
  async #update(update: {
    UpdateExpression: string;
    ConditionExpression?: string;
    values: Record<string, string | number | boolean>;
    ReturnValues?: 'ALL_OLD';
  }): Promise<Record<string, AttributeValue> | undefined> {
    const { values, ...expressions } = update;
    const used = `${update.UpdateExpression} ${update.ConditionExpression ?? ''}`.match(/#\w+/g) ?? [];
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: key,
      ...expressions,
      // Some of the names are reserved words of DynamoDB.
      ExpressionAttributeNames: Object.fromEntries(used.map((name) => [name, name.slice(1)])),
      ExpressionAttributeValues: marshall(values),
    });
    const answer = this.#dynamodb.send(command, this.#options).catch(undefinedIfConditionFailed);
    const changed = await fromTable(this.#tableName, 'dynamodb:UpdateItem', answer);
    return changed && (changed.Attributes ?? {});
  }
}
