import { settingTags } from '../shared/msk/tags.ts';
import { quickToConnect, type Scenario } from './scenario.ts';

const askedFor = { [settingTags.topics]: 'orders', [settingTags.probe]: 'true' };

/** Runs that prove that data can flow, with a temporary stream processor. */
export const probeScenarios: Scenario[] = [
  {
    name: 'probe',
    description:
      'The cluster names a topic and asks for a probe. When the connection is READY, a temporary stream processor reads the topic, and is deleted. The detail says how many records it could read.',
    expected: { endState: 'Connected' },
    world: quickToConnect({ cluster: { tags: askedFor } }),
  },
  {
    name: 'probe-denied',
    description:
      'The same, but no Kafka ACL lets the user use consumer groups. The connection is READY all the same. The probe finds it out from its operational log, and the run says which ACL is missing.',
    expected: { endState: 'SetupFailed', error: 'ProbeFailed' },
    world: quickToConnect({ cluster: { tags: askedFor, deniedAcls: ['group:asp-*:Read'] } }),
  },
];
