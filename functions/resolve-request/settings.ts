import * as z from 'zod/mini';
import { mechanisms } from '../../shared/request/fields.ts';

/** The ids in a list that is separated by commas. */
const idsIn = (list: string): string[] =>
  list
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);

/** The deployment's defaults. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const Environment = z.pipe(
  z.object({
    ATLAS_PROJECT_ID: z.string(),
    ATLAS_WORKSPACE: z.string(),
    ALLOWED_PROJECT_IDS: z.string(),
    MECHANISM: z.enum(mechanisms),
    DISCONNECT_ON_UNTAG: z.enum(['true', 'false']),
  }),
  z.transform((variables) => ({
    projectId: variables.ATLAS_PROJECT_ID,
    workspace: variables.ATLAS_WORKSPACE,
    /** The default project is always allowed. */
    allowedProjectIds: new Set(idsIn(`${variables.ATLAS_PROJECT_ID},${variables.ALLOWED_PROJECT_IDS}`)),
    mechanism: variables.MECHANISM,
    disconnectOnUntag: variables.DISCONNECT_ON_UNTAG === 'true',
  })),
);
export type Settings = z.infer<typeof Environment>;
