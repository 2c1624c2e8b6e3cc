import * as z from 'zod/mini';
import { RegistryRecord } from '../registry/record.ts';
import { mechanismChoices } from './fields.ts';

/** The settings of one run, as ResolveRequest passes them to the later states. Nothing in it is secret. */
export const Request = z.object({
  clusterArn: z.string(),
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  /** `auto`: neither the settings nor the registry decide, so CheckPrerequisites chooses. The later states read `plan.login`. */
  mechanism: z.enum(mechanismChoices),
  /** The secret that the input names, else the recorded one, else null: then the one secret that is associated with the cluster. Null with AWS_MSK_IAM. */
  secretArn: z.nullable(z.string()),
  /** The name of the secret that a tag picks among the associated ones, or null. */
  secretName: z.nullable(z.string()),
  /** Only the input of a manual start may name a secret that isn't associated yet: a tag is not a key. */
  maySecretBeAssociated: z.boolean(),
  config: z.nullable(z.record(z.string(), z.string())),
  /** The topics that the input or a tag names. */
  topics: z.array(z.string()),
  /** Whether the run proves that data can flow. It does so only if a topic is named. */
  probe: z.boolean(),
  /** Whether the deployment asks for a proof, which is not possible because no topic is named. */
  isProbeWithoutTopic: z.boolean(),
  /** Whether the run may stop running stream processors that use the connection, and start them again. */
  restartProcessors: z.boolean(),
  /** When the run may turn on multi-VPC connectivity, such as `Sat 02:00-06:00 UTC`. Null: at any time. */
  rebootWindow: z.nullable(z.string()),
  dryRun: z.boolean(),
  /** Whether adopted resources become ours. */
  claim: z.boolean(),
  /** The AWS account that Atlas may have changed to, or null. */
  acceptPrincipal: z.nullable(z.string()),
  /** Whether disconnect also removes what we have not created. */
  includeAdopted: z.boolean(),
  /** Who wants the run; `sweep`: the repair of a cluster without the trigger tag, which creates nothing. */
  wantedBy: z.enum(['tag', 'console', 'sweep']),
  /** Whether the run ends if the tag is removed. */
  endsOnUntag: z.boolean(),
  /** Which other target the settings ask for than the recorded one, as a sentence; else null. */
  targetChange: z.nullable(z.string()),
  /** Whether the status tags of a connected cluster were gone. */
  wereTagsStripped: z.boolean(),
  /** Why AWS has refused the status tags of this run, or null. */
  tagsRefused: z.nullable(z.string()),
  /** Whether an earlier run that died has left its probe, or stream processors that it had stopped. A dry run does nothing about it. */
  isProbeLeft: z.boolean(),
  areProcessorsStopped: z.boolean(),
  /** The registry's record when this run claimed the cluster, or null. */
  recorded: z.nullable(RegistryRecord),
});
export type Request = z.infer<typeof Request>;
