import { withCommand } from '../command.ts';
import { InvalidRequest } from '../errors.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { settingTags } from '../msk/tags.ts';
import type { RegistryRecord } from '../registry/record.ts';
import type { Changes } from '../registry/registry.ts';
import { type Action, complaint, fields, valid } from './fields.ts';
import type { ConsoleInput } from './input.ts';
import { shown } from './redaction.ts';
import type { Request } from './request.ts';
import type { Settings } from './settings.ts';
import { topicNamesIn } from './topic-names.ts';

/** What a run may do to running processors, what it checks and proves, and when the brokers may reboot. The registry keeps only the last. */
type RunSettings = Pick<Request, 'topics' | 'probe' | 'isProbeWithoutTopic' | 'restartProcessors' | 'rebootWindow'>;

interface Asked {
  action: Action;
  given: ConsoleInput;
  tags: Record<string, string>;
  recorded: RegistryRecord | undefined;
}

/** A disconnect has none of these settings. */
const none: RunSettings = {
  topics: [],
  probe: false,
  isProbeWithoutTopic: false,
  restartProcessors: false,
  rebootWindow: null,
};

/**
 * Takes each setting from the input, else from its tag, else from the deployment. The reboot window of an earlier manual start, which
 * the registry has, comes after the input.
 *
 * @throws InvalidRequest
 */
export function settleRun({ action, given, tags, recorded }: Asked, settings: Settings): RunSettings {
  if (action === 'disconnect') return none;
  const topics = given.topics ?? taggedTopics(tags);
  const asked = given.probe ?? taggedFlag('probe', tags);
  if (asked && topics.length === 0) refuseProbeWithoutTopic(given);
  const isWanted = asked ?? settings.probe;
  return {
    topics,
    probe: isWanted && topics.length > 0,
    isProbeWithoutTopic: isWanted && topics.length === 0,
    restartProcessors: given.restartProcessors ?? taggedFlag('restartProcessors', tags) ?? settings.restartProcessors,
    rebootWindow:
      given.rebootWindow === 'none' ? null : (given.rebootWindow ?? recorded?.rebootWindow ?? settings.rebootWindow),
  };
}

/**
 * What the claim records of a manual start: if its run fails or is stopped, the sweep starts the next one, and must not reboot the brokers
 * at another time.
 */
export const windowToRecord = ({ rebootWindow }: ConsoleInput): Pick<Changes, 'rebootWindow'> =>
  rebootWindow === undefined ? {} : { rebootWindow: rebootWindow === 'none' ? null : rebootWindow };

const nameOf = (field: keyof typeof settingTags): string => `The tag ${settingTags[field]}`;

function taggedFlag(field: 'probe' | 'restartProcessors', tags: Record<string, string>): boolean | undefined {
  const value = tags[settingTags[field]];
  if (value === undefined) return undefined;
  const flag = { true: true, false: false }[value];
  return valid(field, flag ?? value, nameOf(field));
}

function taggedTopics(tags: Record<string, string>): string[] {
  const value = tags[settingTags.topics];
  if (value === undefined) return [];
  const names = topicNamesIn(value);
  if (fields.topics.safeParse(names).success) return names;
  const wrong =
    names.length === 0
      ? `${nameOf('topics')} is ${shown(value)}`
      : complaint('topics', names, nameOf('topics')).replace(/;.*/s, '');
  throw new InvalidRequest(
    `${wrong}; it must be the names of different Kafka topics, separated by spaces, for example "orders payments".`,
  );
}

function refuseProbeWithoutTopic({ clusterArn, probe }: ConsoleInput): never {
  throw new InvalidRequest(
    probe
      ? 'probe is true, but neither the input nor a tag names a topic to read. Add topics, for example "topics":["orders"], or leave probe out.'
      : withCommand(
          `${nameOf('probe')} is "true", but neither the input nor the tag ${settingTags.topics} names a topic to read. Name one, for example "orders":`,
          tagCommand(clusterArn, { [settingTags.topics]: 'orders' }),
        ),
  );
}
