import { readFileSync } from 'node:fs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import { AwsRefused, DeploymentMisconfigured } from '../shared/errors.ts';
import type { Unreadable } from '../shared/registry/item.ts';
import type { RegistryRecord } from '../shared/registry/record.ts';
import { Registry } from '../shared/registry/registry.ts';
import { whyNoAnswer } from './aws-access.ts';
import { NoAccess } from './exit.ts';

/** An account and Region has one registry, under a fixed name, whatever the stage is. */
export const registryTableName: string = parse(
  readFileSync(new URL('../infrastructure/registry.yml', import.meta.url), 'utf8'),
).Resources.Registry.Properties.TableName;

/** @param error of the registry */
export const isTableMissing = (error: unknown): boolean =>
  error instanceof DeploymentMisconfigured &&
  error.cause instanceof AwsRefused &&
  error.cause.code === 'ResourceNotFoundException';

export interface Registered {
  records: RegistryRecord[];
  /** Items that are not records of this version. */
  unreadable: Unreadable[];
}

/**
 * Everything in the registry of this account and Region.
 *
 * @returns undefined if there is no such table, because nothing is deployed
 * @throws NoAccess
 */
export async function readRegistry(dynamodb: DynamoDBClient): Promise<Registered | undefined> {
  const signal = new AbortController().signal;
  try {
    return await new Registry({ dynamodb, tableName: registryTableName, signal }).scan();
  } catch (error) {
    if (isTableMissing(error)) return undefined;
    const cause = error instanceof DeploymentMisconfigured ? error.cause : error;
    const sentence = whyNoAnswer(cause)?.sentence ?? (cause as Error).message;
    throw new NoAccess(`The registry (the DynamoDB table ${registryTableName}) cannot be read. ${sentence}`);
  }
}
