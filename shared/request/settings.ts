import * as z from 'zod/mini';
import { mechanismChoices } from './fields.ts';

/** The items of a list that is separated by commas. */
const itemsOf = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

/** The deployment's defaults. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const Environment = z.pipe(
  z.object({
    ATLAS_PROJECT_ID: z.string(),
    ATLAS_WORKSPACE: z.string(),
    ALLOWED_TARGETS: z.string(),
    MECHANISM: z.enum(mechanismChoices),
    DISCONNECT_ON_UNTAG: z.enum(['true', 'false']),
  }),
  z.transform((variables) => ({
    projectId: variables.ATLAS_PROJECT_ID,
    workspace: variables.ATLAS_WORKSPACE,
    /** `<projectId>/<workspace>` or `<projectId>/*`. The deployment's own target is always allowed. */
    allowedTargets: new Set([
      `${variables.ATLAS_PROJECT_ID}/${variables.ATLAS_WORKSPACE}`,
      ...itemsOf(variables.ALLOWED_TARGETS),
    ]),
    mechanism: variables.MECHANISM,
    disconnectOnUntag: variables.DISCONNECT_ON_UNTAG === 'true',
  })),
);
export type Settings = z.infer<typeof Environment>;
