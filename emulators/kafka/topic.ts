import { parseArn } from '../arn.ts';

/** A topic. A test may change its records at any time. */
export interface Topic {
  name: string;
  partitions: number;
  /** How many there are. */
  records: number;
  /** The fields of each record, for `$match`. Default: fields that no pipeline knows. */
  document?: Record<string, unknown>;
}

/** The ARN of a topic or a consumer group of a cluster. Documented in the service authorization reference. */
export function kafkaArn(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  const { resource } = parseArn(clusterArn);
  return `${clusterArn.slice(0, -resource.length)}${resource.replace(/^cluster/, kind)}/${name}`;
}
