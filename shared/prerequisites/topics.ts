import { distance } from 'fastest-levenshtein';
import * as z from 'zod/mini';
import { AwsRefused } from '../errors.ts';
import type { MskClient } from '../msk/client.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { settingTags } from '../msk/tags.ts';
import type { Request } from '../request/request.ts';
import { isTopicName } from '../request/topic-names.ts';
import { isOlder } from './cluster.ts';
import type { Findings } from './findings.ts';

/** A topic that the settings name. `partitions`: null if that is unknown, because it was not checked. */
export const Topic = z.object({ name: z.string(), partitions: z.nullable(z.number()) });
type Topic = z.infer<typeof Topic>;

export interface FoundTopics {
  topics: Topic[];
  /** Why the topics were not checked, in one or more sentences. */
  uncheckedTopics?: string;
}

type Cluster = Pick<ClusterDetails, 'clusterType' | 'kafkaVersion'>;

/** Topics that are read at once. MSK asks the brokers for each of them. */
const concurrency = 5;

/**
 * Checks that the topics exist that the input or a tag names. Without any, it asks for nothing. A cluster with an older Apache Kafka, and
 * a refusal, don't fail the check: MSK's topic API is only one way to know it.
 *
 * @throws AwsThrottled, AwsUnavailable
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
 */
export async function checkTopics(
  { clusterArn, topics }: Pick<Request, 'clusterArn' | 'topics'>,
  { clusterType, kafkaVersion }: Cluster,
  msk: MskClient,
  findings: Findings,
): Promise<FoundTopics> {
  const unknown = topics.map((name) => ({ name, partitions: null }));
  // checkCluster complains about any other type.
  if (topics.length === 0 || clusterType !== 'PROVISIONED') return { topics: unknown };
  if (isOlder(kafkaVersion, [3, 6, 0]))
    return notChecked(
      unknown,
      `MSK shows topics only with Apache Kafka 3.6.0 or newer, and the cluster has ${kafkaVersion}.`,
    );
  const counts = new Map<string, number | null | undefined>();
  const read = async () => {
    for (let next = 0; next < topics.length; next += concurrency) {
      const few = topics.slice(next, next + concurrency);
      const found = await Promise.all(few.map((name) => msk.countPartitions(clusterArn, name)));
      few.forEach((name, index) => void counts.set(name, found[index]));
    }
    return undefined;
  };
  const refusal = await findings.look('topics', () => refusalOf(read(), findings));
  if (refusal !== undefined) return notChecked(unknown, refusal);
  const missing = topics.filter((name) => counts.has(name) && counts.get(name) === undefined);
  const all = missing.length === 0 ? [] : await allTopics(clusterArn, msk);
  findings.report('topics', ...missing.map((name) => complaintAbout(name, clusterArn, all)));
  return { topics: topics.map((name) => ({ name, partitions: counts.get(name) ?? null })) };
}

const notChecked = (topics: Topic[], why: string): FoundTopics => ({
  topics,
  uncheckedTopics: `Whether ${topics.map(({ name }) => `topic ${name}`).join(' and ')} ${topics.length > 1 ? 'exist' : 'exists'} was not checked. ${why}`,
});

/** For a person who lacks a permission, the check itself fails and says so. */
async function refusalOf(reading: Promise<undefined>, findings: Findings): Promise<string | undefined> {
  try {
    return await reading;
  } catch (error) {
    const isOfPerson = findings.isThorough && error instanceof AwsRefused && /AccessDenied|Forbidden/.test(error.code);
    if (isOfPerson || !(error instanceof AwsRefused)) throw error;
    return error.message;
  }
}

/** Without the permission to list them, a missing topic is reported all the same. */
const allTopics = (clusterArn: string, msk: MskClient): Promise<string[]> =>
  msk.listTopics(clusterArn).catch((error: unknown) => {
    if (error instanceof AwsRefused) return [];
    throw error;
  });

function complaintAbout(name: string, clusterArn: string, all: string[]): string {
  const similar = similarTo(name, all);
  return [
    `Cluster ${clusterArn} has no topic ${name}${all.includes(name) ? ', or is deleting it' : ''}.`,
    similar.length > 0 && `Similar names: ${similar.join(', ')}.`,
    `Create the topic, or correct topics in the input or in the tag ${settingTags.topics}. MSK shows a new topic after about a minute.`,
  ]
    .filter(Boolean)
    .join(' ');
}

const maxSimilar = 3;

/** The names that were probably meant, the most similar first: those that differ in a few characters, or contain the wrong one. */
function similarTo(wrong: string, names: string[]): string[] {
  const text = wrong.toLowerCase();
  const score = (name: string): number =>
    name.includes(text) || text.includes(name) ? Math.min(1, distance(text, name)) : distance(text, name);
  return names
    .filter((name) => name !== wrong && isTopicName(name) && !name.startsWith('__'))
    .map((name) => ({ name, score: score(name.toLowerCase()) }))
    .filter((it) => it.score <= Math.max(2, Math.floor(text.length / 3)))
    .toSorted((a, b) => a.score - b.score || a.name.localeCompare(b.name))
    .slice(0, maxSimilar)
    .map(({ name }) => name);
}
