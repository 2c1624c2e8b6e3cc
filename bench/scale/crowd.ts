import { TagResourceCommand } from '@aws-sdk/client-kafka';
import { Cloud } from '../../emulators/cloud.ts';
import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import { iamSettings, iamWorld } from '../../emulators/iam-world.ts';
import { awsThrottling } from '../../emulators/throttling.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import type { Scheme } from '../../shared/login.ts';
import { usualMinutes } from '../durations.ts';
import { heapBytes } from './memory.ts';
import { Tally } from './tally.ts';

/** While no function runs, an hour takes a second. */
const speed = 3600;

/** While a function runs: its ten real milliseconds are a fifth of a second, as long as it takes in Lambda. */
const functionSpeed = 20;

/** Two for each of two processors, and two that wait for the emulators, which have work of their own. */
const maxConcurrency = 6;

/** The time in which all clusters are tagged, one after the other. */
export const tagMinutes = 1;

/** Atlas loses one of two writes to a workspace within this time. Assumed: the duration of a write is not known. */
const workspaceWriteSeconds = 1;

/** A time at which all clusters are tagged, and all runs wait for the cluster's update. */
const inFlightMinutes = 30;

export interface Outcome {
  clusters: number;
  /** According to the cluster's tags and to Atlas. */
  connected: number;
  /** Why the others are not connected, without names and ids, and how often. */
  failures: Map<string, number>;
  /** Simulated, from the first tag to the end of the last run. */
  minutes: number;
  tally: Tally;
  /** Connections that were created again, because another write had overwritten them. */
  lostWrites: number;
  /** Heap of this thread for all clusters together: while they wait, and at the end. */
  heap: { inFlight: number; atEnd: number };
  rssBytes: number;
  runner: {
    /** Share of the real time in which the simulated time stood still, because the machine could not keep up. */
    stoodStill: number;
    /** Simulated duration of an average invocation, including the wait for a container. */
    functionSeconds: number;
    realSeconds: number;
  };
}

export type Credentials = 'api-key' | 'service-account';

/** How the clusters log in, as the option `--scheme` names it. */
export const schemes: Scheme[] = ['SASL_SCRAM', 'IAM'];

export interface CrowdOptions {
  credentials: Credentials;
  scheme: Scheme;
  /** Whether Atlas loses one of two simultaneous writes to a workspace. */
  losesWrites: boolean;
}

/** Connects many clusters of one account and Region to one workspace of one Atlas project. */
export async function connectCrowd(
  clusters: number,
  { credentials, scheme, losesWrites }: CrowdOptions,
): Promise<Outcome> {
  let startedAt = new Date();
  const tally = new Tally(() => startedAt);
  const world: WorldSeed = {
    atlasCredentials: credentials,
    cluster: { updateMinutes: usualMinutes.cluster },
    atlas: {
      linkMinutes: usualMinutes.privateLink,
      connectionMinutes: usualMinutes.connection,
      workspaceWriteSeconds: losesWrites ? workspaceWriteSeconds : 0,
    },
  };
  const cloud = await Cloud.start({
    speed,
    functionSpeed,
    maxConcurrency,
    ...(scheme === 'IAM' ? { world: iamWorld(world), settings: iamSettings } : { world }),
    onExchange: tally.exchange,
    onEvent: tally.event,
  });
  try {
    const { clock } = cloud;
    // The person who tags does not use up the functions' requests.
    cloud.intercept = awsThrottling(clock, (caller) => caller === personsAccessKeyId);
    const functionSeconds = timeFunctions(cloud);
    const heapBefore = heapBytes();
    const arns = addClusters(cloud, clusters);
    startedAt = clock.now();
    await tagAll(cloud, arns);
    await clock.wait((inFlightMinutes - tagMinutes) * 60);
    const inFlight = heapBytes() - heapBefore;
    const ends = await endsOf(cloud, startedAt);
    const made = tally.requests.get('atlas createGroupStreamConnection') ?? { requests: 0, throttled: 0 };
    const kept = cloud.world.project.connections('streams').length;
    const { uncountedMs, realMs } = clock;
    return {
      clusters,
      connected: readyIn(cloud, arns),
      failures: ends.failures,
      minutes: Math.max(...ends.minutes),
      tally,
      lostWrites: made.requests - made.throttled - kept,
      heap: { inFlight, atEnd: heapBytes() - heapBefore },
      rssBytes: process.memoryUsage().rss,
      runner: {
        stoodStill: uncountedMs / realMs,
        functionSeconds: functionSeconds(),
        realSeconds: realMs / 1000,
      },
    };
  } finally {
    await cloud.close();
  }
}

/** @returns a function that returns the average so far, in seconds */
function timeFunctions(cloud: Cloud): () => number {
  let [milliseconds, count] = [0, 0];
  cloud.interceptInvocation = async (_, next) => {
    const from = cloud.clock.now().getTime();
    const outcome = await next();
    milliseconds += cloud.clock.now().getTime() - from;
    count += 1;
    return outcome;
  };
  return () => milliseconds / count / 1000;
}

/** By SCRAM, each has a secret of its own. */
function addClusters(cloud: Cloud, clusters: number): string[] {
  const { cluster, msk, secretsManager, scramSecrets } = cloud.world;
  const arns = Array.from({ length: clusters - 1 }, (_, index) => {
    const name = `orders-${index + 1}`;
    const scramSecretArns = scramSecrets.map(({ versions, kmsKeyId, tags }) => {
      const secretString = versions.at(-1)?.secretString ?? '';
      return secretsManager.addSecret({ name: `AmazonMSK_${name}`, secretString, kmsKeyId, tags: { ...tags } }).arn;
    });
    const seed = { ...cluster.seed, name, arn: cluster.arn.replace('/orders/', `/${name}/`), scramSecretArns };
    return msk.addCluster(seed).arn;
  });
  return [cluster.arn, ...arns];
}

async function tagAll({ clock, kafka }: Cloud, arns: string[]): Promise<void> {
  const tags = arns.map(async (ResourceArn, index) => {
    await clock.wait((index / arns.length) * tagMinutes * 60);
    await kafka.send(new TagResourceCommand({ ResourceArn, Tags: { 'atlas-streaming': 'connect' } }));
  });
  await Promise.all(tags);
}

async function endsOf({ executions, clock }: Cloud, startedAt: Date) {
  const minutes: number[] = [];
  const failures = new Map<string, number>();
  const ends = executions.map(async ({ result }) => {
    const { endState, error, cause } = await result;
    minutes.push(clock.minutesSince(startedAt));
    if (endState === 'Connected') return;
    const failure = general(`${endState}, ${error}: ${cause}`);
    failures.set(failure, (failures.get(failure) ?? 0) + 1);
  });
  await Promise.all(ends);
  return { minutes, failures };
}

function readyIn({ world: { msk, project } }: Cloud, arns: string[]): number {
  const ready = new Set(
    project
      .connections('streams')
      .filter(({ state, link }) => state === 'READY' && link?.state === 'DONE')
      .map(({ link }) => link?.request.arn),
  );
  return arns.filter(
    (arn) => ready.has(arn) && msk.clusters.get(arn)?.tags.all['atlas-streaming/status'] === 'connected',
  ).length;
}

/** A cause without names, ids and times, cut for one line. */
const general = (cause: string): string =>
  cause.replaceAll(/orders-\d+|[0-9a-f]{24}|[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…').slice(0, 300);
