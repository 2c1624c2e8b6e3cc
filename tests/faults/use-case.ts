import type { Cloud } from '../../emulators/cloud.ts';
import type { Action } from '../../emulators/deployment/deployment.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { ended } from '../fixtures/ended.ts';
import { type RunEnd, sweepUntil } from './sweeps.ts';

export type Theirs = 'privateLink' | 'connection';

/**
 * One way through the machines. All use cases together make every remote call: a test compares them with the permissions of the
 * functions.
 */
export interface UseCase {
  name: string;
  world: WorldSeed;
  /** Prepares the world before the run. */
  prepare?(cloud: Cloud): Promise<void>;
  /** Runs until nothing happens without a person. */
  run(cloud: Cloud): Promise<RunEnd>;
  /** The end without a fault. */
  expected: { endState: string; error?: string };
  /** What exists at the end. */
  leaves: { links: number; connections: number; statements: number };
  /** The status in the registry at the end; 'no record': none is left. */
  status: RegistryRecord['status'] | 'no record';
  /** What another party has created, and what of it is adopted at the end. Default: nothing. */
  theirs?: Theirs[];
  adopted?: Theirs[];
  /** Whether the deployment has a streams role, and the connection logs in by IAM. */
  isByIam?: true;
  /** Whether a failure is not reported, because only the caller is concerned. */
  isSilent?: boolean;
  /** Whether the run may stop stream processors, which it must start again. */
  mayRestart?: true;
  /** What the Cause says at the expected end. */
  says?: RegExp;
  /** What the registry says about the proof at the expected end. Default: nothing. */
  proves?: RegExp;
  /**
   * The functions whose calls meet faults in it, although another use case makes the same calls: it ends differently. They meet only
   * the faults that lose an answer, once. Default: all, unless another use case makes the same calls.
   */
  concerns?: string[];
  /** What is started after a run that a fault has ended. Default: the same. */
  resume?: Pick<UseCase, 'run' | 'expected' | 'status'>;
}

export const startedByHand = (action: Action, input: (cloud: Cloud) => object = () => ({})) => ({
  run: async (cloud: Cloud) => ended(cloud.start({ clusterArn: cloud.world.cluster.arn, ...input(cloud) }, action)),
});

export const swept = (endState: string) => ({
  run: (cloud: Cloud) => sweepUntil(cloud, endState),
  expected: { endState },
});

export const isOn = { vpcConnectivity: { scram: true, iam: true, tls: false } };
export const one = { links: 1, connections: 1, statements: 1 };
export const none = { links: 0, connections: 0, statements: 0 };
