import { Cloud } from '../../emulators/cloud.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { usualMinutes, type Wait, waits } from './durations.ts';
import type { Use } from './prices.ts';

/** An hour takes ten seconds: a real millisecond is a third of a simulated second. */
const speed = 360;

/** The state that comes when a wait is over. */
const after: Record<Wait, string> = {
  cluster: 'IsPlanned',
  privateLink: 'CreateConnection',
  connection: 'RecordSuccess',
};

/** What has begun when the service says so, and takes its time from then on. */
const begunBy: Record<Wait, string> = {
  cluster: 'UpdateConnectivity',
  privateLink: 'createGroupStreamPrivateLinkConnection',
  connection: 'createGroupStreamConnection',
};

export interface MeasuredRun extends Use {
  /** Visits of Wait states, and what the functions took that look after them. */
  polls: number;
  pollMs: number;
  /** Of all three waits together. */
  delaySeconds: number;
}

/**
 * A first connect in the local cloud, with the remote times of real life.
 *
 * @param pollSeconds between two polls, whatever the functions say; theirs, where it is not given
 */
export async function measuredRun(pollSeconds?: number): Promise<MeasuredRun> {
  const world = {
    cluster: { updateMinutes: usualMinutes.cluster },
    atlas: { linkMinutes: usualMinutes.privateLink, connectionMinutes: usualMinutes.connection },
  };
  const cloud = await Cloud.start({ speed, world });
  cloud.interceptInvocation = async (_, next) => {
    const outcome = await next();
    const payload = outcome.payload as { pollSeconds?: number } | null | undefined;
    return pollSeconds !== undefined && payload?.pollSeconds
      ? { ...outcome, payload: { ...payload, pollSeconds } }
      : outcome;
  };
  try {
    const [execution] = await cloud.tag({ 'atlas-streaming': 'connect' });
    const result = await execution?.result;
    if (!execution || result?.status !== 'SUCCEEDED') throw new Error(`The run has failed: ${result?.cause}`);
    const begunAt = (wait: Wait) => cloud.recorder.exchanges.find((it) => it.operation === begunBy[wait])?.at;
    return { ...useOf(execution), delaySeconds: sum(waits.map((wait) => delay(execution, wait, begunAt(wait)))) };
  } finally {
    await cloud.close();
  }
}

function useOf({ history }: Execution): Omit<MeasuredRun, 'delaySeconds'> {
  const answered = history.filter((event) => event.type === 'TaskAnswered');
  return {
    transitions: history.filter(({ type }) => type === 'StateEntered' || type === 'StateRetried').length,
    invocations: answered.length,
    lambdaMs: sum(answered.map(billed)),
    polls: history.filter((event) => event.type === 'StateEntered' && event.state.type === 'Wait').length,
    pollMs: sum(answered.filter(({ state }) => looks.has(state.name)).map(billed)),
  };
}

/** The states that come after a wait. */
const looks = new Set(['InspectCluster', 'CheckPrivateLink', 'CheckConnection']);

const billed = ({ milliseconds }: { milliseconds: number }) => Math.ceil(milliseconds);

function delay({ history }: Execution, wait: Wait, begunAt: Date | undefined): number {
  // There may be a look at it before the wait as well.
  const left = history.findLast((event) => event.type === 'StateEntered' && event.state.name === after[wait]);
  if (!left || !begunAt) throw new Error(`The run did not wait for ${wait}.`);
  return (left.at.getTime() - begunAt.getTime()) / 1000 - usualMinutes[wait] * 60;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
