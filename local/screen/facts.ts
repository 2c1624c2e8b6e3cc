import type { Cloud } from '../../emulators/cloud.ts';
import type { Scenario } from '../scenario.ts';

/** What a reader must know about a run before it begins. */
export interface Beginning extends Pick<Scenario, 'name' | 'description'> {
  startedBy: string;
  /** Whether the user's input names the cluster. */
  isUsersCluster: boolean;
}

/** The facts at the top of a report: each a name and a text. */
export const factsOf = (cloud: Cloud, beginning: Beginning): [name: string, text: string][] => [
  ['Scenario', `${beginning.name}. ${beginning.description}`],
  ['Cluster', cloud.world.cluster.arn],
  ...(beginning.isUsersCluster
    ? ([['Invented', 'The local cloud makes up a cluster with this ARN. It does not read yours.']] as [
        string,
        string,
      ][])
    : []),
  ['Real', 'The state machine, the rules, and the built functions with their roles, as you deploy them.'],
  ['Emulated', 'Amazon MSK, AWS Secrets Manager, Amazon DynamoDB and MongoDB Atlas, on this machine.'],
  [
    'Time',
    `Waits are ${cloud.clock.speed} times faster: one hour takes ${secondsOfAnHour(cloud.clock.speed)} s. Functions run in real time.`,
  ],
  ['Start', beginning.startedBy],
];

const secondsOfAnHour = (speed: number) => Math.round(36_000 / speed) / 10;
