import type { Cluster } from '@aws-sdk/client-kafka';
import type { Settings } from '../../packaging/settings.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import type { AtlasAccess } from '../atlas-access.ts';
import { type Aws, whyNoAnswer } from '../aws-access.ts';
import { exitCodes, NoAccess } from '../exit.ts';
import { readRegistry, registryTableName } from '../registry-table.ts';
import { type ClusterStatus, clustersOf } from './clusters.ts';
import { findOrphans, type NotLooked, type Orphan } from './orphans.ts';

export interface Asked {
  stage: string;
  settings: Settings;
  /** Whether the stage has a file with its settings. */
  hasFile: boolean;
  region: string;
  /** Projects of the settings. Those of the records are added. */
  projectIds: string[];
  /** Atlas and the source of its credentials, or why it cannot be asked. */
  atlas: AtlasAccess;
}

/** What `npm run status` shows. */
export interface Status {
  stage: string;
  /** Without a file, the settings are the defaults. */
  hasFile: boolean;
  /** Whether the settings pause the deployment. */
  isPaused: boolean;
  region: string;
  /** Undefined if nothing names it. */
  accountId: string | undefined;
  /** By the clock of AWS, ISO 8601. */
  now: string;
  clusters: ClusterStatus[];
  /** Why MSK did not list the clusters. */
  clustersNotListed: string | undefined;
  orphans: Orphan[];
  linksNotListed: NotLooked[];
  dollarsPerMonth: number;
}

/**
 * Reads the registry, MSK's list of clusters, and the list of private links of each project, and writes nothing.
 *
 * @throws NoAccess also if nothing is deployed
 */
export async function readStatus(asked: Asked, aws: Aws): Promise<Status> {
  const { stage, settings, hasFile, region } = asked;
  const registered = await readRegistry(aws.dynamodb);
  // The SDK learns from each answer how far the clock of this machine differs.
  const now = new Date(Date.now() + aws.dynamodb.config.systemClockOffset).toISOString();
  if (!registered)
    throw new NoAccess(
      `Stage ${stage} is not deployed in Region ${region} of ${nameOf(await accountOf(asked, aws))}: it has no DynamoDB table ${registryTableName}. Check --region and AWS_PROFILE, or deploy: npm run deploy -- --stage ${stage} --region ${region}`,
    );
  const { clusters, reason: clustersNotListed } = await listClusters(aws);
  const arns = [...registered.records, ...registered.unreadable].map(({ clusterArn }) => clusterArn);
  const listed = clusters && new Set(clusters.map(({ ClusterArn }) => ClusterArn ?? ''));
  const accountId = await accountOf(asked, aws, [...arns, ...(listed ?? [])]);
  const statuses = clustersOf(registered, clusters, now, {
    verifyEveryHours: Number(settings.verifyEveryHours),
    disconnectOnUntag: settings.disconnectOnUntag === 'true',
    restartProcessors: settings.restartProcessors === 'true',
    disconnectDeletedClusters: settings.disconnectDeletedClusters === 'true',
  });
  const projectIds = [
    ...new Set([...asked.projectIds, ...registered.records.flatMap(({ target }) => target?.projectId ?? [])]),
  ];
  const known = accountId === undefined ? undefined : { ...registered, accountId, region, listed, now };
  const { orphans, notLooked } = await orphansIn(projectIds, known, asked.atlas);
  const dollars = statuses.map(({ dollarsPerMonth }) => dollarsPerMonth);
  return {
    ...{ stage, hasFile, isPaused: settings.paused === 'true', region, accountId, now },
    clusters: statuses,
    clustersNotListed,
    orphans,
    linksNotListed: notLooked,
    dollarsPerMonth: dollars.reduce((sum, it) => sum + it, 0),
  };
}

/** @returns the exit code: 1 if a person has to do something, 2 if that is not known */
export function exitCodeOf({ clusters, clustersNotListed, orphans, linksNotListed }: Status): number {
  if ([...clusters, ...orphans].some(({ needsPerson }) => needsPerson)) return exitCodes.no;
  return clustersNotListed || linksNotListed.length > 0 ? exitCodes.cannotTell : exitCodes.yes;
}

async function listClusters({ msk }: Aws): Promise<{ clusters?: Cluster[]; reason?: string }> {
  try {
    return { clusters: await msk.listClusters() };
  } catch (error) {
    const why = whyNoAnswer(error);
    if (why?.isForAll) throw new NoAccess(why.sentence);
    return { reason: why?.sentence ?? (error as Error).message };
  }
}

/** The account of the clusters, else that of the credentials, else that of the deployment's secret. */
async function accountOf({ settings }: Asked, { kafka }: Aws, arns: string[] = []): Promise<string | undefined> {
  const [ofCluster] = arns.flatMap((arn) => parseClusterArn(arn)?.accountId ?? []);
  const { accountId } = await kafka.config.credentials();
  return ofCluster ?? accountId ?? settings.atlasCredentialsSecretArn?.split(':')[4];
}

const nameOf = (accountId: string | undefined): string =>
  accountId === undefined ? 'the account of these credentials' : `account ${accountId}`;

async function orphansIn(
  projectIds: string[],
  known: Parameters<typeof findOrphans>[1] | undefined,
  atlas: AtlasAccess,
): Promise<{ orphans: Orphan[]; notLooked: NotLooked[] }> {
  const cannot = (reason: string) => ({ orphans: [], notLooked: [{ reason }] });
  if ('reason' in atlas) return cannot(atlas.reason);
  if (projectIds.length === 0) return cannot('Which Atlas projects to search is not known; give --project ID.');
  if (!known) return cannot('The account is not known: there is no cluster, and the credentials do not name it.');
  return findOrphans(projectIds, known, atlas.client, atlas.source);
}
