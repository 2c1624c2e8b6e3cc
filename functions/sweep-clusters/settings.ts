import * as z from 'zod/mini';

/** The deployment's settings. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const Environment = z.pipe(
  z.object({
    CONNECT_STATE_MACHINE_ARN: z.string(),
    DISCONNECT_STATE_MACHINE_ARN: z.string(),
    VERIFY_EVERY_HOURS: z.coerce.number().check(z.positive()),
    DISCONNECT_DELETED_CLUSTERS: z.enum(['true', 'false']),
    DISCONNECT_ON_UNTAG: z.enum(['true', 'false']),
    RESTART_PROCESSORS: z.enum(['true', 'false']),
    PAUSED: z.enum(['true', 'false']),
  }),
  z.transform((variables) => ({
    machines: { connect: variables.CONNECT_STATE_MACHINE_ARN, disconnect: variables.DISCONNECT_STATE_MACHINE_ARN },
    verifyEveryHours: variables.VERIFY_EVERY_HOURS,
    disconnectDeletedClusters: variables.DISCONNECT_DELETED_CLUSTERS === 'true',
    disconnectOnUntag: variables.DISCONNECT_ON_UNTAG === 'true',
    restartProcessors: variables.RESTART_PROCESSORS === 'true',
    paused: variables.PAUSED === 'true',
  })),
);
export type Settings = z.infer<typeof Environment>;
