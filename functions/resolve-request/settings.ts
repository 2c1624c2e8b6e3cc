import * as z from 'zod/mini';
import { mechanisms } from '../../shared/request/request.ts';
import { mostPolls, type Wait } from '../../shared/wait.ts';

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

/**
 * A poll is 9 events (Wait, Task, Choice). One of a cluster that is ACTIVE, and its connectivity still off, is 18, and half as
 * often (InspectCluster).
 */
const pollEvents = 9;

const waited = ['CLUSTER', 'PRIVATE_LINK', 'CONNECTION'] as const;
type Waited = (typeof waited)[number];

type Polls = Record<`${Waited}_${'POLL_SECONDS' | 'USUAL_MINUTES' | 'TIMEOUT_MINUTES'}`, number>;

const waitOf = (it: Polls, each: Waited): Wait => ({
  pollSeconds: it[`${each}_POLL_SECONDS`],
  usualMinutes: it[`${each}_USUAL_MINUTES`],
  timeoutMinutes: it[`${each}_TIMEOUT_MINUTES`],
});

/** Several variables are to blame, so it names them itself: as the parameters that they are. The example fits all others. */
const tooManyPolls = (it: Polls): string =>
  `clusterPollSeconds=${it.CLUSTER_POLL_SECONDS} for clusterTimeoutMinutes=${it.CLUSTER_TIMEOUT_MINUTES}, ` +
  `privateLinkPollSeconds=${it.PRIVATE_LINK_POLL_SECONDS} for privateLinkTimeoutMinutes=${it.PRIVATE_LINK_TIMEOUT_MINUTES} and ` +
  `connectionPollSeconds=${it.CONNECTION_POLL_SECONDS} for connectionTimeoutMinutes=${it.CONNECTION_TIMEOUT_MINUTES} ` +
  'are together more polls than fit into an execution, which Step Functions ends at 25,000 events; poll less often, for example with clusterPollSeconds=400';

/**
 * The deployment's defaults, each with what it must be as the end of a sentence. The limits of the waits together are 23 hours;
 * the machine ends after 36, which leaves room for retries: up to an hour and a half of one state that AWS or Atlas throttles.
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
      CLUSTER_POLL_SECONDS: between(10, 3600, 20),
      CLUSTER_USUAL_MINUTES: between(1, 1080, 45),
      CLUSTER_TIMEOUT_MINUTES: between(1, 1080, 720),
      PRIVATE_LINK_POLL_SECONDS: between(10, 3600, 20),
      PRIVATE_LINK_USUAL_MINUTES: between(1, 180, 32),
      PRIVATE_LINK_TIMEOUT_MINUTES: between(1, 180, 90),
      CONNECTION_POLL_SECONDS: between(10, 3600, 20),
      CONNECTION_USUAL_MINUTES: between(1, 120, 26),
      CONNECTION_TIMEOUT_MINUTES: between(1, 120, 90),
      // The only wait of its machine: at these limits its polls are 19,440 events.
      REMOVAL_POLL_SECONDS: between(10, 3600, 30),
      REMOVAL_TIMEOUT_MINUTES: between(1, 360, 120),
      DISCONNECT_ON_UNTAG: z.enum(['true', 'false'], {
        error: 'must be true or false',
      }),
    })
    .check(
      z.refine(
        (it) => waited.reduce((sum, each) => sum + mostPolls(waitOf(it, each)) * pollEvents, 0) <= mostPollEvents,
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
      cluster: waitOf(variables, 'CLUSTER'),
      privateLink: waitOf(variables, 'PRIVATE_LINK'),
      connection: waitOf(variables, 'CONNECTION'),
      removal: { pollSeconds: variables.REMOVAL_POLL_SECONDS, timeoutMinutes: variables.REMOVAL_TIMEOUT_MINUTES },
    },
  })),
);
export type Settings = z.infer<typeof Environment>;
