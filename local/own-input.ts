import { readFileSync } from 'node:fs';
import { type Place, secretNameOf, somewhere, type WorldSeed } from '../emulators/world.ts';
import { atlasRegion } from '../shared/atlas/regions.ts';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { settingTags } from '../shared/msk/tags.ts';
import { clusterArnIn } from '../shared/request/input.ts';
import { UsageError } from './arguments.ts';

/** The fields of a console input and of an event that say what must exist, whatever else there is in it. */
interface OwnInput {
  projectId?: unknown;
  workspace?: unknown;
  secretArn?: unknown;
  detail?: { tags?: Record<string, string> };
}

/**
 * An input of the user's own.
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

/** Whether the input is an event, which starts the machine only if the rule takes it. */
export const isEvent = (input: unknown): input is object =>
  typeof input === 'object' && input !== null && 'detail-type' in input;

/**
 * Lets the local deployment and its surroundings be those that an input speaks of (account, Region, cluster, project,
 * workspace, secret), so that anybody's input can be tried unchanged.
 *
 * @param input undefined where the user has none
 */
export function adopt(
  input: unknown,
  world: WorldSeed,
): { place: Place; world: WorldSeed; params: Record<string, string> } {
  const place = placeOf(input);
  const { tags } = ((input ?? {}) as OwnInput).detail ?? {};
  const { projectId, workspace, secretArn } = settingsIn((input ?? {}) as OwnInput);
  const dataProcessRegion = { cloudProvider: 'AWS', region: atlasRegion(place.region) };
  return {
    place,
    params: { ...(projectId && { atlasProjectId: projectId }) },
    world: {
      ...world,
      ...(tags && { cluster: { ...world.cluster, tags } }),
      ...(workspace && { project: { ...world.project, workspaces: [{ name: workspace, dataProcessRegion }] } }),
      // A tag may pick only a secret that is associated; one that an input names is associated by the run.
      ...(secretArn && {
        scramSecrets: [{ name: secretNameOf(secretArn), arn: secretArn, isAssociated: tags !== undefined }],
      }),
    },
  };
}

function placeOf(input: unknown): Place {
  const clusterArn = clusterArnIn(input);
  const cluster = clusterArn && parseClusterArn(clusterArn);
  return cluster ? { region: cluster.region, accountId: cluster.accountId, clusterArn } : somewhere();
}

/** As the machine finds them: in the input, else in the cluster's tags. */
function settingsIn({ detail, ...input }: OwnInput) {
  const setting = (field: 'projectId' | 'workspace' | 'secretArn') => {
    const value = input[field] ?? detail?.tags?.[settingTags[field]];
    return typeof value === 'string' ? value : undefined;
  };
  return { projectId: setting('projectId'), workspace: setting('workspace'), secretArn: setting('secretArn') };
}
