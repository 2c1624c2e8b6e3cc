import { type Waits, waits } from '../../shared/waits.ts';
import { table } from './marked-parts.ts';

/** What each wait is for, and how long it usually takes. Neither AWS nor MongoDB publishes a duration. */
const described: Record<keyof Waits, [waitFor: string, usually: string]> = {
  cluster: ['the cluster to become ACTIVE again', '45 minutes for the rolling reboot; hours for a large cluster'],
  privateLink: ['the private link', 'about 30 minutes'],
  connection: ['the connection', 'about 25 minutes'],
  processors: ['stream processors to stop, or to start again', 'seconds to stop; 2 to 5 minutes to start'],
  holder: ['a disconnect of the same cluster', 'minutes'],
  removal: [
    'the removal of the connection and the private link',
    'minutes; sometimes more than 20; longer if Atlas still deploys the connection',
  ],
  probe: ['the probe to read its topic', '3 to 10 minutes; not without a probe'],
  probeRecord: ['a record, after the probe has seen the topic', 'seconds'],
  probeLog: ['the log of a probe that has failed', '5 minutes'],
  probeEnd: ['the probe to be stopped and deleted', 'half a minute'],
  unclearAttempt: ['what a request without an answer may have created', 'seconds; none, if every request was answered'],
};

/** @returns the table of the waits, with their poll intervals and deadlines */
export const waitsTable = (): string =>
  table(
    ['Wait for', 'Usually takes', 'Poll every', 'Deadline'],
    Object.entries(waits).map(([name, { pollSeconds, timeoutMinutes }]) => [
      ...described[name as keyof Waits],
      `${pollSeconds} s`,
      timeoutMinutes % 60 === 0 ? `${timeoutMinutes / 60} h` : `${timeoutMinutes} min`,
    ]),
  );
