import type { ProcessorSeed } from '../../emulators/atlas/processor.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import { RegistryRecord } from '../../shared/registry/record.ts';
import type { UseCase } from './use-case.ts';

/** Each writes to a cluster, so a record that it reads is written. */
const reading = (connectionName: string) => [
  { $source: { connectionName, topic: 'orders' } },
  { $merge: { into: { connectionName: 'db', db: 'shop', coll: 'orders' } } },
];

/** The stream processors of a person: two that use our connection, one of them runs, and one that uses another connection. */
export const ofPerson: ProcessorSeed[] = [
  { name: 'enrich', tier: 'SP10', pipeline: reading('orders') },
  { name: 'archive', tier: 'SP30', state: 'STOPPED', pipeline: reading('orders') },
  { name: 'salaries', pipeline: reading('payroll') },
];

const isProbe = ({ name }: { name: string }) => name.startsWith('aspprobe');

/** What is known of a person's stream processors before a run. Those that an earlier run has stopped must run again. */
export type Before = Awaited<ReturnType<typeof processorsBefore>>;

export async function processorsBefore(cloud: Cloud) {
  const stopped = (await recordOf(cloud))?.stoppedProcessors ?? [];
  return cloud.world.project
    .workspace('streams')
    .processors.filter((it) => !isProbe(it))
    .map(({ name, state, tier, checkpoint, runs }) => {
      const wasRunning = stopped.some((it) => it.name === name);
      return { name, state: wasRunning ? 'STARTED' : state, tier, checkpoint, starts: runs.length };
    });
}

/**
 * What is wrong with the stream processors. At any time, the registry must name each that a run has stopped, and the probe. At the end,
 * exactly those of a person exist and run that did before, on their tiers, from their checkpoints. A probe never writes to its sink.
 */
export async function wrongProcessors(
  cloud: Cloud,
  before: Before,
  { mayRestart }: UseCase,
  isDone: boolean,
): Promise<string[]> {
  const workspace = cloud.world.project.workspace('streams');
  const all = [...workspace.processors, ...workspace.deletedProcessors];
  const record = isDone ? undefined : await recordOf(cloud);
  const probes = workspace.processors.filter(isProbe).filter(({ name }) => record?.probe?.name !== name);
  return [
    ...probes.map(({ name, state }) => `the probe ${name} is left, ${state}`),
    ...(isDone && all.filter(isProbe).some(({ recordsWritten }) => recordsWritten > 0) ? ['a probe has written'] : []),
    ...workspace.processors
      .filter((it) => !isProbe(it) && before.every(({ name }) => name !== it.name))
      .map(({ name }) => `${name} is new`),
    ...before.flatMap((was) => {
      const processor = workspace.processors.find(({ name }) => name === was.name);
      if (!processor) return [`${was.name} is gone`];
      const { name, state, tier, runs } = processor;
      const isRecorded = record?.stoppedProcessors?.some((it) => it.name === name && it.tier === (was.tier ?? null));
      const isUntouched = !mayRestart || was.state !== 'STARTED';
      const wrong = {
        [`${name} is ${state}, not ${was.state}`]:
          state !== was.state && !isRecorded && !(!isDone && isStarting(state)),
        [`${name} has the tier ${tier}`]: tier !== was.tier,
        [`${name} was stopped or started`]: isUntouched && runs.length !== was.starts,
        [`${name} did not start from its checkpoint`]:
          runs.length > was.starts &&
          state === 'STARTED' &&
          !(runs.at(-1)?.startedFrom === 'checkpoint' && (runs.at(-1)?.offset ?? 0) >= (was.checkpoint ?? 0)),
      };
      return Object.entries(wrong).flatMap(([complaint, isWrong]) => (isWrong ? [complaint] : []));
    }),
  ];
}

const isStarting = (state: string) => state === 'STARTED' || state === 'PROVISIONING';

/** What a run that has failed has left: its probe, and what it has stopped. */
export function leftovers({ world: { project } }: Cloud, before: Before): string[] {
  const { processors } = project.workspace('streams');
  const running = before.filter(({ state }) => state === 'STARTED').map(({ name }) => name);
  return processors
    .filter((it) => isProbe(it) || (running.includes(it.name) && !isStarting(it.state)))
    .map(({ name }) => name);
}

/** What is wrong with the proof that the registry has at the end. */
export async function wrongProof(cloud: Cloud, { proves }: UseCase): Promise<string[]> {
  const { proof } = (await recordOf(cloud)) ?? {};
  const isRight = proves ? proves.test(proof?.detail ?? '') : !proof;
  return isRight ? [] : [`the registry says as proof: ${proof?.detail}`];
}

async function recordOf(cloud: Cloud): Promise<RegistryRecord | undefined> {
  const item = await cloud.registry.get(cloud.world.cluster.arn);
  return item && RegistryRecord.parse(item);
}
