import * as z from 'zod/mini';
import { mechanisms } from '../login.ts';

const text = z.optional(z.string());

/**
 * Whose a resource is. `created`: ours. `adopted`: it existed already; we use it and never change or delete it. `unknown`: it was
 * found after an attempt whose outcome is unclear, and doesn't fall into that attempt; it is treated as adopted.
 */
export const Ownership = z.enum(['created', 'adopted', 'unknown']);
export type Ownership = z.infer<typeof Ownership>;

/**
 * A private link or a connection. `attemptedAt` is written before a request that creates it, and `id` and `ownership` after the
 * answer. With `attemptedAt` and no `ownership`, the outcome of the attempt is unclear. An `id` is then that of one that we have
 * created before, and that Atlas did not show.
 */
const Piece = z.object({
  /** Atlas's ObjectId. */
  id: text,
  ownership: z.optional(Ownership),
  /** ISO 8601, by Atlas's clock. */
  attemptedAt: text,
  /** The attempts before that one whose outcome is unclear as well. */
  earlierAttempts: z.optional(z.array(z.string())),
});
export type Piece = z.infer<typeof Piece>;

/** What a cluster is connected to. */
export const Target = z.object({
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  mechanism: z.enum(mechanisms),
});
export type Target = z.infer<typeof Target>;

/** The last failure of a run. */
const Failure = z.object({
  error: z.string(),
  /** The same for the same failure. */
  fingerprint: z.string(),
  /** ISO 8601. */
  at: z.string(),
  executionArn: z.string(),
  /** Whether it differs from the failure before, so that a person must be notified. */
  isNews: z.boolean(),
  /** Whether it concerns the whole deployment, such as an expired key. */
  isAccountFault: z.boolean(),
  /** The cluster, its secrets and its setting tags at that time, as a fingerprint. */
  circumstances: text,
  /** Whether the run was allowed to stop stream processors. Only of ConnectionInUse. */
  mayRestart: z.optional(z.boolean()),
  /** Whether the input had a `config` or `secretArn`, which the runs of the sweep don't have. Only of ConnectionInUse. */
  hasOwnSettings: z.optional(z.boolean()),
  /** Whether the run has left something for the next one to end. Only of RunEndedEarly. */
  hasLeft: z.optional(z.boolean()),
});
export type Failure = z.infer<typeof Failure>;

/** A stream processor that we have stopped, as it ran then. */
const StoppedProcessor = z.object({
  name: z.string(),
  /** Such as SP10, or null if Atlas did not show it. */
  tier: z.nullable(z.string()),
  /** SHA-256 of its pipeline: a pipeline may have 16 MB, and an item 400 KB. */
  pipelineHash: z.string(),
  stoppedAt: z.string(),
  /** Whether a run on its way to a failure may have started it, perhaps with an old login of the connection. */
  startedByFailedRun: z.optional(z.boolean()),
  /** Whether that run has seen it STARTED. With an old login it may become FAILED later, so a run that does not fail looks at it again. */
  seenStarted: z.optional(z.boolean()),
});
export type StoppedProcessor = z.infer<typeof StoppedProcessor>;

/** The error of a run that ended without recording its outcome. No function throws it: the sweep finds such a run. */
export const runEndedEarly = 'RunEndedEarly';

/** An item of the registry: what is connected, what we created, and who is at work. One for each cluster. All times are ISO 8601. */
export const RegistryRecord = z.object({
  clusterArn: z.string(),
  target: z.optional(Target),
  /** The AWS principal of Atlas at the first connect. */
  principalArn: text,
  privateLink: z.optional(Piece),
  connection: z.optional(Piece),
  statement: z.optional(
    z.object({
      sid: z.string(),
      principalArn: z.string(),
      ownership: z.optional(Ownership),
      attemptedAt: text,
      /** Our statement for a former account of Atlas, until it is removed from the policy. */
      formerSid: text,
    }),
  ),
  /** When we turned multi-VPC connectivity on. */
  turnedOn: text,
  /** When the brokers may reboot, as the last manual start that named a window has asked. Until a run succeeds, so connectivity is on. */
  rebootWindow: text,
  secretArn: text,
  /** The version of the secret that Atlas was sent. */
  secretVersionId: text,
  /** The role that Atlas was told to assume, in place of a secret. */
  roleArn: text,
  /** The stream processors that a run has stopped, until it is certain that they run again. Written before the first is stopped; at most 100. */
  stoppedProcessors: z.optional(z.array(StoppedProcessor)),
  /**
   * The temporary stream processor of a run that proves that data can flow, and where it is: the target may change later. Present while it
   * may exist.
   */
  probe: z.optional(
    z.object({ name: z.string(), startedAt: z.string(), projectId: z.string(), workspace: z.string() }),
  ),
  /** The last proof that data can flow, and of which topic, connection and version of the secret. */
  proof: z.optional(
    z.object({
      topic: z.string(),
      connectionId: z.nullable(z.string()),
      secretVersionId: z.nullable(z.string()),
      at: z.string(),
      result: z.enum(['read', 'reachable']),
      /** In words. */
      detail: z.string(),
    }),
  ),
  status: z.optional(z.enum(['connecting', 'connected', 'failed', 'disconnecting', 'disconnected'])),
  detail: text,
  /** The end of the last run that succeeded. */
  verifiedAt: text,
  /** A fingerprint of the cluster's setting tags at the last run. */
  settings: text,
  /** How many runs have failed in a row. */
  failures: z.optional(z.number()),
  lastFailure: z.optional(Failure),
  /** The execution that a person was notified of last. */
  notifiedExecution: text,
  /** The execution at work. */
  holder: text,
  action: z.optional(z.enum(['connect', 'disconnect'])),
  claimedAt: text,
  wantedBy: z.optional(z.enum(['tag', 'console', 'sweep'])),
  /** The stopped execution that the claim was taken from, while its last function may be at work. */
  stopped: text,
  /** The execution that released the claim last. */
  lastExecution: text,
  /** The fingerprints of the last differences that were reported as TargetChanged. */
  targetsChanged: z.optional(z.array(z.string())),
  /** Whether the last disconnect that a person or a tag has asked for also removes what was not created by this deployment. */
  includeAdopted: z.optional(z.boolean()),
  /** Why AWS refused the status tags at the last run that succeeded. */
  tagsRefused: text,
  /** Whether it was reported that the status tags had been removed. */
  strippedReported: z.optional(z.boolean()),
  /** The resources whose repair was reported, with who may have broken them. */
  repairsReported: z.optional(z.array(z.string())),
  /** Whether the trigger tag has asked for the connection, so that the removal of the tag ends it (`disconnectOnUntag`). */
  wasTagged: z.optional(z.boolean()),
  /** The first sweep that did not find the cluster. */
  missingSince: text,
  /** Whether a message has said that the cluster is missing. */
  missingReported: z.optional(z.boolean()),
});
export type RegistryRecord = z.infer<typeof RegistryRecord>;

/** Whether the record names something in Atlas or AWS, whoever created it. */
export const hasPieces = ({ privateLink, connection, statement }: RegistryRecord): boolean =>
  Boolean(privateLink ?? connection ?? statement);

/** Whether a run has left something for the next one to end: a probe, or stream processors that it has stopped and not seen running again. */
export const hasLeftovers = ({ probe, stoppedProcessors = [] }: RegistryRecord): boolean =>
  probe !== undefined || stoppedProcessors.some(({ seenStarted }) => !seenStarted);

/** Whether a run has created something, or has tried to. */
export const hasCreated = ({ privateLink, connection, statement }: RegistryRecord): boolean =>
  [privateLink, connection, statement].some((piece) => piece !== undefined && mayBeOurs(piece));

/** Whether we created it, or tried to with an unclear outcome. */
export const mayBeOurs = ({ ownership, attemptedAt }: Pick<Piece, 'ownership' | 'attemptedAt'>): boolean =>
  ownership === 'created' || (ownership === undefined && attemptedAt !== undefined);

/**
 * What is recorded before another attempt. What the earlier ones have created stays ours, because Atlas may show it late.
 *
 * @param recorded what the registry says, and Atlas does not show
 * @param attemptedAt ISO 8601
 */
export function announced(recorded: Piece | undefined, attemptedAt: string): Piece {
  if (!recorded || !mayBeOurs(recorded)) return { attemptedAt };
  const { id, ownership, attemptedAt: before = attemptedAt, earlierAttempts = [] } = recorded;
  // An id says more than the time of its attempt.
  const unclear = ownership && id !== undefined ? [] : [...earlierAttempts, before];
  const earlier = unclear.filter((time) => time !== attemptedAt).slice(-maxEarlierAttempts);
  return { ...(id !== undefined && { id }), attemptedAt, ...(earlier.length > 0 && { earlierAttempts: earlier }) };
}

/** More than a state's retries. */
const maxEarlierAttempts = 20;

/** What is recorded of a resource that Atlas shows. @param id Atlas's ObjectId, or undefined if Atlas shows none */
export const settledAs = (ownership: Ownership, id: string | undefined, recorded: Piece | undefined): Piece => ({
  ...(id !== undefined && { id }),
  ownership,
  ...(recorded?.attemptedAt && { attemptedAt: recorded.attemptedAt }),
});

/**
 * How far an id may lie outside its attempt: a clock of Atlas may differ. A function runs for at most a minute, and Atlas may still
 * be at work on its request then.
 */
const beforeMs = 10_000;
const afterMs = 90_000;

/**
 * Whose a resource is that was found in Atlas.
 *
 * @param id Atlas's ObjectId, or undefined if Atlas shows none. Its first eight hexadecimal digits are the creation time in seconds
 * @param recorded what the registry says about it
 * @see https://www.mongodb.com/docs/manual/reference/bson-types/#objectid
 */
export function ownershipOf(id: string | undefined, recorded: Piece | undefined): Ownership {
  if (recorded?.ownership && (recorded.id === undefined || recorded.id === id)) return recorded.ownership;
  if (!recorded?.attemptedAt) return 'adopted';
  if (id === undefined) return 'unknown';
  // The outcome of the attempt is known, so another party has replaced what was recorded.
  if (recorded.ownership) return 'adopted';
  if (recorded.id === id) return 'created';
  const createdMs = Number.parseInt(id.slice(0, 8), 16) * 1000;
  const isOfAttempt = [recorded.attemptedAt, ...(recorded.earlierAttempts ?? [])]
    .map((attemptedAt) => createdMs - Date.parse(attemptedAt))
    .some((sinceAttemptMs) => sinceAttemptMs >= -beforeMs && sinceAttemptMs <= afterMs);
  return isOfAttempt ? 'created' : 'unknown';
}
