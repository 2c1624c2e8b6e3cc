import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { DeploymentMisconfigured } from '../errors.ts';
import { parseClusterArn } from '../msk/arn.ts';
import { RegistryRecord } from './record.ts';

/** An item that isn't a record of this version. */
export interface Unreadable {
  clusterArn: string;
  error: string;
}

/** An item of the registry's table, as DynamoDB returns it. */
export type Item = Record<string, AttributeValue>;

/** Whether it is the item of a cluster. */
export const isOfCluster = ({ clusterArn }: Item): boolean => parseClusterArn(clusterArn?.S ?? '') !== undefined;

/** @throws DeploymentMisconfigured if it isn't a record of this version: a record that cannot be read is not taken for none */
export function recordOf(item: Item): RegistryRecord {
  const { record, unreadable } = readItem(item);
  if (unreadable) throw new DeploymentMisconfigured(unreadable.error);
  return record;
}

type Read = { record: RegistryRecord; unreadable?: never } | { record?: never; unreadable: Unreadable };

/** @returns the record, or why it isn't a record of this version */
export function readItem(item: Item): Read {
  const { data, error } = RegistryRecord.safeParse(unmarshall(item));
  if (data) return { record: data };
  const { clusterArn } = unmarshall(item);
  const fields = error.issues.map(({ path }) => path.join('.')).join(', ');
  return {
    unreadable: {
      clusterArn,
      error: `The registry's item ${clusterArn} cannot be read (${fields}). It was edited by hand, or a newer version has written it. Correct the attribute, or deploy that version.`,
    },
  };
}
