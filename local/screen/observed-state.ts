import type { Recorder } from '../../emulators/recorder.ts';

/** The operational logs are lines of JSON, and have no state. */
const logs = 'downloadGroupStreamOperationalLogs';

/** A poll makes at most this many calls: for the state, and for example for the secrets of the cluster. */
const callsOfPoll = 5;

/** The last state that a poll has read, of the cluster, the private link or the connection, such as WORKING. */
export function observedState({ exchanges }: Recorder): string | undefined {
  const states = exchanges.slice(-callsOfPoll).map(({ service, operation, status, responseBody }) => {
    // A message may be sent at the same time, and SNS answers in XML.
    const hasState = status === 200 && (service === 'kafka' || service === 'atlas') && operation !== logs;
    const { state, clusterInfo } = hasState ? JSON.parse(responseBody || '{}') : {};
    return state ?? clusterInfo?.state;
  });
  return states.findLast((state) => typeof state === 'string');
}
