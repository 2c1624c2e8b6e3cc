import { isCommand } from './command.ts';
import { parseClusterArn } from './msk/arn.ts';
import { tagValue } from './msk/tags.ts';
import { secretNameOf } from './secrets/secret-arn.ts';

interface Failing {
  /** The state that failed. */
  state: string;
  /** The name of the error's class. */
  error: string;
  message: string;
}

/** Those of secrets, in a text. */
const secretArns = /arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}\b/g;

/** Those of roles, in a text: the account, and the name without its path. */
const roleArns = /arn:[\w-]+:iam::(\d{12}):role\/(?:[\w+=,.@-]+\/)*([\w+=,.@-]*\w)/g;

/** How an error is told in short, if its first sentence doesn't do. */
const summaries: Record<string, (message: string) => string> = {
  // "One prerequisite is not met: …", or a numbered list.
  PrerequisitesNotMet: (message) => {
    const items = message.split(/\n\d+\. /).slice(1);
    if (items.length === 0) return firstSentence(message.replace(/^One prerequisite is not met: /, ''));
    return `${items.length} prerequisites are not met - ${items.map((item, index) => `${index + 1}. ${firstSentence(item)}`).join(' ')}`;
  },
};

/**
 * A failure in the 255 characters of a tag: the state, the error, and in one sentence what is wrong. The remedy, with its commands, is in the Cause. The
 * cluster, secrets, and roles of the cluster's account are named without their ARNs: the tag is the cluster's own.
 */
export function shortForm({ state, error, message }: Failing, clusterArn: string): string {
  const text = withoutMarks(inWords(message, clusterArn));
  const sentence = (summaries[error] ?? firstSentence)(text);
  // The cluster stays connected, so nothing has failed.
  return tagValue(error === 'TargetChanged' ? sentence : `${state} ${error} - ${sentence}`);
}

/** What is wrong, in one sentence, with the names of the cluster, of secrets and of roles in place of their ARNs. */
export const inOneSentence = (message: string, clusterArn: string): string =>
  firstSentence(inWords(message, clusterArn));

/** A message without its commands. ARNs are only the names in them. A role of another account needs its account. */
function inWords(message: string, clusterArn: string): string {
  const { clusterName: name = clusterArn, accountId } = parseClusterArn(clusterArn) ?? {};
  const words = message.split('\n').filter((line) => !isCommand(line));
  return words
    .join('\n')
    .replaceAll(clusterArn, name)
    .replace(secretArns, secretNameOf)
    .replace(roleArns, (arn, account, roleName) => (account === accountId ? roleName : arn));
}

/** A tag has neither apostrophes nor semicolons: "doesn't" and "a; b" become "does not" and "a - b". */
const withoutMarks = (text: string): string =>
  text
    .replace(/\bcan't\b/g, 'cannot')
    .replace(/n't\b/g, ' not')
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, '')
    .replaceAll('; ', ' - ');

/** Up to the first full stop outside of parentheses, without it. */
function firstSentence(text: string): string {
  const [paragraph = ''] = text.trim().split(/(?<!:)\n/);
  for (const { index } of paragraph.matchAll(/[.!?]+(?=\)?\s+["'(\p{Lu}\d]|\)?\s*$)/gu)) {
    const sentence = paragraph.slice(0, index);
    if (depth(sentence) === 0) return sentence;
  }
  return paragraph;
}

const depth = (text: string): number => text.split('(').length - text.split(')').length;
