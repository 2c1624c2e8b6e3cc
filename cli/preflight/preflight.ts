import type { Cluster } from '@aws-sdk/client-kafka';
import type { Settings } from '../../packaging/settings.ts';
import { ClusterUnusable } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasAccess } from '../atlas-access.ts';
import { awsAccess, whyNoAnswer } from '../aws-access.ts';
import { exitCodes, NoAccess, UsageError } from '../exit.ts';
import type { Observer } from '../recording/recording.ts';
import { regionFor } from '../region.ts';
import type { Arguments } from './arguments.ts';
import { contextOf } from './context.ts';
import { onOneLine } from './foreign.ts';
import { lookAt } from './look.ts';
import { readOnce } from './read-once.ts';
import type { Report } from './report.ts';
import { refusing } from './setup.ts';

/** What `npm run preflight` has found. */
export interface Preflight {
  region: string;
  reports: Report[];
  /** What concerns all of them. */
  notes: string[];
}

/** Clusters that are judged at the same time: MSK and Atlas throttle. */
const concurrency = 4;

/**
 * Judges one cluster, or all clusters of the Region.
 *
 * @param settings of the deployment
 * @param observer sees every request
 * @throws UsageError, NoAccess
 */
export async function preflight(
  options: Arguments,
  settings: Settings,
  env: NodeJS.ProcessEnv,
  observer?: Observer,
): Promise<Preflight> {
  const region = await regionFor(options.region, env);
  const aws = await awsAccess(region, observer?.aws);
  const [msk, secrets] = [readOnce(aws.msk), readOnce(aws.secrets)];
  const secretsIn = async (other: string) =>
    other === region ? secrets : (await awsAccess(other, observer?.aws)).secrets;
  const first = options.clusterArn === undefined ? allClusters(region, msk) : oneCluster(options.clusterArn, msk);
  const credentials = {
    option: options.credentialsSecret,
    ofStage: options.stage === undefined ? undefined : settings.atlasCredentialsSecretArn,
    baseUrl: settings.atlasBaseUrl ?? '',
    region,
  };
  const access = atlasAccess(credentials, env, secretsIn, observer?.atlas);
  const [clusters, found] = await Promise.all([first, access]);
  const atlas = 'reason' in found ? refusing(found.reason) : found;
  const context = contextOf({ ...options, region }, settings, { ...aws, msk, secrets }, atlas);
  const reports: Report[] = [];
  const queue = clusters.entries();
  const work = async () => {
    for (const [index, { clusterArn, describe }] of queue) reports[index] = await lookAt(clusterArn, describe, context);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { region, reports, notes: [context.missingStage() ?? []].flat() };
}

interface Described {
  clusterArn: string;
  describe(): Promise<Cluster>;
}

async function oneCluster(clusterArn: string, msk: MskClient): Promise<Described[]> {
  const described = msk.describeCluster(clusterArn).then(({ cluster }) => onOneLine(cluster));
  await described.catch(refuseIfUseless);
  return [{ clusterArn, describe: () => described }];
}

/** A list of clusters describes each as completely as DescribeClusterV2. */
async function allClusters(region: string, msk: MskClient): Promise<Described[]> {
  const clusters = await msk.listClusters().catch((error: unknown) => {
    throw new NoAccess(whyNoAnswer(error)?.sentence ?? (error as Error).message);
  });
  if (clusters.length === 0)
    throw new UsageError(`MSK has no cluster in Region ${region} of this account. Give another Region with --region.`);
  return clusters
    .map(onOneLine)
    .map((cluster) => ({ clusterArn: cluster.ClusterArn ?? '', describe: async () => cluster }));
}

/** The first request to AWS shows whether any other can succeed. Another error is about the cluster, and a finding. */
function refuseIfUseless(error: unknown): void {
  const why = whyNoAnswer(error);
  if (why?.isForAll) throw new NoAccess(why.sentence);
  if (error instanceof ClusterUnusable)
    throw new UsageError(`${error.message} Check the ARN: the MSK console shows it, and npm run preflight -- --all.`);
}

/** @returns 0 if all clusters are ready, 1 if any is not, 2 if that is not known */
export function exitCodeOf({ reports }: Preflight): number {
  if (reports.some(({ ready }) => ready === false)) return exitCodes.no;
  return reports.some(({ ready }) => ready === null) ? exitCodes.cannotTell : exitCodes.yes;
}
