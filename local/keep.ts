import { Cloud } from '../emulators/cloud.ts';
import { runSchedule } from '../emulators/scheduler.ts';
import { settingsOf } from '../emulators/world.ts';
import { workspaceIn } from '../shared/request/settings.ts';
import { cloudFor } from './input.ts';
import { endLine, formatKept, type Kept, keptCloud, startLine, sweepFailedLine } from './kept.ts';
import type { Scenario } from './scenario.ts';

export interface KeepOptions {
  scenario: Scenario;
  /** The name of the stage for the commands to try. */
  stage: string;
  settings: Record<string, string>;
  speed: number;
  /** Whether to print one JSON document instead of lines. */
  json: boolean;
  print(line: string): void;
  onLog?: ((functionName: string, line: string) => void) | undefined;
  /** Ends the cloud. */
  signal: AbortSignal;
}

/** While nothing runs: a sweep every 15 minutes then runs once a minute, which a person can wait for and a machine hardly notices. */
export const idleSpeed = 15;

/** A machine hardly notices it. A run, which waits about 200 times, takes a second longer. */
const tickMs = 5;

/**
 * Starts the local cloud with the world of a scenario and keeps it up until the signal. The scenario's own start is left out: the person
 * starts runs.
 */
export async function keepCloud({ scenario, stage, json, print, onLog, signal, ...options }: KeepOptions) {
  const { place, world } = cloudFor(undefined, scenario.world ?? {});
  let isPrepared = false;
  const printLine = (line: () => string) => {
    if (isPrepared && !json && !signal.aborted) print(line());
  };
  const cloud = await Cloud.start({
    speed: options.speed,
    idleSpeed: Math.min(idleSpeed, options.speed),
    tickMs,
    place,
    world,
    settings: options.settings,
    onLog,
    onEvent: (event, execution) => {
      if (event.type !== 'ExecutionStarted') return;
      printLine(() => startLine(execution, event.at));
      void execution.result.then((result) => printLine(() => endLine(execution, result)));
    },
  });
  const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
  try {
    if (!signal.aborted) await Promise.race([scenario.prepare?.(cloud), ended]);
    if (signal.aborted) return;
    isPrepared = true;
    const { atlasWorkspace } = { ...settingsOf(place), ...options.settings };
    const workspace = workspaceIn(place.region, atlasWorkspace);
    const kept = keptCloud(cloud, { scenario, stage, workspace });
    print(json ? JSON.stringify(kept, null, 2) : formatKept(kept).join('\n'));
    void sweepOnSchedule(cloud, kept, printLine, signal);
    await ended;
  } finally {
    await cloud.close();
  }
}

/** A sweep that fails is followed by the next one, which does the same work. */
async function sweepOnSchedule(
  cloud: Cloud,
  { sweepEverySeconds }: Kept,
  printLine: (line: () => string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (sweepEverySeconds === null) return;
  const sweep = () =>
    cloud.sweep().then(
      () => {},
      (error: Error) => printLine(() => sweepFailedLine(cloud.clock.now(), error)),
    );
  await runSchedule(cloud.clock, sweepEverySeconds, sweep, signal);
}
