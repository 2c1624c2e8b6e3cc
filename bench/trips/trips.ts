import { Cloud } from '../../emulators/cloud.ts';
import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import type { Exchange } from '../../emulators/emulator.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { settingsOf, somewhere, type WorldSeed } from '../../emulators/world.ts';
import type { Figure } from '../figures.ts';
import { type Journey, leastRequests } from './least.ts';
import { pollsAmong } from './polls.ts';

/** HTTP requests of whole runs, on containers that are cold at their beginning, as after a night; of one run on warm ones. */

/** An hour takes a second. */
const speed = 3600;

/** How much more than the least a run may send. */
const mostOfLeast = 1.2;

const isOn = { vpcConnectivity: { scram: true, iam: false, tls: false } };
const quick = { linkMinutes: 5, connectionMinutes: 5 };

interface Course {
  world: WorldSeed;
  /** Before it begins. */
  isConnected: boolean;
  isWarm?: boolean;
  start(cloud: Cloud): Promise<Execution[]>;
}

const allDone: Course = {
  world: { cluster: isOn, atlas: quick },
  isConnected: true,
  start: async (cloud) => [cloud.start({ clusterArn: cloud.world.cluster.arn })],
};

const journeys: Record<Journey, Course> = {
  'first connect': {
    world: { cluster: { updateMinutes: 5 }, atlas: quick },
    isConnected: false,
    start: (cloud) => cloud.tag({ 'atlas-streaming': 'connect' }),
  },
  'connect, all done': allDone,
  'the same, warm': { ...allDone, isWarm: true },
  'verify by the sweep': {
    world: { cluster: isOn, atlas: quick },
    isConnected: true,
    start: async (cloud) => {
      cloud.world.cluster.tags.put({ 'atlas-streaming:verified-at': '2026-01-01T00:00:00.000Z' });
      return (await cloud.sweep()).started;
    },
  },
  disconnect: {
    world: { cluster: isOn, atlas: quick },
    isConnected: true,
    start: (cloud) => cloud.tag({ 'atlas-streaming': 'disconnect' }),
  },
};

export async function roundTrips(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const journey of Object.keys(journeys) as Journey[]) {
    const { all, polls } = await count(journey);
    const least = leastRequests(journey);
    const figure = (name: string, value: number, baseline: number): Figure => ({
      part: 'trips',
      subject: journey,
      name,
      value,
      unit: 'requests',
      baseline: { name: 'the least that the APIs allow', value: baseline },
    });
    figures.push(
      { ...figure('without polls', all - polls.requests, least), goal: { of: 'ratio', most: mostOfLeast } },
      figure('with polls', all, least + polls.looks),
    );
  }
  return figures;
}

async function count(journey: Journey) {
  const { world, isConnected, isWarm = false, start } = journeys[journey];
  const cloud = await Cloud.start({ speed, world });
  try {
    if (isConnected) await ended(await cloud.tag({ 'atlas-streaming': 'connect' }));
    if (!isWarm) await cloud.lambda.coolDown();
    cloud.recorder.exchanges.splice(0);
    const invocations: { name: string; exchanges: Exchange[] }[] = [];
    cloud.interceptInvocation = async ({ name }, next) => {
      const before = cloud.recorder.exchanges.length;
      const outcome = await next();
      invocations.push({ name, exchanges: cloud.recorder.exchanges.slice(before) });
      return outcome;
    };
    const [execution] = await ended(await start(cloud));
    const requests = cloud.recorder.exchanges.filter(({ caller }) => caller !== personsAccessKeyId);
    const { atlasCredentialsSecretArn: credentials } = settingsOf(somewhere());
    const isWork = (it: Exchange) => it.status !== 401 && !it.requestBody.includes(credentials);
    // A sweep comes before the states.
    const ofStates = invocations.filter(({ name }) => name !== 'SweepClusters');
    const polls = ofStates.filter((_, index) => pollsAmong(statesOf(execution)).has(index));
    return {
      all: requests.length,
      polls: { looks: polls.length, requests: polls.flatMap(({ exchanges }) => exchanges.filter(isWork)).length },
    };
  } finally {
    await cloud.close();
  }
}

async function ended(executions: Execution[]): Promise<Execution[]> {
  for (const { result } of executions) {
    const { status, cause } = await result;
    if (status !== 'SUCCEEDED') throw new Error(`A run of the benchmark has failed: ${cause}`);
  }
  return executions;
}

const statesOf = (execution: Execution | undefined) =>
  (execution?.history ?? []).flatMap((event) => (event.type === 'StateEntered' ? [event.state] : []));
