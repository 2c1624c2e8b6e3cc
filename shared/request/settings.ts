import * as z from 'zod/mini';
import { windowPattern } from '../reboot-window.ts';
import { mechanismChoices } from './fields.ts';

/** The items of a list that is separated by commas. */
const itemsOf = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

/** The name of the deployment's workspace in a Region, which the setting may contain as `{region}`. */
export const workspaceIn = (region: string, atlasWorkspace: string): string =>
  atlasWorkspace.replaceAll('{region}', region);

/** The deployment's defaults. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const Environment = z.pipe(
  z.object({
    ATLAS_PROJECT_ID: z.string(),
    ATLAS_WORKSPACE: z.string(),
    /** Set by Lambda. */
    AWS_REGION: z.string(),
    ALLOWED_TARGETS: z.string(),
    MECHANISM: z.enum(mechanismChoices),
    RESTART_PROCESSORS: z.enum(['true', 'false']),
    PROBE: z.enum(['true', 'false']),
    REBOOT_WINDOW: z.string().check(z.regex(new RegExp(`^(${windowPattern})?$`))),
    PAUSED: z.enum(['true', 'false']),
    DISCONNECT_ON_UNTAG: z.enum(['true', 'false']),
  }),
  z.transform(({ AWS_REGION: region, ATLAS_WORKSPACE: workspace, ...variables }) => ({
    projectId: variables.ATLAS_PROJECT_ID,
    workspace: workspaceIn(region, workspace),
    /** `<projectId>/<workspace>` or `<projectId>/*`. The deployment's own target is always allowed. */
    allowedTargets: new Set([
      `${variables.ATLAS_PROJECT_ID}/${workspaceIn(region, workspace)}`,
      ...itemsOf(variables.ALLOWED_TARGETS),
    ]),
    mechanism: variables.MECHANISM,
    restartProcessors: variables.RESTART_PROCESSORS === 'true',
    probe: variables.PROBE === 'true',
    /** Null: at any time. */
    rebootWindow: variables.REBOOT_WINDOW || null,
    /** Whether tags and the sweep start nothing. */
    paused: variables.PAUSED === 'true',
    disconnectOnUntag: variables.DISCONNECT_ON_UNTAG === 'true',
  })),
);
export type Settings = z.infer<typeof Environment>;
