import type { Definition, State } from '../../statemachine/definition.ts';

/** The Tasks of a machine, by name. */
export const tasksOf = ({ States }: Definition): [string, State][] =>
  Object.entries(States).filter(([, { Type }]) => Type === 'Task');

/** `InspectCluster` → `inspect-cluster`, the folder of its function. */
export const kebab = (state: string): string => state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
