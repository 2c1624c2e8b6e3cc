import { Cloud } from '../emulators/cloud.ts';
import type { Execution } from '../emulators/step-functions/execution.ts';
import { usualMinutes, type Wait, waits } from './durations.ts';
import type { Figure } from './figures.ts';

/** What a first connect costs, and how long after the end of a wait the next poll comes. */

/** An hour takes ten seconds, so a real millisecond is a third of a simulated second. */
const speed = 360;

/**
 * In US dollars, us-east-1, without the free tier.
 *
 * @see https://aws.amazon.com/step-functions/pricing/
 * @see https://aws.amazon.com/lambda/pricing/ (arm64)
 */
const perTransition = 0.025 / 1000;
const perRequest = 0.2 / 1_000_000;
const perGbSecond = 0.0000133334;

/** As in serverless.yml. */
const memoryGb = 0.25;

interface Use {
  transitions: number;
  /** Invocations of functions. */
  invocations: number;
  lambdaMs: number;
}

export const dollars = ({ transitions, invocations, lambdaMs }: Use): number =>
  transitions * perTransition + invocations * perRequest + (lambdaMs / 1000) * memoryGb * perGbSecond;

/** The state that follows a wait. */
const after: Record<Wait, string> = {
  cluster: 'IsPlanned',
  privateLink: 'CreateConnection',
  connection: 'RecordSuccess',
};

/** The request that starts what a wait waits for. */
const startedBy: Record<Wait, string> = {
  cluster: 'UpdateConnectivity',
  privateLink: 'createGroupStreamPrivateLinkConnection',
  connection: 'createGroupStreamConnection',
};

/** A first connect in the local cloud, with the usual durations of MSK and Atlas. */
export async function costs(): Promise<Figure[]> {
  const world = {
    cluster: { updateMinutes: usualMinutes.cluster },
    atlas: { linkMinutes: usualMinutes.privateLink, connectionMinutes: usualMinutes.connection },
  };
  const cloud = await Cloud.start({ speed, world });
  try {
    const [execution] = await cloud.tag({ 'atlas-streaming': 'connect' });
    const result = await execution?.result;
    if (!execution || result?.status !== 'SUCCEEDED') throw new Error(`The run failed: ${result?.cause}`);
    const startOf = (wait: Wait) => cloud.recorder.exchanges.find((it) => it.operation === startedBy[wait])?.at;
    const use = useOf(execution);
    const figure = (name: string, unit: Figure['unit'], value: number): Figure => ({
      part: 'cost',
      subject: 'first connect',
      name,
      value,
      unit,
    });
    return [
      figure('cost', '$/1000', 1000 * dollars(use)),
      figure('transitions', 'transitions', use.transitions),
      figure('Lambda', 'ms', use.lambdaMs),
      figure('delay', 's', sum(waits.map((wait) => delay(execution, wait, startOf(wait))))),
    ];
  } finally {
    await cloud.close();
  }
}

function useOf({ history }: Execution): Use {
  const answered = history.filter((event) => event.type === 'TaskAnswered');
  return {
    transitions: history.filter(({ type }) => type === 'StateEntered' || type === 'StateRetried').length,
    invocations: answered.length,
    // Lambda bills whole milliseconds.
    lambdaMs: sum(answered.map(({ milliseconds }) => Math.ceil(milliseconds))),
  };
}

/** Seconds from the end of what a wait waits for to the poll that finds it. */
function delay({ history }: Execution, wait: Wait, startedAt: Date | undefined): number {
  // The run may also have visited this state before the wait.
  const left = history.findLast((event) => event.type === 'StateEntered' && event.state.name === after[wait]);
  if (!left || !startedAt) throw new Error(`The run did not wait for ${wait}.`);
  return (left.at.getTime() - startedAt.getTime()) / 1000 - usualMinutes[wait] * 60;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
