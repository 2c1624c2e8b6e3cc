import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { ClaimLost } from '../errors.ts';
import { type Item, isOfCluster, readItem, recordOf, type Unreadable } from './item.ts';
import type { RegistryRecord } from './record.ts';
import { fromTable, undefinedIfConditionFailed } from './table.ts';

/** New values of attributes; null removes an attribute. */
export type Changes = { [Name in Exclude<keyof RegistryRecord, 'clusterArn'>]?: RegistryRecord[Name] | null };

/** An execution's right to work on a cluster. */
export interface Claim {
  holder: string;
  action: 'connect' | 'disconnect';
  /** ISO 8601. */
  claimedAt: string;
  wantedBy: 'tag' | 'console' | 'sweep';
}

/** The attributes that a claim consists of, removed. */
export const noClaim = {
  holder: null,
  action: null,
  claimedAt: null,
  wantedBy: null,
  stopped: null,
} satisfies Changes;

/** What a record says about a missing cluster, removed. */
export const isFound = { missingSince: null, missingReported: null } satisfies Changes;

/**
 * The registry: a DynamoDB table with one item for each cluster. Every method throws AwsThrottled, AwsUnavailable or
 * DeploymentMisconfigured (the table is missing, may not be used, or its key is disabled) besides what it names.
 *
 * A change of a registry that fails is never taken for "no record". Every read is consistent.
 */
export class Registry {
  readonly #dynamodb: DynamoDBClient;
  readonly #tableName: string;
  readonly #options: { abortSignal: AbortSignal };

  constructor({ dynamodb, tableName, signal }: { dynamodb: DynamoDBClient; tableName: string; signal: AbortSignal }) {
    this.#dynamodb = dynamodb;
    this.#tableName = tableName;
    this.#options = { abortSignal: signal };
  }

  async readRecord(clusterArn: string): Promise<RegistryRecord | undefined> {
    const command = new GetItemCommand({
      TableName: this.#tableName,
      Key: marshall({ clusterArn }),
      ConsistentRead: true,
    });
    const { Item } = await this.#call('dynamodb:GetItem', this.#dynamodb.send(command, this.#options));
    return Item && recordOf(Item);
  }

  /** The records of all clusters. One that cannot be read must not hide the others. */
  async scan(): Promise<{ records: RegistryRecord[]; unreadable: Unreadable[] }> {
    const query = { TableName: this.#tableName, ConsistentRead: true };
    const pages = paginateScan({ client: this.#dynamodb }, query, this.#options);
    const items: Item[] = [];
    const readAll = async () => {
      for await (const { Items = [] } of pages) items.push(...Items);
    };
    await this.#call('dynamodb:Scan', readAll());
    const read = items.filter(isOfCluster).map(readItem);
    return {
      records: read.flatMap(({ record }) => record ?? []),
      unreadable: read.flatMap(({ unreadable }) => unreadable ?? []),
    };
  }

  /**
   * Claims a cluster, unless another execution holds it. Safe to repeat.
   *
   * @param previousHolder an execution that has ended, which may still be recorded as the holder
   * @returns the record, or undefined if another execution holds the cluster
   */
  async claim(
    clusterArn: string,
    claim: Claim & Changes,
    previousHolder: string | undefined,
  ): Promise<RegistryRecord | undefined> {
    const holders = { ':me': claim.holder, ...(previousHolder && { ':previous': previousHolder }) };
    return this.#change(clusterArn, claim, {
      condition: `attribute_not_exists(#holder) OR #holder = :me${previousHolder ? ' OR #holder = :previous' : ''}`,
      values: holders,
    });
  }

  /**
   * Makes sure that this execution still holds the cluster. Call it before each write at AWS or Atlas: an execution that was stopped
   * and redriven, or a function that outlives its execution, must not change anything.
   *
   * @throws ClaimLost
   */
  confirm(clusterArn: string, holder: string): Promise<RegistryRecord> {
    return this.update(clusterArn, holder, { holder });
  }

  /** Changes the record of a cluster that this execution holds. @throws ClaimLost */
  async update(clusterArn: string, holder: string, changes: Changes): Promise<RegistryRecord> {
    const record = await this.#change(clusterArn, changes, heldBy(holder));
    if (record) return record;
    throw claimLost(clusterArn, holder);
  }

  /** Changes the record and gives the cluster back. Safe to repeat. @throws ClaimLost */
  async release(clusterArn: string, holder: string, changes: Changes): Promise<void> {
    const released = { ...changes, ...noClaim, lastExecution: holder };
    if (await this.#change(clusterArn, released, heldBy(holder))) return;
    // The answer to an earlier attempt may have been lost.
    const record = await this.readRecord(clusterArn);
    if (record?.lastExecution !== holder) throw claimLost(clusterArn, holder);
  }

  /** Deletes the record of a cluster that this execution holds. An absent record is fine. @throws ClaimLost */
  async remove(clusterArn: string, holder: string): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.#tableName,
      Key: marshall({ clusterArn }),
      ConditionExpression: 'attribute_not_exists(clusterArn) OR #holder = :me',
      ExpressionAttributeNames: { '#holder': 'holder' },
      ExpressionAttributeValues: marshall({ ':me': holder }),
    });
    const answer = this.#dynamodb.send(command, this.#options).catch(undefinedIfConditionFailed);
    if (!(await this.#call('dynamodb:DeleteItem', answer))) throw claimLost(clusterArn, holder);
  }

  /**
   * Changes a record without a claim, as the sweep does.
   *
   * @param expectedHolder the holder that the caller has read, or undefined if there was none
   * @param seen the record that the caller has read, if its last failure must still be the same
   * @returns false, without any change, if the holder or the last failure is another one by now
   */
  async updateUnclaimed(
    clusterArn: string,
    expectedHolder: string | undefined,
    changes: Changes,
    seen?: { record: RegistryRecord | undefined },
  ): Promise<boolean> {
    const free = expectedHolder ? heldBy(expectedHolder) : { condition: 'attribute_not_exists(#holder)', values: {} };
    const { condition, values } = seen ? failedLastAt(seen.record) : { condition: undefined, values: {} };
    const expected = {
      condition: [free.condition, condition].filter(Boolean).join(' AND '),
      values: { ...free.values, ...values },
    };
    return (await this.#change(clusterArn, changes, expected)) !== undefined;
  }

  /**
   * Notes in an existing record what concerns no run, such as who was notified, whoever holds the cluster.
   *
   * @returns false, without any change, if there is no record
   */
  async note(clusterArn: string, changes: Pick<Changes, 'notifiedExecution' | 'missingReported'>): Promise<boolean> {
    return (await this.#change(clusterArn, changes, { condition: 'attribute_exists(clusterArn)' })) !== undefined;
  }

  /** @returns the record after the change, or undefined if the condition is not met */
  async #change(
    clusterArn: string,
    changes: Changes,
    { condition, values = {} }: { condition: string; values?: Record<string, string> },
  ): Promise<RegistryRecord | undefined> {
    const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
    const set = entries.filter(([, value]) => value !== null);
    const removed = entries.filter(([, value]) => value === null);
    // DynamoDB refuses a name that no expression uses.
    const names = [...(condition.match(/(?<=#)\w+/g) ?? []), ...entries.map(([name]) => name)];
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: marshall({ clusterArn }),
      UpdateExpression: [
        set.length > 0 && `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        removed.length > 0 && `REMOVE ${removed.map(([name]) => `#${name}`).join(', ')}`,
      ]
        .filter(Boolean)
        .join(' '),
      ConditionExpression: condition,
      // Many of the names are reserved words of DynamoDB.
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ...(set.length + Object.keys(values).length > 0 && {
        ExpressionAttributeValues: marshall(
          { ...values, ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])) },
          { removeUndefinedValues: true },
        ),
      }),
      ReturnValues: 'ALL_NEW',
    });
    const answer = this.#dynamodb.send(command, this.#options).catch(undefinedIfConditionFailed);
    const changed = await this.#call('dynamodb:UpdateItem', answer);
    return changed && recordOf(changed.Attributes ?? {});
  }

  #call<Answer>(action: string, answer: Promise<Answer>): Promise<Answer> {
    return fromTable(this.#tableName, action, answer);
  }
}

const heldBy = (holder: string) => ({ condition: '#holder = :me', values: { ':me': holder } });

const failedLastAt = (record: RegistryRecord | undefined) => {
  const { lastFailure } = record ?? {};
  return lastFailure
    ? {
        condition: '#lastFailure.#executionArn = :failed AND #lastFailure.#at = :failedAt',
        values: { ':failed': lastFailure.executionArn, ':failedAt': lastFailure.at },
      }
    : { condition: 'attribute_not_exists(#lastFailure)', values: {} };
};

const claimLost = (clusterArn: string, holder: string) =>
  new ClaimLost(
    `Execution ${holder} no longer holds ${clusterArn}: a later run has taken over, so this one changes nothing more. Don't redrive it; start a new execution if one is needed.`,
  );
