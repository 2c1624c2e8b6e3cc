import type { AtlasClient } from '../atlas/client.ts';
import { whyNotOurs } from '../atlas/connection.ts';
import { isAbsent, isProjectAbsent, noneWhenAbsent } from '../atlas/error-codes.ts';
import { atlasPrincipal } from '../atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../atlas/private-link.ts';
import { awsRegion, streamProcessingRegions } from '../atlas/regions.ts';
import type { Connection, PrivateLink, Workspace } from '../atlas/types.ts';
import { withCommand } from '../command.ts';
import { AtlasCredentialsRefused, AtlasRefused } from '../errors.ts';
import type { Mechanism } from '../login.ts';
import { parseClusterArn, regionOf } from '../msk/arn.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { linkHint } from '../msk/network.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { triggerTag } from '../msk/tags.ts';
import { ownershipOf } from '../registry/record.ts';
import { useAnotherCluster } from '../replaced-by.ts';
import type { Request } from '../request/request.ts';
import type { Findings } from './findings.ts';

interface ClusterFound {
  /** For the mechanism of the connection. */
  isPrivateConnectivityOn: boolean;
  mechanism: Mechanism;
  isSecretToBeAssociated: boolean;
  /** undefined: they are unknown. */
  details: Pick<ClusterDetails, 'securityGroups' | 'zoneIds'> | undefined;
}

interface InWorkspace {
  connection: Connection | undefined;
  /** Of the project; none if nothing depends on them yet. */
  links: PrivateLink[];
}

export interface FoundInAtlas extends InWorkspace {
  /** Whether there is a connection, and a live private link that is DONE. */
  isLinkReady: boolean;
  /** If it was looked up. */
  principalArn?: string;
}

/**
 * Checks that the workspace exists, on AWS and in the cluster's Region, and reads what is in it.
 *
 * @param needsLinks whether the private links of the project must be known although there is no connection
 * @returns undefined if nothing more can be checked there
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkWorkspace(
  request: Request,
  needsLinks: boolean,
  atlas: AtlasClient,
  findings: Findings,
): Promise<InWorkspace | undefined> {
  const { projectId, workspace: name, connectionName, clusterArn } = request;
  const region = regionOf(clusterArn);
  const workspace = await findings.look('workspace', () =>
    atlas.getWorkspace(projectId, name).catch(refusalWhenAbsent),
  );
  if (!workspace) return undefined;
  const isBeside = !(workspace instanceof AtlasRefused) && isIn(workspace, region);
  const isOffered = isBeside || streamProcessingRegions.includes(region);
  findings.report('region', !isOffered && notOffered(region, clusterArn));
  // There, no other advice about the workspace or the project helps.
  if (!isOffered) return undefined;
  const complaint =
    workspace instanceof AtlasRefused
      ? `${workspace.message} ${remedyForAbsence(workspace, request)}`
      : !isBeside && wrongPlace(workspace, region);
  findings.report('workspace', complaint);
  if (workspace instanceof AtlasRefused) return undefined;

  const existing = await findings.look('connection', () =>
    atlas.getConnection(projectId, name, connectionName).catch(noneWhenAbsent),
  );
  const isListed = existing || needsLinks || request.dryRun || request.wantedBy === 'sweep';
  const links = isListed
    ? await findings.look(['privateLink', 'connection'], () => atlas.listPrivateLinks(projectId))
    : undefined;
  return { connection: existing, links: links ?? [] };
}

/**
 * Checks that there is no connection of that name that we cannot update. If the brokers must still be rebooted, or the secret
 * associated, also checks what the states after that would find out.
 *
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkAtlas(
  request: Request,
  { connection: existing, links }: InWorkspace,
  { isPrivateConnectivityOn, mechanism, isSecretToBeAssociated, details }: ClusterFound,
  atlas: AtlasClient,
  findings: Findings,
): Promise<FoundInAtlas> {
  const { projectId, workspace: name, clusterArn, recorded } = request;
  const isRepair = request.wantedBy === 'sweep';
  const link = livePrivateLink(links, clusterArn, recorded?.privateLink?.id);
  let principal: Awaited<ReturnType<typeof atlasPrincipal>> | undefined;
  if (!isPrivateConnectivityOn || isSecretToBeAssociated || findings.isThorough) {
    principal = await findings.look(['principal', 'account', 'policy'], () =>
      atlasPrincipal(projectId, clusterArn, atlas),
    );
    findings.report('principal');
    const hint = linkHint(clusterArn, details ?? { securityGroups: [], zoneIds: [] }, principal?.cidrBlock);
    await findings.look('privateLink', async () => {
      if (link) privateLinkState(link, mechanism, ownershipOf(link._id, recorded?.privateLink), clusterArn, hint);
    });
    findings.report('privateLink');
  }
  const conflict = existing && whyNotOurs(existing, link?._id);
  findings.report(
    'connection',
    isRepair && !(isPrivateConnectivityOn && link && existing) && nothingToRepair(request),
    conflict &&
      `In workspace ${name}, ${conflict}${ofEarlierCluster(existing, links, clusterArn)}. Choose another name (connectionName in the input, or the tag atlas-streaming/connection-name), or delete that connection if nothing uses it.`,
  );
  return {
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
