import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';
import { iamSettings, iamWorld } from '../../../emulators/iam-world.ts';
import { settingTags } from '../../../shared/msk/tags.ts';
import { RegistryRecord } from '../../../shared/registry/record.ts';
import { ended } from '../../fixtures/ended.ts';
import { describe, heal, type Kill, kill } from './kill.ts';
import { allEnded, begin, type Scenario } from './run.ts';

/** What a killed restart has left, and what the next runs have made of it. */
export interface RestartRow {
  scenario: string;
  kill: Kill;
  /** The processors that don't run then, although they ran before. */
  stopped: string[];
  /** Those that the registry names then. */
  recorded: string[];
  /** How many sweeps were needed until all ran again and the connection was updated. */
  sweeps: number;
  /** Empty if the row is right. */
  complaints: string[];
}

const pipeline = [
  { $source: { connectionName: 'orders', topic: 'orders' } },
  { $emit: { connectionName: '__testLog' } },
];

/**
 * A cluster that is connected, and whose connection must be updated. Two processors run and use the connection, one that uses it does not
 * run, and one uses another.
 */
async function inUse(cloud: Cloud): Promise<void> {
  const { cluster, project, secretsManager, scramSecrets } = cloud.world;
  const { endState, cause } = await ended(cloud.start({ clusterArn: cluster.arn }));
  assert.equal(endState, 'Connected', cause);
  cloud.clock.advance(60);
  project.addProcessor('streams', { name: 'one', tier: 'SP10', pipeline });
  project.addProcessor('streams', { name: 'two', pipeline });
  project.addProcessor('streams', { name: 'idle', state: 'STOPPED', pipeline });
  project.addProcessor('streams', { name: 'apart', pipeline: [{ $source: { connectionName: 'theirs' } }] });
  cluster.tags.setWithoutEvent({ ...cluster.tags.all, [settingTags.restartProcessors]: 'true' });
  const connection = project.connection('streams', 'orders');
  if (connection.settings.authentication.mechanism === 'AWS_MSK_IAM')
    connection.update({
      ...connection.settings,
      authentication: { mechanism: 'AWS_MSK_IAM', aws: { roleArn: theirs } },
    });
  else secretsManager.rotate(scramSecrets[0]?.arn ?? '', JSON.stringify({ username: 'atlas', password: 'rotated' }));
}

/** A role that another party has given the connection. */
const theirs = 'arn:aws:iam::123456789012:role/theirs';

async function isUpdated({ world, registry }: Cloud): Promise<boolean> {
  const { aws } = world.project.connection('streams', 'orders').settings.authentication;
  const { secretVersionId } = RegistryRecord.parse(await registry.get(world.cluster.arn));
  return aws ? aws.roleArn !== theirs : secretVersionId === world.scramSecrets[0]?.versions.at(-1)?.id;
}

/** Quick, so that a run polls only a few times. */
const world = {
  cluster: { name: 'orders', vpcConnectivity: { scram: true, iam: true, tls: false } },
  atlas: { processorStartMinutes: 0.25 },
};

const restart: Omit<Scenario, 'name'> = {
  action: 'connect',
  prepare: inUse,
  start: async (cloud) => cloud.start({ clusterArn: cloud.world.cluster.arn }),
  endsIn: 'Connected',
  states: ['CreateConnection', 'StopProcessors', 'StartProcessors', 'RecordSuccess'],
};

export const restartByScram: Scenario = { ...restart, name: 'rotation in use', world };
export const restartByIam: Scenario = {
  ...restart,
  name: 'change of the role in use, by IAM',
  world: iamWorld(world),
  settings: iamSettings,
};

const runningIn = ({ world }: Cloud): string[] =>
  world.project
    .workspace('streams')
    .processors.filter(({ state }) => state === 'STARTED')
    .map(({ name }) => name);

async function recordedIn(cloud: Cloud): Promise<string[]> {
  const { stoppedProcessors = [] } = RegistryRecord.parse(await cloud.registry.get(cloud.world.cluster.arn));
  return stoppedProcessors.map(({ name }) => name);
}

/** More sweeps than the next run may need. */
const maxSweeps = 4;

/** Kills a run that restarts processors, lets the sweep start the next ones, and compares. */
export async function restartRowOf(cloud: Cloud, scenario: Scenario, how: Kill): Promise<RestartRow> {
  await begin(cloud, scenario);
  const before = runningIn(cloud);
  const progress = kill(cloud, scenario.action, how, () => undefined);
  await (await scenario.start(cloud)).result;
  heal(cloud);
  await allEnded(cloud);
  // A processor that is stopping is STOPPED by then.
  cloud.clock.advance(2);
  const stopped = before.filter((name) => !runningIn(cloud).includes(name));
  const recorded = await recordedIn(cloud);
  const isRight = async () =>
    (await isUpdated(cloud)) && runningIn(cloud).join() === before.join() && (await recordedIn(cloud)).length === 0;
  let sweeps = 0;
  while (sweeps < maxSweeps && !(await isRight())) {
    if (sweeps > 0 || how.end === 'crashing') cloud.clock.advance(16);
    await cloud.sweep();
    await allEnded(cloud);
    sweeps += 1;
  }
  const running = runningIn(cloud);
  const { one, two } = Object.fromEntries(
    ['one', 'two'].map((name) => [name, cloud.world.project.processor('streams', name)]),
  );
  const complaints = {
    'the run was not killed': !progress.isDone,
    [`${stopped.join()} stopped, and not recorded`]: stopped.some((name) => !recorded.includes(name)),
    [`${running.join()} run, and ${before.join()} ran before`]: running.join() !== before.join(),
    'a processor started anew': [one, two].some((it) => it?.startedFrom === 'beginning'),
    'a processor runs on another tier': one?.tier !== 'SP10' || two?.tier !== undefined,
    'the connection was not updated': !(await isUpdated(cloud)),
    'the registry still names processors': (await recordedIn(cloud)).length > 0,
    [`${sweeps} sweeps were needed`]: recorded.length > 0 && sweeps > 1,
  };
  return {
    scenario: scenario.name,
    kill: how,
    stopped,
    recorded,
    sweeps,
    complaints: Object.entries(complaints).flatMap(([complaint, isTrue]) => (isTrue ? [complaint] : [])),
  };
}

const list = (items: string[]) => items.join(', ') || '–';

/** The rows as a table in Markdown. */
export function restartTableOf(rows: RestartRow[]): string {
  const wrong = rows.filter(({ complaints }) => complaints.length > 0).length;
  const lines = rows.map(({ scenario, kill, stopped, recorded, sweeps, complaints }) =>
    [
      scenario,
      describe(kill.write),
      `${kill.applied ? 'after' : 'before'}, ${kill.end}`,
      list(stopped),
      list(recorded),
      sweeps === 0 ? 'the run itself' : `sweep ${sweeps}`,
      complaints.length === 0 ? 'right' : `**wrong**: ${complaints.join('; ')}`,
    ].join(' | '),
  );
  return [
    '# Killed restarts',
    '',
    'A run that stops stream processors, updates their connection and starts them again is killed at each call that changes something. Then the sweep starts the next run. In the end, exactly the processors run that ran before.',
    '',
    `${rows.length} rows, ${wrong} of them wrong.`,
    '',
    '| run | call | killed | stopped then | recorded then | running again by | |',
    '|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
    '',
  ].join('\n');
}
