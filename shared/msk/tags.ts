import { createHash } from 'node:crypto';
import type { Cluster } from '@aws-sdk/client-kafka';
import { cut } from '../cut.ts';
import { AwsRefused } from '../errors.ts';
import type { MskClient } from './client.ts';

/** The tag that starts a run; the EventBridge rules match this key and no other. */
export const triggerTag = 'atlas-streaming';

export type Action = 'connect' | 'disconnect';

/** The action that a cluster's trigger tag asks for, or undefined. */
export const tagOf = (cluster: Pick<Cluster, 'Tags'> | undefined): Action | undefined => {
  const tag = cluster?.Tags?.[triggerTag];
  return tag === 'connect' || tag === 'disconnect' ? tag : undefined;
};

/** Settings that the cluster's owner may give by tag. Each has the meaning of a field of the input; a secret is given by its name. */
export const settingTags = {
  projectId: 'atlas-streaming/project-id',
  workspace: 'atlas-streaming/workspace',
  connectionName: 'atlas-streaming/connection-name',
  secretName: 'atlas-streaming/secret',
  mechanism: 'atlas-streaming/mechanism',
  topics: 'atlas-streaming/topics',
  probe: 'atlas-streaming/probe',
  restartProcessors: 'atlas-streaming/restart-processors',
} as const;

/** What a run writes about itself on the cluster, for people to read. None of these keys starts a run, and no run reads them. */
export interface StatusTags {
  /** `paused`: the deployment is, so the tag has started nothing. The registry has no such status. */
  status: 'connecting' | 'connected' | 'failed' | 'disconnecting' | 'disconnected' | 'paused';
  detail: string;
  /** The ARN of the execution. The tag names it as `connect/<name>`. */
  executionArn: string;
  /** ISO 8601. The tag shows it as `20261127T111829Z`. */
  verifiedAt?: string;
}

/**
 * Writes the status on the cluster's own tags; other tags stay as they are. The registry remembers, so tags that AWS refuses (a
 * cluster can have 50, and may be gone) don't fail a run.
 *
 * @returns why AWS has refused them; undefined if they are written
 * @throws AwsThrottled, AwsUnavailable
 */
export async function writeStatus(clusterArn: string, status: StatusTags, msk: MskClient): Promise<string | undefined> {
  const { executionArn, verifiedAt } = status;
  const values = {
    status: status.status,
    detail: status.detail,
    execution: executionArn.replace(/^.*-(connect|disconnect):/, '$1/'),
    ...(verifiedAt && { 'verified-at': compactTime(verifiedAt) }),
  };
  const tags = Object.entries(values).map(([name, value]) => [`${triggerTag}/${name}`, tagValue(value)]);
  try {
    await msk.tag(clusterArn, Object.fromEntries(tags));
    return undefined;
  } catch (refusal) {
    if (refusal instanceof AwsRefused) return refusal.message;
    throw refusal;
  }
}

/** The key of a status tag, such as `atlas-streaming/status`. */
export const statusTag = (name: 'status' | 'detail' | 'execution' | 'verified-at'): string => `${triggerTag}/${name}`;

/** A fingerprint of the setting tags, so that a change is noticed. */
export function settingsOf(tags: Record<string, string>): string {
  const { mechanism, topics, probe, restartProcessors, ...others } = settingTags;
  const values = Object.values(others).map((key) => tags[key] ?? null);
  // Without these tags, which are newer than the registry, an update of the deployment must not look like a change of the settings.
  const later = tags[mechanism] === undefined ? [] : [tags[mechanism]];
  const latest = [topics, probe, restartProcessors].flatMap((key) =>
    tags[key] === undefined ? [] : [[key, tags[key]]],
  );
  return createHash('sha256')
    .update(JSON.stringify([...values, ...later, ...latest]))
    .digest('hex')
    .slice(0, 16);
}

/** `2026-11-27T11:18:29.123Z` → `20261127T111829Z` */
const compactTime = (time: string): string => time.replace(/\.\d+/, '').replace(/[-:]/g, '');

/**
 * Fits a text into a tag's value: letters, digits, spaces and `_ . / = + - @`, at most 255 of them. A number loses its separators. A colon becomes a hyphen
 * between letters or digits, and a space elsewhere. A longer text ends with a whole word and "...".
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-tagging.html
 */
export const tagValue = (text: string): string =>
  shortened(
    text
      .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
      .replace(/(?<=[\p{L}\p{Nd}]):(?=[\p{L}\p{Nd}])/gu, '-')
      .replace(/: /g, ' - ')
      .replace(/[^\p{L}\p{Nd}_./=+\-@ ]+/gu, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
  );

const longestValue = 255;

/** A single word that is too long is cut all the same. */
function shortened(text: string): string {
  if (text.length <= longestValue) return text;
  const start = cut(text, longestValue - 3);
  const words = text[start.length] === ' ' ? start : start.replace(/ [^ ]*$/, '');
  return `${words.trim()}...`;
}
