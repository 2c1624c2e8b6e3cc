import * as z from 'zod/mini';
import { mechanisms } from '../../shared/request.ts';

/** A whole number from the environment, within limits. */
const between = (least: number, most: number) =>
  z
    .pipe(
      z.string({ error: `must be a whole number from ${least} to ${most}` }).check(z.regex(/^\d+$/)),
      z.transform(Number),
    )
    .check(z.refine((value) => value >= least && value <= most, { error: `must be from ${least} to ${most}` }));

/** Step Functions ends an execution at 25,000 events, and nothing can catch that; the rest is for the states around. */
const mostPollEvents = 20_000;

/** A poll is 9 events (Wait, Task, Choice); of the cluster, up to 23, where it is ACTIVE and connectivity is still off. */
const pollEvents = { cluster: 23, privateLink: 9, connection: 9 };

/** The deployment's defaults. The limits of the waits together stay below the 24 hours after which the machine ends. */
export const Environment = z.pipe(
  z
    .object({
      ATLAS_PROJECT_ID: z.string(),
      ATLAS_WORKSPACE: z.string(),
      ALLOWED_PROJECT_IDS: z.string(),
      KAFKA_AUTH_MECHANISM: z.enum(mechanisms, {
        error: `the parameter kafkaAuthMechanism must be ${mechanisms.join(' or ')}`,
      }),
      CLUSTER_POLL_SECONDS: between(30, 3600),
      CLUSTER_TIMEOUT_MINUTES: between(1, 1080),
      PRIVATE_LINK_POLL_SECONDS: between(10, 3600),
      PRIVATE_LINK_TIMEOUT_MINUTES: between(1, 180),
      CONNECTION_POLL_SECONDS: between(10, 3600),
      CONNECTION_TIMEOUT_MINUTES: between(1, 120),
      // The only wait of its machine: at these limits its polls are 19,440 events.
      REMOVAL_POLL_SECONDS: between(10, 3600),
      REMOVAL_TIMEOUT_MINUTES: between(1, 360),
      DISCONNECT_ON_UNTAG: z.enum(['true', 'false'], {
        error: 'the parameter disconnectOnUntag must be true or false',
      }),
    })
    .check(
      z.refine(
        (it) =>
          (it.CLUSTER_TIMEOUT_MINUTES * 60 * pollEvents.cluster) / it.CLUSTER_POLL_SECONDS +
            (it.PRIVATE_LINK_TIMEOUT_MINUTES * 60 * pollEvents.privateLink) / it.PRIVATE_LINK_POLL_SECONDS +
            (it.CONNECTION_TIMEOUT_MINUTES * 60 * pollEvents.connection) / it.CONNECTION_POLL_SECONDS <=
          mostPollEvents,
        {
          path: ['CLUSTER_POLL_SECONDS'],
          error:
            'with these time-outs the polls would fill the history of an execution, 25,000 events; poll less often',
        },
      ),
    ),
  z.transform((variables) => ({
    projectId: variables.ATLAS_PROJECT_ID,
    workspace: variables.ATLAS_WORKSPACE,
    /** The default project is always allowed. */
    allowedProjectIds: new Set(
      [variables.ATLAS_PROJECT_ID, ...variables.ALLOWED_PROJECT_IDS.split(',')].map((id) => id.trim()).filter(Boolean),
    ),
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
