import type { Cloud } from '../emulators/cloud.ts';
import type { Execution } from '../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../emulators/world.ts';
import { triggerTag } from '../shared/msk/tags.ts';

/** One run to show, and what the scenarios have in common. */

export interface Scenario {
  name: string;
  /** For the user: what is special, and what happens. */
  description: string;
  /** The state in which the run ends, and the error if that is SetupFailed. */
  expected: { endState: 'Connected' | 'Disconnected' | 'Planned' | 'SetupFailed'; error?: string };
  /** What differs from the defaults: one workspace, and one cluster that lacks nothing but multi-VPC connectivity. */
  world?: WorldSeed;
  /** Settings of the deployment, as if the user had typed them first with --param. */
  settings?: Record<string, string>;
  /** Changes the cloud before the run begins, or sets up what happens during the run. */
  prepare?(cloud: Cloud): void | Promise<void>;
  /** The input of a manual start. Without an input, a tag starts the run. */
  input?(cloud: Cloud): object;
  /** Any other start. @returns the execution to show */
  start?(cloud: Cloud): Promise<Execution>;
  /** For the user: what starts the execution. */
  startedBy?: string;
}

/** The statement with which Amazon Data Firehose reads from a cluster, as AWS documents it. */
const firehose = (clusterArn: string) => ({
  Sid: 'FirehoseReadsOrders',
  Effect: 'Allow',
  Principal: { Service: 'firehose.amazonaws.com' },
  Action: 'kafka:CreateVpcConnection',
  Resource: clusterArn,
});

/** A cluster policy that begins with the statement for Firehose. */
export const policy =
  (...others: object[]) =>
  (clusterArn: string) => ({ Version: '2012-10-17', Statement: [firehose(clusterArn), ...others] });

/** Multi-VPC connectivity is on and Atlas is quick: for scenarios about what happens after the first connect. */
export function quickToConnect(world: WorldSeed = {}): WorldSeed {
  return {
    ...world,
    cluster: { vpcConnectivity: { scram: true, iam: false, tls: false }, ...world.cluster },
    atlas: { linkMinutes: 1, connectionMinutes: 1, ...world.atlas },
  };
}

export async function sweep(cloud: Cloud): Promise<Execution> {
  return first((await cloud.sweep()).started);
}

export function first([execution]: Execution[]): Execution {
  if (execution) return execution;
  throw new Error('No execution was started.');
}

/** Connects the cluster by the tag, which stays. */
export async function tagAndConnect(cloud: Cloud): Promise<void> {
  await first(await cloud.tag({ [triggerTag]: 'connect' })).result;
  cloud.recorder.exchanges.splice(0);
}
