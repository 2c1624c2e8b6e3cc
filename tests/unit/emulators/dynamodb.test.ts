import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Authorize } from '../../../emulators/aws.ts';
import type { Test } from '../../fixtures/loopback.ts';
import { startRegistry } from '../../fixtures/registry.ts';
import { clusterArn, region } from '../../fixtures/request.ts';

const other = clusterArn.replace('orders', 'others');

async function start(t: Test, authorize?: Authorize) {
  const started = await startRegistry(t, authorize);
  const { dynamodb, tableName: TableName } = started;
  const Key = marshall({ clusterArn });
  /** Updates the item of the cluster. @returns the item after the update */
  const update = async (
    UpdateExpression: string,
    { values, ...input }: Partial<UpdateItemCommandInput> & { values?: object } = {},
  ) => {
    const given = values && { ExpressionAttributeValues: marshall(values) };
    const command = { TableName, Key, UpdateExpression, ReturnValues: 'ALL_NEW', ...given, ...input } as const;
    const { Attributes = {} } = await dynamodb.send(new UpdateItemCommand(command));
    return unmarshall(Attributes);
  };
  return { ...started, TableName, Key, update };
}

suite('the local DynamoDB', () => {
  test('gives a claim to one of two callers', async (t) => {
    const { update } = await start(t);
    const claim = (holder: string, previous: string) =>
      update('SET holder = :holder', {
        ConditionExpression: 'attribute_not_exists(holder) OR holder = :previous',
        values: { ':holder': holder, ':previous': previous },
      });
    const outcomes = await Promise.allSettled([claim('one', 'none'), claim('two', 'none')]);
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const lost = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    assert.ok(lost.reason instanceof ConditionalCheckFailedException);
    const winner = outcomes.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<{ holder: string }>;
    assert.deepEqual(await claim('three', winner.value.holder), { clusterArn, holder: 'three' });
  });

  test('sets and removes attributes in one update, also in maps', async (t) => {
    const { update, put, get } = await start(t);
    await put({ clusterArn, holder: 'one', claimedAt: '', privateLink: { attemptedAt: 'then' }, failures: 2 });
    const after = await update(
      'SET privateLink.id = :id, #status = :status REMOVE holder, privateLink.attemptedAt, absent',
      {
        ConditionExpression: 'holder = :holder',
        ExpressionAttributeNames: { '#status': 'status' },
        values: { ':id': '6a7941d3', ':status': 'connected', ':holder': 'one' },
      },
    );
    const expected = { clusterArn, claimedAt: '', privateLink: { id: '6a7941d3' }, failures: 2, status: 'connected' };
    assert.deepEqual(after, expected);
    assert.deepEqual(await get(clusterArn), expected);
  });

  test('refuses to set an attribute of a map that does not exist', async (t) => {
    const { update } = await start(t);
    await assert.rejects(update('SET privateLink.id = :id', { values: { ':id': '1' } }), {
      name: 'ValidationException',
    });
  });

  test('replaces a whole map, and creates an item that does not exist', async (t) => {
    const { update } = await start(t);
    const set = (link: object) => update('SET privateLink = :link', { values: { ':link': link } });
    await set({ id: '1', attemptedAt: 'then' });
    const after = await set({ id: '2', isNews: true, list: [1] });
    assert.deepEqual(after, { clusterArn, privateLink: { id: '2', isNews: true, list: [1] } });
  });

  test('refuses a reserved word as the name of an attribute', async (t) => {
    const { update } = await start(t);
    for (const name of ['connection', 'status', 'action'])
      await assert.rejects(update(`REMOVE ${name}`), /Attribute name is a reserved keyword/);
  });

  test('reads items singly and in pages, and deletes them on a condition', async (t) => {
    const { dynamodb, TableName, Key, put, all } = await start(t);
    await put({ clusterArn });
    await dynamodb.send(new PutItemCommand({ TableName, Item: marshall({ clusterArn: other }) }));
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    assert.deepEqual(Item, Key);
    const first = await dynamodb.send(new ScanCommand({ TableName, Limit: 1, ConsistentRead: true }));
    const { LastEvaluatedKey: ExclusiveStartKey } = first;
    const second = await dynamodb.send(new ScanCommand({ TableName, Limit: 1, ExclusiveStartKey }));
    const found = [first, second].flatMap(({ Items = [] }) => Items.map((item) => unmarshall(item).clusterArn));
    assert.deepEqual(found.toSorted(), [clusterArn, other].toSorted());
    const values = { ExpressionAttributeValues: marshall({ ':holder': 'one' }) };
    const remove = new DeleteItemCommand({ TableName, Key, ConditionExpression: 'holder = :holder', ...values });
    await assert.rejects(dynamodb.send(remove), ConditionalCheckFailedException);
    await dynamodb.send(new DeleteItemCommand({ TableName, Key }));
    assert.deepEqual(await all(), [{ clusterArn: other }]);
  });

  test('records the requests of a client, and not what a test reads and writes itself', async (t) => {
    const { dynamodb, TableName, Key, put, all, recorder } = await start(t);
    await put({ clusterArn, undefined: undefined });
    await all();
    await dynamodb.send(new GetItemCommand({ TableName, Key }));
    assert.deepEqual(
      recorder.exchanges.map(({ service, operation, caller }) => [service, operation, caller]),
      [['dynamodb', 'GetItem', 'AKIATEST']],
    );
  });

  test('does not know another table', async (t) => {
    const { dynamodb, Key } = await start(t);
    const command = new GetItemCommand({ TableName: 'other', Key });
    await assert.rejects(dynamodb.send(command), ResourceNotFoundException);
  });

  test('refuses a body that is not a JSON object', async (t) => {
    const { url } = await start(t);
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIATEST/20261127/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`;
    const headers = { authorization, 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    for (const body of ['{', '', 'null', '[]', '5']) {
      const answer = await fetch(url, { method: 'POST', headers, body });
      assert.equal(answer.status, 400, body);
      assert.match(await answer.text(), /#SerializationException"/);
    }
  });

  test('refuses a parameter that dynalite ignores', async (t) => {
    const { update } = await start(t);
    const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
    await assert.rejects(update('REMOVE holder', { ReturnValuesOnConditionCheckFailure }), /does not implement/);
  });

  test('asks IAM for the operation on the table', async (t) => {
    const asked: unknown[] = [];
    const authorize: Authorize = (...args) => asked.push(args.slice(0, 3)) === 1;
    const { dynamodb, TableName, Key } = await start(t, authorize);
    await dynamodb.send(new GetItemCommand({ TableName, Key }));
    const denied = dynamodb.send(new DeleteItemCommand({ TableName, Key }));
    await assert.rejects(denied, (error: DynamoDBServiceException) => {
      assert.equal(error.name, 'AccessDeniedException');
      return /not authorized to perform: dynamodb:DeleteItem/.test(error.message);
    });
    const arn = `arn:aws:dynamodb:${region}:111122223333:table/${TableName}`;
    assert.deepEqual(asked, [
      ['AKIATEST', 'dynamodb:GetItem', arn],
      ['AKIATEST', 'dynamodb:DeleteItem', arn],
    ]);
  });
});
