import { settingTags } from '../shared/msk/tags.ts';
import { policy, type Scenario } from './scenario.ts';

/** What a run checks and waits for beyond the connection. */
export const flowScenarios: Scenario[] = [
  {
    name: 'topic-missing',
    description:
      'The tag atlas-streaming/topics names a topic that does not exist. The run names similar ones, and changes nothing.',
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    world: { cluster: { tags: { [settingTags.topics]: 'ordres payments' } } },
  },
  {
    name: 'reboot-window',
    description:
      'The deployment has a reboot window, which is closed. The run waits until it opens, and only then turns on multi-VPC connectivity, for which MSK reboots the brokers.',
    expected: { endState: 'Connected' },
    world: { cluster: { policy: policy() } },
    settings: { rebootWindow: windowAfter(new Date()) },
  },
];

/** A window of four hours that opens one to two hours later. */
function windowAfter(time: Date): string {
  const hourAfter = (hours: number) => `${String((time.getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
  return `daily ${hourAfter(2)}-${hourAfter(6)} UTC`;
}
