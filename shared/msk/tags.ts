import {
  type KafkaClient,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-kafka';
import { fromAws } from '../aws.ts';
import { cut } from '../request/cut.ts';

/** The tag that asks; the EventBridge rule watches this key and no other. */
export const triggerTag = 'atlas-streaming';

/** Settings that the cluster's owner may give by tag, and the field of the input that each stands for. */
export const settingTags = {
  projectId: 'atlas-streaming:project-id',
  workspace: 'atlas-streaming:workspace',
  connectionName: 'atlas-streaming:connection-name',
  secretArn: 'atlas-streaming:secret-arn',
} as const;

/** What a run says of itself on the cluster. None of these keys starts a run. */
export interface StatusTags {
  status: 'connecting' | 'connected' | 'failed' | 'disconnecting' | 'disconnected';
  detail: string;
  execution: string;
  'private-link-id'?: string;
  'secret-version'?: string;
  'verified-at'?: string;
}

/** All tags of a cluster. @throws AwsRefused (NotFoundException where it is gone), AwsUnavailable */
export async function tagsOf(
  clusterArn: string,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<Record<string, string>> {
  const command = new ListTagsForResourceCommand({ ResourceArn: clusterArn });
  const { Tags = {} } = await fromAws('kafka:ListTagsForResource', kafka.send(command, { abortSignal: signal }));
  return Tags;
}

/**
 * Writes the status on the cluster's own tags; other tags stay as they are.
 *
 * @throws AwsRefused, AwsUnavailable
 */
export async function writeStatus(
  clusterArn: string,
  status: StatusTags,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<void> {
  const Tags = Object.fromEntries(
    Object.entries(status).map(([key, value]) => [`${triggerTag}:${key}`, tagValue(value)]),
  );
  const command = new TagResourceCommand({ ResourceArn: clusterArn, Tags });
  await fromAws('kafka:TagResource', kafka.send(command, { abortSignal: signal }));
}

/** The key of a status tag, such as `atlas-streaming:status`. */
export const statusTag = (name: keyof StatusTags): string => `${triggerTag}:${name}`;

/** Takes the tags away that say what is connected. @throws AwsRefused, AwsUnavailable */
export async function clearConnectedTags(
  clusterArn: string,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<void> {
  const TagKeys = (['private-link-id', 'secret-version', 'verified-at'] as const).map(statusTag);
  const command = new UntagResourceCommand({ ResourceArn: clusterArn, TagKeys });
  await fromAws('kafka:UntagResource', kafka.send(command, { abortSignal: signal }));
}

/**
 * Fits a text into a tag's value: letters, digits, spaces and `_ . : / = + - @`, at most 256 of them.
 *
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 */
export const tagValue = (text: string): string =>
  cut(
    text
      .replace(/[^\p{L}\p{N}_.:/=+\-@ ]+/gu, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
    256,
  );
