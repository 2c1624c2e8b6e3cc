import { readFileSync } from 'node:fs';
import { defaultPlace, type Place, type WorldSeed, workspaceBeside } from '../emulators/world.ts';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { settingTags } from '../shared/msk/tags.ts';
import { clusterArnIn } from '../shared/request/input.ts';
import { secretNameOf } from '../shared/secrets/secret-arn.ts';
import { UsageError } from './arguments.ts';

/** The fields of a console input, or of an event, that name resources. */
interface UserInput {
  projectId?: unknown;
  workspace?: unknown;
  secretArn?: unknown;
  detail?: { tags?: Record<string, string> };
}

/**
 * Reads the input in a file.
 *
 * @throws UsageError
 */
export function readInput(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--input ${path} cannot be read as JSON: ${(error as Error).message}.`);
  }
}

/** Whether the input is an event. An event starts an execution only if a rule matches it. */
export const isEvent = (input: unknown): input is object =>
  typeof input === 'object' && input !== null && 'detail-type' in input;

/** The cluster's tags in an event. */
export const tagsIn = (input: unknown): Record<string, string> | undefined => ((input ?? {}) as UserInput).detail?.tags;

/**
 * The local cloud that fits an input: with its account, Region, cluster, project, workspace and secret. So users can try their
 * own input without changing it.
 *
 * @param input undefined if the user gives none
 */
export function cloudFor(
  input: unknown,
  world: WorldSeed,
): { place: Place; world: WorldSeed; settings: Record<string, string> } {
  const place = placeOf(input);
  const tags = tagsIn(input);
  const { projectId, workspace, secretArn, secretName } = settingsIn((input ?? {}) as UserInput);
  return {
    place,
    settings: { ...(projectId && { atlasProjectId: projectId }), ...(workspace && { atlasWorkspace: workspace }) },
    world: {
      ...world,
      ...(tags && { cluster: { ...world.cluster, tags } }),
      ...(workspace && { project: { ...world.project, workspaces: [workspaceBeside(workspace, place.region)] } }),
      // A tag can name only an associated secret. The run itself associates a secret that an input names.
      ...(secretName && {
        scramSecrets: [{ name: secretName, ...(secretArn && { arn: secretArn }), isAssociated: tags !== undefined }],
      }),
    },
  };
}

function placeOf(input: unknown): Place {
  const clusterArn = clusterArnIn(input);
  const cluster = clusterArn && parseClusterArn(clusterArn);
  return cluster ? { region: cluster.region, accountId: cluster.accountId, clusterArn } : defaultPlace();
}

/** The settings in the input or, if they are not there, in the cluster's tags. */
function settingsIn({ detail, ...input }: UserInput) {
  const setting = (field: 'projectId' | 'workspace') => text(input[field] ?? detail?.tags?.[settingTags[field]]);
  const secretArn = text(input.secretArn);
  return {
    projectId: setting('projectId'),
    workspace: setting('workspace'),
    secretArn,
    secretName: secretArn ? secretNameOf(secretArn) : text(detail?.tags?.[settingTags.secretName]),
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
