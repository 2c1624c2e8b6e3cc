import type { Recorder } from '../../emulators/recorder.ts';

/** A poll asks for little more than the state that it waits for: a challenge to sign, the secrets of a settled cluster. */
const recent = 5;

/** The state of the cluster, private link or connection that was read last, such as WORKING: what a wait loop waits on. */
export function observedState({ exchanges }: Recorder): string | undefined {
  const states = exchanges.slice(-recent).map(({ status, responseBody }) => {
    const { state, clusterInfo } = status === 200 ? JSON.parse(responseBody || '{}') : {};
    return state ?? clusterInfo?.state;
  });
  return states.findLast((state) => typeof state === 'string');
}
