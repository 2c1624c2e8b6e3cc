import * as z from 'zod/mini';
import { mechanisms } from '../../shared/request.ts';

/**
 * A whole number from the environment, within limits; the usual one is the default in serverless.yml. It aborts, since what
 * is wrong alone is not to be added up with others.
 */
const between = (least: number, most: number, usual: number) => {
  const error = `must be a whole number from ${least} to ${most}, for example ${usual}`;
  const isWithin = (text: string) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  return z.pipe(z.string({ error }).check(z.refine(isWithin, { error, abort: true })), z.transform(Number));
};

/** The ids in a list that is separated by commas. */
export const idsIn = (list: string): string[] =>
  list
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);

/** Step Functions ends an execution at 25,000 events, and nothing can catch that; the rest is for the states around. */
const mostPollEvents = 20_000;

/** A poll is 9 events (Wait, Task, Choice); of the cluster, up to 23, where it is ACTIVE and connectivity is still off. */
const pollEvents = { cluster: 23, privateLink: 9, connection: 9 };

type Polls = Record<`${'CLUSTER' | 'PRIVATE_LINK' | 'CONNECTION'}_${'POLL_SECONDS' | 'TIMEOUT_MINUTES'}`, number>;

/** Several variables are to blame, so it names them itself: as the parameters that they are. The example fits all others. */
const tooManyPolls = (it: Polls): string =>
  `clusterPollSeconds=${it.CLUSTER_POLL_SECONDS} for clusterTimeoutMinutes=${it.CLUSTER_TIMEOUT_MINUTES}, ` +
  `privateLinkPollSeconds=${it.PRIVATE_LINK_POLL_SECONDS} for privateLinkTimeoutMinutes=${it.PRIVATE_LINK_TIMEOUT_MINUTES} and ` +
  `connectionPollSeconds=${it.CONNECTION_POLL_SECONDS} for connectionTimeoutMinutes=${it.CONNECTION_TIMEOUT_MINUTES} ` +
  'are together more polls than fit into an execution, which Step Functions ends at 25,000 events; poll less often, for example with clusterPollSeconds=400';

/**
 * The deployment's defaults, each with what it must be as the end of a sentence. The limits of the waits together stay below
 * the 24 hours after which the machine ends.
 */
export const Environment = z.pipe(
  z
    .object({
      ATLAS_PROJECT_ID: z.string(),
      ATLAS_WORKSPACE: z.string(),
      ALLOWED_PROJECT_IDS: z.string(),
      KAFKA_AUTH_MECHANISM: z.enum(mechanisms, {
        error: `must be ${mechanisms.join(' or ')}`,
      }),
      CLUSTER_POLL_SECONDS: between(30, 3600, 60),
      CLUSTER_TIMEOUT_MINUTES: between(1, 1080, 720),
      PRIVATE_LINK_POLL_SECONDS: between(10, 3600, 30),
      PRIVATE_LINK_TIMEOUT_MINUTES: between(1, 180, 90),
      CONNECTION_POLL_SECONDS: between(10, 3600, 30),
      CONNECTION_TIMEOUT_MINUTES: between(1, 120, 60),
      // The only wait of its machine: at these limits its polls are 19,440 events.
      REMOVAL_POLL_SECONDS: between(10, 3600, 30),
      REMOVAL_TIMEOUT_MINUTES: between(1, 360, 120),
      DISCONNECT_ON_UNTAG: z.enum(['true', 'false'], {
        error: 'must be true or false',
      }),
    })
    .check(
      z.refine(
        (it) =>
          (it.CLUSTER_TIMEOUT_MINUTES * 60 * pollEvents.cluster) / it.CLUSTER_POLL_SECONDS +
            (it.PRIVATE_LINK_TIMEOUT_MINUTES * 60 * pollEvents.privateLink) / it.PRIVATE_LINK_POLL_SECONDS +
            (it.CONNECTION_TIMEOUT_MINUTES * 60 * pollEvents.connection) / it.CONNECTION_POLL_SECONDS <=
          mostPollEvents,
        { error: ({ input }) => tooManyPolls(input as Polls) },
      ),
    ),
  z.transform((variables) => ({
    projectId: variables.ATLAS_PROJECT_ID,
    workspace: variables.ATLAS_WORKSPACE,
    /** The default project is always allowed. */
    allowedProjectIds: new Set(idsIn(`${variables.ATLAS_PROJECT_ID},${variables.ALLOWED_PROJECT_IDS}`)),
    mechanism: variables.KAFKA_AUTH_MECHANISM,
    disconnectOnUntag: variables.DISCONNECT_ON_UNTAG === 'true',
    waits: {
      cluster: { pollSeconds: variables.CLUSTER_POLL_SECONDS, timeoutMinutes: variables.CLUSTER_TIMEOUT_MINUTES },
      privateLink: {
        pollSeconds: variables.PRIVATE_LINK_POLL_SECONDS,
        timeoutMinutes: variables.PRIVATE_LINK_TIMEOUT_MINUTES,
      },
      connection: {
        pollSeconds: variables.CONNECTION_POLL_SECONDS,
        timeoutMinutes: variables.CONNECTION_TIMEOUT_MINUTES,
      },
      removal: { pollSeconds: variables.REMOVAL_POLL_SECONDS, timeoutMinutes: variables.REMOVAL_TIMEOUT_MINUTES },
    },
  })),
);
export type Settings = z.infer<typeof Environment>;
