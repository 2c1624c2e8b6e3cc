import * as z from 'zod/mini';
import { noneWhenNotFound } from '../../shared/aws.ts';
import { AwsRefused, InvalidRequest } from '../../shared/errors.ts';
import { type ExecutionsClient, holderOf } from '../../shared/executions.ts';
import { type ClusterArn, parseClusterArn } from '../../shared/msk/arn.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { type StatusTags, settingTags, statusTag, triggerTag, writeStatus } from '../../shared/msk/tags.ts';
import { valid } from '../../shared/request/fields.ts';
import { type ConsoleInput, readInput } from '../../shared/request/input.ts';
import { shown } from '../../shared/request/redaction.ts';
import { Request } from '../../shared/request/request.ts';
import type { Settings } from './settings.ts';

const Action = z.enum(['connect', 'disconnect']);
type Action = z.infer<typeof Action>;

export const ResolveRequestInput = z.object({
  run: z.object({ action: Action, input: z.unknown() }),
  executionArn: z.string(),
});

/** `reason`: why there is something to do, or why not. */
export const ResolveRequestOutput = z.discriminatedUnion('isAnythingToDo', [
  z.object({ isAnythingToDo: z.literal(false), reason: z.string() }),
  z.extend(Request, { isAnythingToDo: z.literal(true), reason: z.string() }),
]);

export interface ResolveRequestDeps {
  msk: MskClient;
  executions: ExecutionsClient;
  settings: Settings;
  /** The function's own: `arn:aws:lambda:us-east-1:111122223333:function:…` */
  functionArn: string;
}

/**
 * Decides who asks, for which cluster, with which settings: from the input, else from the cluster's tags, else from the deployment.
 * Refuses bad input before anything is changed. Then marks the cluster as `connecting` or `disconnecting` and as held by this
 * execution. A dry run neither holds nor marks the cluster.
 *
 * @throws InvalidRequest, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function resolveRequest(
  { run: { action, input }, executionArn }: z.infer<typeof ResolveRequestInput>,
  { msk, executions, settings, functionArn }: ResolveRequestDeps,
): Promise<z.infer<typeof ResolveRequestOutput>> {
  const { startedBy, given } = readInput(input);
  const { clusterArn } = given;
  const { clusterName } = ownCluster(clusterArn, functionArn);
  const tags = await existingTags(clusterArn, action, msk);

  // Events may arrive late and more than once, so only the cluster's tag as it is now counts.
  const isWanted = startedBy === 'console' || (tags[triggerTag] ?? onUntag(settings)) === action;
  if (!isWanted) {
    const found =
      tags[triggerTag] === undefined ? 'no longer exists' : `is ${shown(tags[triggerTag])}, not "${action}"`;
    return nothingToDo(`The tag ${triggerTag} of ${clusterArn} ${found}.`);
  }
  // Before the settings are checked: a mistake in them must not disturb the execution that holds the cluster.
  const holder = given.dryRun ? undefined : await holderOf(tags, executionArn, executions);
  if (holder) return nothingToDo(`Execution ${holder} is working on ${clusterArn}, so this execution changes nothing.`);
  const request = settle(given, tags, settings, clusterName);
  if (!request.dryRun) {
    const detail = `${action === 'connect' ? 'Connecting to' : 'Disconnecting from'} workspace ${request.workspace} of Atlas project ${request.projectId}`;
    await claim(clusterArn, { status: `${action}ing`, detail, execution: executionArn }, msk);
  }
  return {
    isAnythingToDo: true,
    reason: startedBy === 'tag' ? `Started by the tag ${triggerTag}.` : 'Started manually or by the sweep.',
    ...request,
  };
}

const nothingToDo = (reason: string) => ({ isAnythingToDo: false as const, reason });

/** The action for a missing tag. */
const onUntag = ({ disconnectOnUntag }: Settings): Action | undefined => (disconnectOnUntag ? 'disconnect' : undefined);

/** A cluster that is gone or has 50 tags cannot be marked; the run continues, and its end says so. */
async function claim(clusterArn: string, status: StatusTags, msk: MskClient): Promise<void> {
  await writeStatus(clusterArn, status, msk).catch((error: unknown) => {
    if (!(error instanceof AwsRefused)) throw error;
  });
}

/** A deployment serves the clusters of its own account and Region; Atlas supports only the partition `aws`. */
function ownCluster(clusterArn: string, functionArn: string): ClusterArn {
  const cluster = parseClusterArn(clusterArn) as ClusterArn;
  const [, , , region, accountId] = functionArn.split(':');
  const complaint =
    cluster.partition !== 'aws'
      ? `has the partition "${cluster.partition}"; it must be "aws", the only one that Atlas supports`
      : cluster.region !== region
        ? `is in Region ${cluster.region}; it must be in ${region}, where this is deployed (deploy it in ${cluster.region} as well)`
        : cluster.accountId !== accountId
          ? `is in account ${cluster.accountId}; it must be in account ${accountId}, where this is deployed`
          : undefined;
  if (complaint)
    throw new InvalidRequest(
      `clusterArn ${shown(clusterArn)} ${complaint}, for example "arn:aws:kafka:${region}:${accountId}:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5".`,
    );
  return cluster;
}

async function existingTags(clusterArn: string, action: Action, msk: MskClient): Promise<Record<string, string>> {
  const tags = await msk.listTags(clusterArn).catch(noneWhenNotFound);
  if (tags) return tags;
  // A manual disconnect can still remove what Atlas has for a deleted cluster.
  if (action === 'disconnect') return {};
  throw new InvalidRequest(
    `clusterArn is ${shown(clusterArn)}, but MSK has no such cluster; it must be the ARN of an existing one, as the MSK console shows it.`,
  );
}

/** Takes each setting from the input, else from its tag, else from the deployment. */
function settle(given: ConsoleInput, tags: Record<string, string>, settings: Settings, clusterName: string): Request {
  const { projectId, workspace, mechanism, allowedProjectIds } = settings;
  const setting = (field: keyof typeof settingTags): { value: string; name: string } | undefined => {
    if (given[field] !== undefined) return { value: given[field], name: field };
    const tag = settingTags[field];
    const name = `The tag ${tag}`;
    return tags[tag] === undefined ? undefined : { value: valid(field, tags[tag], name), name };
  };

  const project = setting('projectId');
  if (project && !allowedProjectIds.has(project.value))
    throw new InvalidRequest(
      `${project.name} is ${shown(project.value)}, which this deployment does not allow; it must be one of ${[...allowedProjectIds].map(shown).join(', ')} (the parameters atlasProjectId and allowedProjectIds).`,
    );
  return {
    clusterArn: given.clusterArn,
    projectId: project?.value ?? projectId,
    workspace: setting('workspace')?.value ?? workspace,
    connectionName: setting('connectionName')?.value ?? clusterName,
    mechanism: given.mechanism ?? mechanism,
    secretArn: setting('secretArn')?.value ?? null,
    maySecretBeAssociated: given.secretArn !== undefined,
    config: given.config ?? null,
    dryRun: given.dryRun ?? false,
    privateLinkId: tags[statusTag('private-link-id')] ?? null,
    secretVersion: tags[statusTag('secret-version')] ?? null,
  };
}
