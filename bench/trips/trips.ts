import { Cloud } from '../../emulators/cloud.ts';
import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import type { Exchange } from '../../emulators/emulator.ts';
import { iamSettings, iamWorld } from '../../emulators/iam-world.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { defaultPlace, settingsOf, type WorldSeed } from '../../emulators/world.ts';
import type { Figure } from '../figures.ts';
import { fewestRequests, type Journey } from './fewest.ts';
import { pollsAmong } from './polls.ts';

/** HTTP requests of whole runs. Containers are cold at the start, as after a night, except for one run. */

/** An hour takes a second. */
const speed = 3600;

/** How many times the fewest requests a run may send. Goals are for the journeys of every cluster. */
const maxRatio = 1.2;
const withoutGoal: Journey[] = ['prove a topic', 'restart a processor'];

const isOn = { vpcConnectivity: { scram: true, iam: false, tls: false } };
const quick = { linkMinutes: 5, connectionMinutes: 5 };

interface Course {
  world: WorldSeed;
  /** Of the deployment. */
  settings?: Record<string, string>;
  isConnected: boolean;
  isWarm?: boolean;
  start(cloud: Cloud): Promise<Execution[]>;
}

const allDone: Course = {
  world: { cluster: isOn, atlas: quick },
  isConnected: true,
  start: async (cloud) => [cloud.start({ clusterArn: cloud.world.cluster.arn })],
};

const firstConnect: Course = {
  world: { cluster: { updateMinutes: 5 }, atlas: quick },
  isConnected: false,
  start: (cloud) => cloud.tag({ 'atlas-streaming': 'connect' }),
};

const journeys: Record<Journey, Course> = {
  'first connect': firstConnect,
  'first connect by IAM': { ...firstConnect, world: iamWorld(firstConnect.world), settings: iamSettings },
  'connect, all done': allDone,
  'all done, by IAM': {
    ...allDone,
    world: iamWorld({ cluster: { vpcConnectivity: { scram: false, iam: true, tls: false } }, atlas: quick }),
    settings: iamSettings,
  },
  'the same, warm': { ...allDone, isWarm: true },
  'verify by the sweep': {
    world: { cluster: isOn, atlas: quick },
    isConnected: true,
    start: async (cloud) => {
      const record = await cloud.registry.get(cloud.world.cluster.arn);
      await cloud.registry.put({ ...record, verifiedAt: '2026-01-01T00:00:00.000Z' });
      return (await cloud.sweep()).started;
    },
  },
  'prove a topic': {
    ...allDone,
    start: async (cloud) => [cloud.start({ clusterArn: cloud.world.cluster.arn, topics: ['orders'], probe: true })],
  },
  'restart a processor': {
    world: { cluster: isOn, atlas: { ...quick, processorStartMinutes: 1 } },
    isConnected: true,
    start: async (cloud) => {
      const { cluster, project, secretsManager, scramSecrets } = cloud.world;
      const pipeline = [
        { $source: { connectionName: 'orders', topic: 'orders' } },
        { $emit: { connectionName: '__testLog' } },
      ];
      project.addProcessor('streams', { name: 'enrich', pipeline });
      secretsManager.rotate(scramSecrets[0]?.arn ?? '', JSON.stringify({ username: 'atlas', password: 'rotated' }));
      return [cloud.start({ clusterArn: cluster.arn, restartProcessors: true })];
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
    const { all, polls, registry } = await countRequests(journey);
    const baselineRequests = fewestRequests(journey);
    const figure = (name: string, value: number, baseline: number, of = 'the fewest that the APIs allow'): Figure => ({
      part: 'trips',
      subject: journey,
      name,
      value,
      unit: 'requests',
      baseline: { name: of, value: baseline },
    });
    figures.push(
      {
        ...figure('without polls', all - polls.requests, baselineRequests),
        ...(!withoutGoal.includes(journey) && { goal: { of: 'ratio', max: maxRatio } }),
      },
      figure('with polls', all, baselineRequests + polls.count),
      figure('to the registry', registry, all, 'all requests, with polls'),
    );
  }
  return figures;
}

/** @returns the requests of a run, and how many of them are polls or go to the registry */
export async function countRequests(journey: Journey) {
  const { world, settings = {}, isConnected, isWarm = false, start } = journeys[journey];
  const cloud = await Cloud.start({ speed, world, settings });
  try {
    if (isConnected) await allEnded(await cloud.tag({ 'atlas-streaming': 'connect' }));
    if (!isWarm) await cloud.lambda.coolDown();
    cloud.recorder.exchanges.splice(0);
    const invocations: { name: string; exchanges: Exchange[] }[] = [];
    cloud.interceptInvocation = async ({ name }, next) => {
      const before = cloud.recorder.exchanges.length;
      const outcome = await next();
      invocations.push({ name, exchanges: cloud.recorder.exchanges.slice(before) });
      return outcome;
    };
    const [execution] = await allEnded(await start(cloud));
    const requests = cloud.recorder.exchanges.filter(({ caller }) => caller !== personsAccessKeyId);
    const { atlasCredentialsSecretArn: credentials } = settingsOf(defaultPlace());
    const isWork = (it: Exchange) => it.status !== 401 && !it.requestBody.includes(credentials);
    // The sweep is not part of the run.
    const ofStates = invocations.filter(({ name }) => name !== 'SweepClusters');
    const polls = ofStates.filter((_, index) => pollsAmong(statesOf(execution)).has(index));
    return {
      all: requests.length,
      registry: requests.filter(({ service }) => service === 'dynamodb').length,
      polls: { count: polls.length, requests: polls.flatMap(({ exchanges }) => exchanges.filter(isWork)).length },
    };
  } finally {
    await cloud.close();
  }
}

async function allEnded(executions: Execution[]): Promise<Execution[]> {
  for (const { result } of executions) {
    const { status, cause } = await result;
    if (status !== 'SUCCEEDED') throw new Error(`A run of the benchmark failed: ${cause}`);
  }
  return executions;
}

const statesOf = (execution: Execution | undefined) =>
  (execution?.history ?? []).flatMap((event) => (event.type === 'StateEntered' ? [event.state] : []));
