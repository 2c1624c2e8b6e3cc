import type { Beginning } from './report.ts';

/** What a reader must know about a run before it begins: each fact has a name and a text. */
export const factsOf = (beginning: Beginning): [name: string, text: string][] => [
  ['Scenario', `${beginning.scenario}. ${beginning.description}`],
  ['Cluster', beginning.clusterArn],
  ...invented.slice(0, beginning.isClusterInvented ? 1 : 0),
  ['Real', 'The state machine, the rules, and the built functions with their roles, as you deploy them.'],
  ['Emulated', 'Amazon MSK, AWS Secrets Manager, Amazon DynamoDB and MongoDB Atlas, on this machine.'],
  [
    'Time',
    `Waits are ${beginning.speed} times faster: one hour takes ${secondsOfAnHour(beginning.speed)} s. Functions run in real time.`,
  ],
  ['Start', beginning.startedBy],
];

const invented: [name: string, text: string][] = [
  ['Invented', 'The local cloud makes up a cluster with this ARN. It does not read yours.'],
];

const secondsOfAnHour = (speed: number) => Math.round(36_000 / speed) / 10;
