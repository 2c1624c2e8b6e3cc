import { regionOf } from './arn.ts';

/** The AWS CLI's command that sets tags of a cluster. */
export const tagCommand = (clusterArn: string, tags: Record<string, string>): string =>
  `aws kafka tag-resource ${place(clusterArn)} --tags ${Object.entries(tags)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(',')}`;

/** The AWS CLI's command that removes tags of a cluster. */
export const untagCommand = (clusterArn: string, keys: string[]): string =>
  `aws kafka untag-resource ${place(clusterArn)} --tag-keys ${keys.join(' ')}`;

const place = (clusterArn: string): string => `--region ${regionOf(clusterArn)} --resource-arn ${clusterArn}`;

/** A connection's name may have an asterisk, which a shell would replace. */
const quoted = (value: string): string => (value.includes('*') ? `'${value}'` : value);
