import { Cloud } from '../emulators/cloud.ts';
import type { Action } from '../emulators/deployment/deployment.ts';
import type { Execution, MachineEvent } from '../emulators/step-functions/execution.ts';
import { triggerTag } from '../shared/msk/tags.ts';
import { clusterArnIn } from '../shared/request/input.ts';
import { cloudFor, isEvent, tagsIn } from './input.ts';
import { NoMatchingRule } from './no-matching-rule.ts';
import { type Scenario, tagAndConnect } from './scenario.ts';
import { observedState } from './screen/observed-state.ts';
import type { Presentation } from './screen/presentation.ts';
import { type Beginning, makeReport, type Report, takeSnapshot } from './screen/report.ts';
import { Timeline } from './screen/timeline.ts';

interface ScenarioRun {
  scenario: Scenario;
  /** The user's input. It replaces the start of the scenario. */
  input?: { path: string; value: unknown; action: Action } | undefined;
  presentation?: Presentation | undefined;
  /** Interrupts the run. */
  signal: AbortSignal;
}

export interface RunOptions extends ScenarioRun {
  settings: Record<string, string>;
  speed: number;
  onLog?: ((functionName: string, line: string) => void) | undefined;
}

/**
 * Runs one execution to its end, in a local cloud of its own.
 *
 * @throws NoMatchingRule, or the signal's reason if the run is interrupted
 */
export async function runScenario(options: RunOptions): Promise<Report> {
  const { scenario, input, speed, onLog } = options;
  const { place, world, settings } = cloudFor(input?.value, scenario.world ?? {});
  const cloud = await Cloud.start({ speed, place, world, settings: { ...settings, ...options.settings }, onLog });
  try {
    return await runScenarioIn(cloud, options);
  } finally {
    await cloud.close();
  }
}

/**
 * Runs one execution to its end, in a cloud that has the world and the settings of the scenario.
 *
 * @throws as `runScenario` does
 */
export async function runScenarioIn(cloud: Cloud, options: ScenarioRun): Promise<Report> {
  const { presentation, signal } = options;
  let shown: Execution | undefined;
  const timeline = new Timeline(() => observedState(cloud.recorder));
  const show = (event: MachineEvent) => {
    timeline.add(event);
    presentation?.update(timeline);
  };
  cloud.onEvent = (event, execution) => {
    if (execution === shown) show(event);
  };
  await prepare(cloud, options);
  const record = async () => (await cloud.registry.get(cloud.world.cluster.arn)) ?? null;
  const [before, recordBefore] = [takeSnapshot(cloud), await record()];
  const beginning = describe(cloud, options);
  presentation?.begin(cloud, beginning);
  const sentBefore = (await cloud.messages()).length;
  const earlier = cloud.executions;
  const begunAt = performance.now();
  const execution = await start(cloud, options);
  shown = execution;
  execution.history.forEach(show);
  signal.addEventListener('abort', () => execution.abort());
  signal.throwIfAborted();
  const result = await execution.result;
  signal.throwIfAborted();
  const realMs = performance.now() - begunAt;
  const others = await Promise.all(
    cloud.executions
      .filter((it) => it !== execution && !earlier.includes(it))
      .map(async (it) => ({ execution: it, result: await it.result })),
  );
  const registry = { before: recordBefore, after: await record() };
  const messages = (await cloud.messages()).slice(sentBefore);
  const ran = { beginning, cloud, execution, result, others, messages, timeline };
  return makeReport({ ...ran, before, registry, realMs });
}

async function prepare(cloud: Cloud, { scenario, input }: ScenarioRun): Promise<void> {
  if (scenario.prepare) await scenario.prepare(cloud);
  else if (input?.action === 'disconnect') await tagAndConnect(cloud);
  // The preparation may have set others. When AWS delivers an event, the tags in it are those of the cluster.
  const tags = tagsIn(input?.value);
  if (tags) cloud.world.cluster.tags.setWithoutEvent(tags);
}

async function start(cloud: Cloud, { scenario, input }: ScenarioRun): Promise<Execution> {
  if (!input && scenario.start) return scenario.start(cloud);
  if (!input && !scenario.input) {
    const [execution] = await cloud.tag({ [triggerTag]: 'connect' });
    if (execution) return execution;
    throw new Error(`No rule has started an execution for the tag ${triggerTag}=connect.`);
  }
  if (!input || !isEvent(input.value))
    return input ? cloud.start(input.value, input.action) : cloud.start(scenario.input?.(cloud));
  const [execution] = cloud.deliver(input.value);
  if (execution) return execution;
  throw new NoMatchingRule(input.path, input.value, cloud.deployment);
}

const describe = (cloud: Cloud, options: ScenarioRun): Beginning => ({
  scenario: options.scenario.name,
  description: options.input ? 'Your input replaces its start.' : options.scenario.description,
  startedBy: describeStart(cloud, options),
  clusterArn: cloud.world.cluster.arn,
  isClusterInvented: clusterArnIn(options.input?.value) === cloud.world.cluster.arn,
  speed: cloud.clock.speed,
});

function describeStart(cloud: Cloud, { scenario, input }: ScenarioRun): string {
  if (input)
    return isEvent(input.value)
      ? `By the event in ${input.path}.`
      : `From the console, with the input in ${input.path}${input.action === 'disconnect' ? ', at the disconnect machine' : ''}.`;
  if (scenario.startedBy) return scenario.startedBy;
  if (scenario.input)
    return `From the console, with ${JSON.stringify(scenario.input(cloud)).replace(cloud.world.cluster.arn, '…')}.`;
  return `The cluster is tagged ${triggerTag}=connect. A rule matches the event of the tag and starts the state machine.`;
}
