import type { AtlasClient } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { isAbsent, isProjectAbsent, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import { awsRegion, streamProcessingRegions } from '../../shared/atlas/regions.ts';
import type { Connection, PrivateLink, Workspace } from '../../shared/atlas/types.ts';
import { withCommand } from '../../shared/command.ts';
import {
  AtlasCredentialsRefused,
  AtlasRefused,
  PolicyRefused,
  PrerequisitesNotMet,
  PrivateLinkFailed,
} from '../../shared/errors.ts';
import { parseClusterArn, regionOf } from '../../shared/msk/arn.ts';
import type { ClusterDetails } from '../../shared/msk/cluster.ts';
import { linkHint } from '../../shared/msk/network.ts';
import { tagCommand } from '../../shared/msk/tag-commands.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { ownershipOf } from '../../shared/registry/record.ts';
import { useAnotherCluster } from '../../shared/replaced-by.ts';
import type { Request } from '../../shared/request/request.ts';

interface ClusterFound {
  isPrivateConnectivityOn: boolean;
  isSecretToBeAssociated: boolean;
  details: ClusterDetails;
}

interface FoundInAtlas {
  unmet: string[];
  connection: Connection | undefined;
  links: PrivateLink[];
  isLinkReady: boolean;
  principalArn?: string;
}

/**
 * Checks what Atlas must have: the workspace, on AWS and in the cluster's Region, and no connection of that name that we cannot
 * update. If the brokers must still be rebooted, or the secret associated, also checks what the states after that would find out.
 *
 * @returns `unmet`: the unmet prerequisites, each with its remedy; `connection`: the existing one; `links` and `principalArn`: if
 *   they were read; `isLinkReady`: whether there is a connection, and a live private link that is DONE
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function unmetByAtlas(
  request: Request,
  { isPrivateConnectivityOn, isSecretToBeAssociated, details }: ClusterFound,
  atlas: AtlasClient,
): Promise<FoundInAtlas> {
  const { projectId, workspace: name, connectionName, clusterArn } = request;
  const region = regionOf(clusterArn);
  const workspace = await atlas.getWorkspace(projectId, name).catch(refusalWhenAbsent);
  const isBeside = !(workspace instanceof AtlasRefused) && isIn(workspace, region);
  // There, no other advice about the workspace or the project helps.
  if (!isBeside && !streamProcessingRegions.includes(region)) return nothingBut(notOffered(region, clusterArn));
  if (workspace instanceof AtlasRefused)
    return nothingBut(`${workspace.message} ${remedyForAbsence(workspace, request)}`);

  const existing = await atlas.getConnection(projectId, name, connectionName).catch(noneWhenAbsent);
  const isRepair = request.wantedBy === 'sweep';
  const isListed = existing || !isPrivateConnectivityOn || request.dryRun || isRepair;
  const links = isListed ? await atlas.listPrivateLinks(projectId) : [];
  const link = livePrivateLink(links, clusterArn, request.recorded?.privateLink?.id);
  const conflict = existing && whyNotOurs(existing, link?._id);
  let principal: Awaited<ReturnType<typeof atlasPrincipal>> | undefined;
  const early: (string | undefined)[] = [];
  if (!isPrivateConnectivityOn || isSecretToBeAssociated) {
    const readPrincipal = async () => {
      principal = await atlasPrincipal(projectId, clusterArn, atlas);
    };
    early.push(await complaint(readPrincipal));
    const hint = linkHint(clusterArn, details, principal?.cidrBlock);
    const readState = async () =>
      link && privateLinkState(link, ownershipOf(link._id, request.recorded?.privateLink), clusterArn, hint);
    early.push(await complaint(readState));
  }
  return {
    unmet: [
      !isBeside && wrongPlace(workspace, region),
      ...early,
      isRepair && !(isPrivateConnectivityOn && link && existing) && nothingToRepair(request),
      conflict &&
        `In workspace ${name}, ${conflict}${ofEarlierCluster(existing, links, clusterArn)}. Choose another name (connectionName in the input, or the tag atlas-streaming/connection-name), or delete that connection if nothing uses it.`,
    ].filter((sentence) => typeof sentence === 'string'),
    connection: existing,
    links,
    isLinkReady: existing !== undefined && link?.state === 'DONE',
    ...(principal && { principalArn: principal.principalArn }),
  };
}

/** The sweep repairs a cluster without the trigger tag, and creates nothing for it. */
const nothingToRepair = ({ clusterArn, connectionName }: Request) =>
  withCommand(
    withCommand(
      `The cluster has no tag ${triggerTag}=connect, and its connection "${connectionName}", its private link or its multi-VPC connectivity no longer exists. Without the tag nothing is created. To connect it again:`,
      tagCommand(clusterArn, { [triggerTag]: 'connect' }),
      'To remove the rest:',
    ),
    tagCommand(clusterArn, { [triggerTag]: 'disconnect' }),
  );

/** A deleted cluster's connection stays until the sweep removes it, and a new cluster may have the same name. */
function ofEarlierCluster({ networking }: Connection, links: PrivateLink[], clusterArn: string): string {
  const earlier = links.find(({ _id }) => _id === networking?.access?.connectionId)?.arn ?? '';
  if (earlier === clusterArn || parseClusterArn(earlier)?.clusterName !== parseClusterArn(clusterArn)?.clusterName)
    return '';
  return `, but to ${earlier}, a cluster with the same name. If that cluster was deleted, the sweep disconnects it within an hour (unless disconnectDeletedClusters is false), and this run succeeds after that`;
}

/** The error with which a later state would fail, or undefined. */
export async function complaint(check: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof PrerequisitesNotMet || error instanceof PrivateLinkFailed || error instanceof PolicyRefused)
      return error.message;
    throw error;
  }
}

const nothingBut = (sentence: string) => ({
  unmet: [sentence],
  connection: undefined,
  links: [],
  isLinkReady: false,
});

const isIn = ({ dataProcessRegion }: Workspace, region: string): boolean =>
  dataProcessRegion?.cloudProvider.toUpperCase() === 'AWS' && awsRegion(dataProcessRegion.region) === region;

function wrongPlace({ name, dataProcessRegion }: Workspace, region: string): string {
  return `Workspace "${name}" processes its data ${placeOf(dataProcessRegion)}; it must be on AWS in ${region}, the cluster's Region. Choose another workspace (the tag atlas-streaming/workspace, or workspace in the input), or create one there.`;
}

/** Names only what can be a provider or a Region. Another text may be a password that Atlas repeats. */
function placeOf({ cloudProvider = '', region = '' } = {}): string {
  const [provider] = /^(AWS|AZURE|GCP)$/.exec(cloudProvider.toUpperCase()) ?? ['another place'];
  const [awsName] = (provider === 'AWS' && /^[a-z]{2}(-[a-z]+)+-\d$/.exec(awsRegion(region))) || [];
  return ['in', provider, awsName].filter(Boolean).join(' ');
}

const notOffered = (region: string, clusterArn: string) =>
  `Atlas offers no Stream Processing in ${region}; it offers ${streamProcessingRegions.join(', ')}. A private link stays within one Region, so the cluster must be in one of these (MSK Replicator copies topics between Regions). If MongoDB's documentation lists ${region} by now, update this deployment. ${useAnotherCluster(clusterArn)}`;

const remedyForAbsence = (refusal: AtlasRefused, { projectId, workspace }: Request) =>
  isProjectAbsent(refusal)
    ? `Correct projectId (the parameter atlasProjectId, or the tag atlas-streaming/project-id): project ${projectId} doesn't exist, or this key may not see it.`
    : `Create the workspace "${workspace}" in Atlas project ${projectId}, or name an existing one (workspace in the input, or the tag atlas-streaming/workspace).`;

/** Not found is an outcome here; Atlas's own words say what was not found. */
const refusalWhenAbsent = (error: unknown): AtlasRefused => {
  if (error instanceof AtlasCredentialsRefused) throw error;
  if (isAbsent(error) || isProjectAbsent(error)) return error;
  throw error;
};
