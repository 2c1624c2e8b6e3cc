import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Cloud } from '../../../emulators/cloud.ts';
import type { Action } from '../../../emulators/deployment/deployment.ts';
import { iamSettings, iamWorld } from '../../../emulators/iam-world.ts';
import type { Execution, MachineEvent } from '../../../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { ended } from '../../fixtures/ended.ts';
import { checkRequestToAtlas } from '../../fixtures/requests-to-atlas.ts';
import { addForeign, foreignThings, lasting, removable, seedWith } from './foreign.ts';
import { heal, type Kill, kill, observe, type Write } from './kill.ts';

/** A run that is killed. */
export interface Scenario {
  name: string;
  /** The machine of the run. */
  action: Action;
  world?: WorldSeed;
  /** Of the deployment, beside those that every deployment needs. */
  settings?: Record<string, string>;
  prepare?(cloud: Cloud): Promise<void>;
  start(cloud: Cloud): Promise<Execution>;
  /** The state in which the run ends if it isn't killed. */
  endsIn: string;
  /** The states whose writes are examined. Default: all. */
  states?: string[];
}

/** What a killed run has left, and what the disconnect that the tag has started has made of it. */
export interface Row {
  scenario: string;
  kill: Kill;
  /** For how many simulated seconds Atlas doesn't show what it has created. */
  shownAfterSeconds: number;
  created: string[];
  kept: string[];
  removed: string[];
  /** How many sweeps were needed afterwards. */
  sweeps: number;
  /** Empty if the row is right. */
  complaints: string[];
}

/** A simulated day takes a second. Functions run in real time. */
const speed = 86_400;

/** Which states the runs of a cloud enter. */
const entriesOf = new WeakMap<Cloud, EventEmitter>();

export async function startCloud(settings: Record<string, string> = {}): Promise<Cloud> {
  const entries = new EventEmitter().setMaxListeners(0);
  const onEvent = (event: MachineEvent) => event.type === 'StateEntered' && entries.emit(event.state.name);
  const cloud = await Cloud.start({ speed, settings, world: seedWith(), onEvent, onExchange: checkRequestToAtlas });
  entriesOf.set(cloud, entries);
  return cloud;
}

const entered = (cloud: Cloud, state: string) => once(entriesOf.get(cloud) as EventEmitter, state);

const secretArnOf = ({ world }: Cloud) => world.scramSecrets[0]?.arn ?? '';

/** Only a person may have a secret associated: the input names it. */
const connect = (cloud: Cloud): Execution =>
  cloud.start({ clusterArn: cloud.world.cluster.arn, secretArn: secretArnOf(cloud) });

async function connected(cloud: Cloud): Promise<void> {
  const { endState, cause } = await ended(connect(cloud));
  assert.equal(endState, 'Connected', cause);
  // Long enough that Atlas shows everything.
  cloud.clock.advance(60);
}

/** The password has changed, and our statement has been removed. */
async function damaged(cloud: Cloud): Promise<void> {
  await connected(cloud);
  cloud.world.secretsManager.rotate(secretArnOf(cloud), JSON.stringify({ username: 'atlas', password: 'rotated' }));
  const { cluster } = cloud.world;
  const { document, version } = cluster.policy ?? assert.fail('there is a policy');
  const Statement = [document.Statement].flat().filter(({ Sid }) => !Sid?.startsWith('AtlasStreamProcessing'));
  cluster.policy = { document: { ...document, Statement }, version };
}

/** Time stands still in a wait of the connect, until the tag has changed. */
async function connecting(cloud: Cloud): Promise<void> {
  const isWaiting = entered(cloud, 'WaitForPrivateLink').then(() => {
    cloud.clock.isPaused = () => true;
  });
  connect(cloud);
  await isWaiting;
}

async function tagDisconnect(cloud: Cloud): Promise<Execution> {
  const [execution = assert.fail('the tag starts no execution')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
  cloud.clock.isPaused = () => false;
  return execution;
}

const notAssociated = { scramSecrets: [{ isAssociated: false }] };
const startConnect = async (cloud: Cloud) => connect(cloud);

export const scenarios: Scenario[] = [
  { name: 'first connect', action: 'connect', world: notAssociated, start: startConnect, endsIn: 'Connected' },
  { name: 'repair', action: 'connect', prepare: damaged, start: startConnect, endsIn: 'Connected' },
  {
    name: 'connect that fails',
    action: 'connect',
    world: { atlas: { linkFails: 'No zone in common.' } },
    start: startConnect,
    endsIn: 'SetupFailed',
    states: ['RecordFailure'],
  },
  { name: 'disconnect', action: 'disconnect', prepare: connected, start: tagDisconnect, endsIn: 'Disconnected' },
  {
    name: 'disconnect of a running connect',
    action: 'disconnect',
    prepare: connecting,
    start: tagDisconnect,
    endsIn: 'Disconnected',
    states: ['ResolveRequest'],
  },
];

/** SCRAM is the scheme of another party. */
export const firstConnectByIam: Scenario = {
  name: 'first connect by IAM',
  action: 'connect',
  world: iamWorld({
    cluster: {
      clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
      vpcConnectivity: { scram: true, iam: false, tls: false },
    },
  }),
  settings: iamSettings,
  start: async (cloud) => cloud.start({ clusterArn: cloud.world.cluster.arn }),
  endsIn: 'Connected',
};

/** A run that creates the connection again, which somebody has deleted, and that Atlas shows late from then on. */
export const lateConnection = (shownAfterSeconds: number): Scenario => ({
  name: 'connection shown late',
  action: 'connect',
  prepare: async (cloud) => {
    await connected(cloud);
    cloud.world.project.deleteConnection('streams', cloud.world.cluster.seed.name);
    cloud.clock.advance(10);
    cloud.world.atlas.behaviour.shownAfterSeconds = shownAfterSeconds;
  },
  start: startConnect,
  endsIn: 'Connected',
});

export async function begin(cloud: Cloud, { world = {}, prepare }: Scenario): Promise<void> {
  await cloud.replaceWorld(seedWith(world));
  addForeign(cloud);
  await prepare?.(cloud);
}

/** All writes of the run, from one that is not killed. */
export async function writesOf(cloud: Cloud, scenario: Scenario): Promise<Write[]> {
  const { action, start, endsIn, states } = scenario;
  await begin(cloud, scenario);
  const writes = observe(cloud, action);
  const { endState, cause } = await ended(await start(cloud));
  assert.equal(endState, endsIn, cause);
  return states ? writes.filter(({ state }) => states.includes(state)) : writes;
}

/** Changes the tag so that it starts a disconnect. After a killed disconnect it already has that value. */
async function tagAgain(cloud: Cloud, { action }: Scenario, { end }: Kill): Promise<Execution> {
  if (action === 'disconnect' && end === 'stopped') await cloud.untag(['atlas-streaming']);
  // Its connect is stopped at once, or at one of its first steps.
  else if (action === 'disconnect') await cloud.tag({ 'atlas-streaming': 'connect' });
  return tagDisconnect(cloud);
}

export const allEnded = (cloud: Cloud) => Promise.all(cloud.executions.map(({ result }) => result));

/** The waits of a disconnect. */
const waits = ['WaitForHolder', 'WaitForConnectionRemoval', 'WaitForPrivateLinkRemoval', 'WaitForCluster'];

/** More sweeps than any state may need. */
const maxSweeps = 4;

/** Kills a run, disconnects by the tag, and compares. */
export async function rowOf(cloud: Cloud, scenario: Scenario, how: Kill, shownAfterSeconds = 0): Promise<Row> {
  await begin(cloud, scenario);
  const foreignBefore = foreignThings(cloud);
  const progress = kill(cloud, scenario.action, how, () => {
    cloud.world.atlas.behaviour.shownAfterSeconds = shownAfterSeconds;
  });
  const victim = await scenario.start(cloud);
  await (how.end === 'outlived' ? progress.done.promise : victim.result);
  heal(cloud);
  let created = removable(cloud);
  const lastingBefore = lasting(cloud);

  const disconnect = await tagAgain(cloud, scenario, how);
  if (how.end === 'outlived') {
    await Promise.race([...waits.map((state) => entered(cloud, state)), disconnect.result]);
    progress.late.resolve();
    await progress.applied.promise;
    created = removable(cloud);
  }
  const { endState, cause } = await ended(disconnect);
  await allEnded(cloud);
  const left = removable(cloud);
  const sweeps = await sweepUntilClosed(cloud);
  const complaints = {
    'the run was not killed': !progress.isDone,
    [`the disconnect ended in ${endState}: ${cause}`]: endState !== 'Disconnected',
    [`${left.join(', ')} left after ${sweeps} sweeps`]: removable(cloud).length > 0,
    'the record stays': (await recordOf(cloud)) !== undefined,
    'the record was closed, although something is left': left.length > 0 && sweeps === 0,
    [`foreign things have changed: ${foreignThings(cloud)}`]: foreignThings(cloud) !== foreignBefore,
    'what lasts has changed': !lastingBefore.every((it) => lasting(cloud).includes(it)),
    'the status tag is wrong': cloud.world.cluster.tags.all['atlas-streaming/status'] !== 'disconnected',
  };
  return {
    scenario: scenario.name,
    kill: how,
    shownAfterSeconds,
    created,
    kept: lasting(cloud),
    removed: removedBy(created, left),
    sweeps,
    complaints: Object.entries(complaints).flatMap(([complaint, isTrue]) => (isTrue ? [complaint] : [])),
  };
}

const recordOf = (cloud: Cloud) => cloud.registry.get(cloud.world.cluster.arn);

/** Sweeps every quarter of an hour as long as there is a record. @returns how often */
async function sweepUntilClosed(cloud: Cloud): Promise<number> {
  let sweeps = 0;
  while ((await recordOf(cloud)) && sweeps < maxSweeps) {
    cloud.clock.advance(16);
    await cloud.sweep();
    await allEnded(cloud);
    sweeps += 1;
  }
  return sweeps;
}

function removedBy(before: string[], after: string[]): string[] {
  const rest = [...after];
  return before.filter((it) => {
    const index = rest.indexOf(it);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}
