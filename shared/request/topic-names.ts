import { listed } from './redaction.ts';

/** Each named topic is a request to MSK in each run. */
export const maxTopics = 50;

/** Whether Kafka allows a topic of this name. It may be a text of any kind. */
export const isTopicName = (name: string): boolean => /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/.test(name);

/** The names in the value of a tag. */
export const topicNamesIn = (tag: string): string[] => tag.split(' ').filter(Boolean);

/** What is wrong with a list of topics, such as `has the topic "a/b"`. Undefined if the value isn't a list with topics, or is right. */
export function complaintAboutTopics(topics: unknown): string | undefined {
  if (!Array.isArray(topics) || topics.length === 0) return undefined;
  if (topics.length > maxTopics) return `has ${topics.length} topics`;
  const wrong = topics.filter((name) => typeof name !== 'string' || !isTopicName(name));
  if (wrong.length > 0) return `has the topic ${listed(wrong)}`;
  const repeated = topics.filter((name, index) => topics.indexOf(name) !== index);
  return repeated.length > 0 ? `has the topic ${listed([...new Set(repeated)])} more than once` : undefined;
}
