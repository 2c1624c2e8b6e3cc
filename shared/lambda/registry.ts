import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { clientOptions } from '../aws.ts';
import { AccountFaults } from '../registry/account-faults.ts';
import { Registry } from '../registry/registry.ts';
import { environment } from './environment.ts';
import type { Invocation } from './handler.ts';

const settings = environment(z.object({ REGISTRY_TABLE_NAME: z.string() }));

let dynamodb: DynamoDBClient | undefined;

const options = ({ signal }: Invocation) => {
  dynamodb ??= new DynamoDBClient(clientOptions);
  return { dynamodb, tableName: settings().REGISTRY_TABLE_NAME, signal };
};

/** The registry for this invocation; the SDK's client is kept per container. */
export const registry = (invocation: Invocation): Registry => new Registry(options(invocation));

/** The count of the failures that concern the whole deployment, in the same table. */
export const accountFaults = (invocation: Invocation): AccountFaults => new AccountFaults(options(invocation));
