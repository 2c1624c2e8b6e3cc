import type { Request } from '../request/request.ts';
import type { Assessed } from './assess.ts';
import type { Planned } from './plan-changes.ts';

/**
 * What a person should know about a plan; '' if there is nothing.
 *
 * @param planned undefined if nothing was planned
 * @param assessed why `auto` means a mechanism, the topics, and what could not be checked
 * @param isRecordRead whether the registry was asked who created what exists
 */
export function noteOn(
  { dryRun, targetChange, isProbeWithoutTopic }: Request,
  planned: Planned | undefined,
  {
    login,
    because,
    unchecked,
    topics,
    uncheckedTopics,
  }: Pick<Assessed, 'login' | 'because' | 'unchecked' | 'topics' | 'uncheckedTopics'>,
  isRecordRead = true,
): string {
  const { adopted = [], denials, possibleDenials, inUse } = planned ?? {};
  return [
    dryRun && because && `The mechanism is ${login.mechanism}, because ${because}.`,
    dryRun && unchecked,
    dryRun && (uncheckedTopics ?? sizes(topics)),
    dryRun &&
      isProbeWithoutTopic &&
      'The deployment asks for a probe (the setting probe), but no topic is named, so a run would not prove that data can flow.',
    dryRun && adopted.length > 0 && adoption(adopted, isRecordRead),
    dryRun && denials && `A run would verify the connection, and end in PolicyRefused. ${denials}`,
    dryRun && possibleDenials,
    dryRun && inUse,
    targetChange && `${targetChange}. A run verifies the connected target and changes no other.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function adoption(adopted: string[], isRecordRead: boolean): string {
  const [which, them] = adopted.length > 1 ? ['both', 'them'] : ['it', 'it'];
  const use = `A run would use ${adopted.join(' and ')}, which`;
  return isRecordRead
    ? `${use} this deployment did not create; a disconnect leaves ${which}.`
    : `${use} ${adopted.length > 1 ? 'exist' : 'exists'} already. A disconnect deletes ${them} only if this deployment created ${them}. The registry says that, but it was not read (--stage NAME reads it).`;
}

/** Such as `Topic orders has 6 partitions.` */
const sizes = (topics: Assessed['topics']): string =>
  topics
    .filter(({ partitions }) => partitions !== null)
    .map(({ name, partitions }) => `Topic ${name} has ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}.`)
    .join(' ');
