import type { AtlasClient } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { livePrivateLink } from '../../shared/atlas/private-link.ts';
import { awsRegion } from '../../shared/atlas/regions.ts';
import type { Connection, Workspace } from '../../shared/atlas/types.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { regionOf } from '../../shared/msk/arn.ts';
import type { Request } from '../../shared/request.ts';

/**
 * What Atlas must have: the workspace, on AWS and in the cluster's Region, and a connection of that name only if it is ours
 * to update.
 *
 * @returns the unmet ones, each with its remedy, and the connection that exists
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function unmetByAtlas(
  request: Request,
  atlas: AtlasClient,
): Promise<{ unmet: string[]; connection: Connection | undefined }> {
  const { projectId, workspace: name, connectionName, clusterArn } = request;
  const workspace = await atlas.getWorkspace(projectId, name).catch(noneWhenAbsent);
  if (typeof workspace === 'string')
    return {
      unmet: [`${workspace} Create the workspace "${name}" in Atlas project ${projectId}, or name an existing one.`],
      connection: undefined,
    };

  const connection = await atlas.getConnection(projectId, name, connectionName).catch(noneWhenAbsent);
  const existing = typeof connection === 'string' ? undefined : connection;
  const conflict =
    existing && whyNotOurs(existing, livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn)?._id);
  return {
    unmet: [
      wrongPlace(workspace, regionOf(clusterArn)),
      conflict &&
        `In workspace ${name}, ${conflict}. Choose another name (connectionName in the input, or the tag atlas-streaming:connection-name), or delete that connection if nothing uses it.`,
    ].filter((sentence) => typeof sentence === 'string'),
    connection: existing,
  };
}

function wrongPlace({ name, dataProcessRegion }: Workspace, region: string): string | undefined {
  const { cloudProvider = 'unknown', region: workspaceRegion = 'unknown' } = dataProcessRegion ?? {};
  if (cloudProvider.toUpperCase() === 'AWS' && awsRegion(workspaceRegion) === region) return undefined;
  return `Workspace "${name}" processes its data in ${cloudProvider} ${workspaceRegion}; it must be on AWS in ${region}, the cluster's Region. Name a workspace there, or create one.`;
}

/** Not found is an outcome: Atlas's own words for it. */
const noneWhenAbsent = (error: unknown): string => {
  if (error instanceof AtlasRefused && error.status === 404) return error.message;
  throw error;
};
