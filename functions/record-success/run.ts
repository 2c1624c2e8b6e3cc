import * as z from 'zod/mini';
import { SeenProbe } from '../../shared/atlas/probe-progress.ts';
import { Restart } from '../../shared/atlas/restart.ts';
import { Login } from '../../shared/login.ts';
import { Result } from '../../shared/outcomes.ts';
import { Ownership } from '../../shared/registry/record.ts';
import { Request } from '../../shared/request/request.ts';

const text = z.string();

/** What a run that has succeeded has found and done. */
export const Run = z.object({
  startedAt: text,
  request: z.pick(Request, {
    clusterArn: true,
    projectId: true,
    workspace: true,
    connectionName: true,
    claim: true,
    targetChange: true,
    wantedBy: true,
    wereTagsStripped: true,
    tagsRefused: true,
    isProbeWithoutTopic: true,
    recorded: true,
  }),
  /** `isConnected`: CheckPrerequisites has found everything in place, and no later state has recorded anything. `uncheckedTopics`: why, in sentences. */
  plan: z.object({ login: Login, isConnected: z.boolean(), uncheckedTopics: z.optional(text) }),
  /** Only if the run visited these states. */
  connectivity: z.optional(z.object({ result: Result })),
  scramSecretAssociation: z.optional(z.object({ result: Result })),
  principal: z.object({ principalArn: text }),
  /** Only if the run visited RecordPlan, before it let Atlas's AWS account in. */
  recordedPlan: z.optional(z.object({ isAccountListed: z.boolean() })),
  policy: z.object({ sid: text, result: Result, ownership: Ownership, denials: z.optional(text) }),
  privateLink: z.object({ id: text, result: Result, ownership: Ownership }),
  connection: z.object({
    id: z.optional(text),
    name: text,
    state: text,
    result: Result,
    ownership: Ownership,
    bootstrapServers: text,
    secretVersionId: text,
    note: z.optional(text),
  }),
  processors: Restart,
  /** Only if the run visited StartProbe or EndProbe. */
  probe: z.optional(SeenProbe),
});
export type Run = z.infer<typeof Run>;
