import * as z from 'zod/mini';
import { Login } from '../login.ts';
import { networkHint, networkOfRun } from '../msk/network.ts';
import { Ownership } from '../registry/record.ts';
import { Request } from '../request/request.ts';
import type { Probed } from './probe-failure.ts';
import { ProbeResult } from './probe-proof.ts';

/** A probe, as StartProbe, CheckProbe and EndProbe pass it on. */
export const ProbeProgress = z.object({
  topic: z.string(),
  tier: z.enum(['SP2', 'SP5', 'SP10']),
  /** Whether nothing is left to find out. */
  isDone: z.boolean(),
  /** Whether no probe exists. */
  isEnded: z.boolean(),
  /** Whether an earlier run has proved the same, so that there was no probe. */
  isSkipped: z.boolean(),
  result: z.optional(ProbeResult),
  partitions: z.optional(z.number()),
  records: z.optional(z.number()),
  note: z.optional(z.string()),
  /** The connection to an Atlas cluster that is its sink. Missing if the sink is Atlas's own. */
  sinkConnection: z.optional(z.string()),
  /** What Atlas has said about its own sink, which it refuses. When this probe is deleted, StartProbe creates one with another sink. */
  refusedSink: z.optional(z.string()),
  startedAt: z.string(),
  /** When Atlas has shown the partitions of the topic first. */
  visibleSince: z.optional(z.string()),
  /** Until when CheckProbe reads the log of a probe that has failed. */
  logDeadline: z.optional(z.string()),
  deadline: z.string(),
  pollSeconds: z.number(),
});
export type ProbeProgress = z.infer<typeof ProbeProgress>;

/** As far as it is known: EndProbe may end a probe of an earlier run. */
export const SeenProbe = z.partial(ProbeProgress);

/** What a probe needs to know of the run. */
export const probedRun = {
  request: z.pick(Request, {
    clusterArn: true,
    projectId: true,
    workspace: true,
    connectionName: true,
    topics: true,
  }),
  /** `topics`: as MSK has described them; without them, if the run did not ask. */
  plan: z.object({
    login: Login,
    topics: z.optional(z.array(z.object({ name: z.string(), partitions: z.nullable(z.number()) }))),
  }),
  connection: z.object({ ownership: Ownership }),
  ...networkOfRun,
};
const ProbedRun = z.object(probedRun);

/** What MSK says about the partitions of a topic; null if it was not asked. */
export const partitionsOf = (topic: string, { plan }: Pick<z.infer<typeof ProbedRun>, 'plan'>): number | null =>
  plan.topics?.find(({ name }) => name === topic)?.partitions ?? null;

/** What an error about the probe says. */
export const probedBy = (
  run: z.infer<typeof ProbedRun>,
  { topic, tier, sinkConnection }: Pick<ProbeProgress, 'topic' | 'tier' | 'sinkConnection'>,
): Probed => {
  const { clusterArn, workspace, connectionName } = run.request;
  return {
    clusterArn,
    workspace,
    connectionName,
    isOwn: run.connection.ownership === 'created',
    topic,
    partitions: partitionsOf(topic, run),
    tier,
    sinkConnection,
    login: run.plan.login,
    hint: networkHint(clusterArn, run.cluster.details, run.principal.cidrBlock),
  };
};
