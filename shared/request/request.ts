import * as z from 'zod/mini';
import { mechanisms } from './fields.ts';

/** The settings of one run, as ResolveRequest passes them to the later states. Nothing in it is secret. */
export const Request = z.object({
  clusterArn: z.string(),
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  mechanism: z.enum(mechanisms),
  /** The secret that the input or a tag names, else null: then the one secret that is associated with the cluster. */
  secretArn: z.nullable(z.string()),
  /** Only the input of a manual start may name a secret that isn't associated yet: a tag is not a key. */
  maySecretBeAssociated: z.boolean(),
  config: z.nullable(z.record(z.string(), z.string())),
  dryRun: z.boolean(),
  /** What the cluster's status tags say about the last run, or null. */
  privateLinkId: z.nullable(z.string()),
  secretVersion: z.nullable(z.string()),
});
export type Request = z.infer<typeof Request>;
