import { cut } from '../cut.ts';
import type { MskClient } from './client.ts';

/** The tag that starts a run; the EventBridge rules match this key and no other. */
export const triggerTag = 'atlas-streaming';

/** Settings that the cluster's owner may give by tag. Each has the meaning of a field of the input. */
export const settingTags = {
  projectId: 'atlas-streaming:project-id',
  workspace: 'atlas-streaming:workspace',
  connectionName: 'atlas-streaming:connection-name',
  secretArn: 'atlas-streaming:secret-arn',
} as const;

/** What a run writes about itself on the cluster. None of these keys starts a run. */
export interface StatusTags {
  status: 'connecting' | 'connected' | 'failed' | 'disconnecting' | 'disconnected';
  detail: string;
  execution: string;
  'private-link-id'?: string;
  'secret-version'?: string;
  'verified-at'?: string;
}

/**
 * Writes the status on the cluster's own tags; other tags stay as they are.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function writeStatus(clusterArn: string, status: StatusTags, msk: MskClient): Promise<void> {
  const tags = Object.entries(status).map(([key, value]) => [`${triggerTag}:${key}`, tagValue(value)]);
  await msk.tag(clusterArn, Object.fromEntries(tags));
}

/** The key of a status tag, such as `atlas-streaming:status`. */
export const statusTag = (name: keyof StatusTags): string => `${triggerTag}:${name}`;

/** Removes the tags that say what is connected. @throws AwsRefused, AwsThrottled, AwsUnavailable */
export const clearConnectedTags = (clusterArn: string, msk: MskClient): Promise<void> =>
  msk.untag(clusterArn, (['private-link-id', 'secret-version', 'verified-at'] as const).map(statusTag));

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
