import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { clientOptions } from '../aws.ts';
import { Registry } from '../registry/registry.ts';
import { environment } from './environment.ts';
import type { Invocation } from './handler.ts';

const settings = environment(z.object({ REGISTRY_TABLE_NAME: z.string() }));

let dynamodb: DynamoDBClient | undefined;

/** The registry for this invocation; the SDK's client is kept per container. */
export const registry = ({ signal }: Invocation): Registry => {
  dynamodb ??= new DynamoDBClient(clientOptions);
  return new Registry({ dynamodb, tableName: settings().REGISTRY_TABLE_NAME, signal });
};
