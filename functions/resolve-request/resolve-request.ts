import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { noneWhenNotFound } from '../../shared/aws.ts';
import { AwsRefused, InvalidRequest } from '../../shared/errors.ts';
import { holderOf } from '../../shared/execution.ts';
import { type ClusterArn, parseClusterArn } from '../../shared/msk/arn.ts';
import { type StatusTags, settingTags, statusTag, tagsOf, triggerTag, writeStatus } from '../../shared/msk/tags.ts';
import { type ConsoleInput, type Request, readInput, shown, valid } from '../../shared/request/request.ts';
import { deadlineAfter } from '../../shared/wait.ts';
import type { Settings } from './settings.ts';

export const ResolveRequestInput = z.object({
  action: z.enum(['connect', 'disconnect']),
  input: z.unknown(),
  executionArn: z.string(),
  now: z.string(),
});
type Action = z.infer<typeof ResolveRequestInput>['action'];

export interface ResolveRequestDeps {
  kafka: KafkaClient;
  sfn: SFNClient;
  settings: Settings;
  /** Where the functions run: `arn:aws:lambda:us-east-1:111122223333:function:…` */
  functionArn: string;
  signal: AbortSignal;
}

/**
 * Decides who asks, for which cluster, with which settings: from the input, else from the cluster's tags, else from the
 * deployment. Refuses bad input before anything is changed; then marks the cluster as `connecting` or `disconnecting`, and as
 * held by this execution. A dry run holds nothing, and marks nothing.
 *
 * @returns `decision`: whether there is anything to do, and why; `request` and `waits`: null when there is not
 * @throws InvalidRequest, AwsRefused, AwsUnavailable
 */
export async function resolveRequest(
  { action, input, executionArn, now }: z.infer<typeof ResolveRequestInput>,
  { kafka, sfn, settings, functionArn, signal }: ResolveRequestDeps,
) {
  const { startedBy, given } = readInput(input);
  const { clusterArn } = given;
  const { clusterName } = ownCluster(clusterArn, functionArn);
  const tags = await existingTags(clusterArn, action, { kafka, signal });

  // Events are delivered at least once and late: what counts is what the cluster's tag says now.
  const asked = startedBy === 'console' || (tags[triggerTag] ?? onUntag(settings)) === action;
  if (!asked) {
    const found = tags[triggerTag] === undefined ? 'is gone' : `is ${shown(tags[triggerTag])}, not "${action}"`;
    return nothingToDo(`The tag ${triggerTag} of ${clusterArn} ${found}.`);
  }
  // Before the settings are looked at: a mistake in them must not disturb the execution that holds the cluster.
  const holder = given.dryRun ? undefined : await holderOf(tags, executionArn, { sfn, signal });
  if (holder)
    return nothingToDo(`Execution ${holder} holds ${clusterArn} and is still running; this one leaves it alone.`);
  const request = settle(given, tags, settings, clusterName);
  if (!request.dryRun) {
    const detail = `${action === 'connect' ? 'Connecting to' : 'Disconnecting from'} workspace ${request.workspace} of Atlas project ${request.projectId}`;
    await claim(clusterArn, { status: `${action}ing`, detail, execution: executionArn }, { kafka, signal });
  }
  const { cluster, removal, ...waits } = settings.waits;
  return {
    decision: {
      isAnythingToDo: true,
      reason: startedBy === 'tag' ? `Started by the tag ${triggerTag}.` : 'Started by hand, or by the sweep.',
    },
    request,
    waits: { ...waits, cluster: until(cluster, now), removal: until(removal, now) },
  };
}

const nothingToDo = (reason: string) => ({ decision: { isAnythingToDo: false, reason }, request: null, waits: null });

/** What the missing tag asks for. */
const onUntag = ({ disconnectOnUntag }: Settings): Action | undefined => (disconnectOnUntag ? 'disconnect' : undefined);

const until = <Limited extends { timeoutMinutes: number }>(wait: Limited, now: string) => ({
  ...wait,
  deadline: deadlineAfter(now, wait.timeoutMinutes),
});

/** A cluster that is gone, or that has 50 tags already, cannot be marked; the run goes on without, and says so at its end. */
async function claim(
  clusterArn: string,
  status: StatusTags,
  deps: { kafka: KafkaClient; signal: AbortSignal },
): Promise<void> {
  await writeStatus(clusterArn, status, deps).catch((error: unknown) => {
    if (!(error instanceof AwsRefused)) throw error;
  });
}

/** A deployment serves the clusters of its own account and Region; Atlas itself takes no other partition than `aws`. */
function ownCluster(clusterArn: string, functionArn: string): ClusterArn {
  const cluster = parseClusterArn(clusterArn) as ClusterArn;
  const [, , , region, accountId] = functionArn.split(':');
  const complaint =
    cluster.partition !== 'aws'
      ? `is of the partition "${cluster.partition}"; it must be of "aws", the only one that Atlas connects to`
      : cluster.region !== region
        ? `is in Region ${cluster.region}; it must be in ${region}, where this is deployed (deploy it in ${cluster.region} as well)`
        : cluster.accountId !== accountId
          ? `is of account ${cluster.accountId}; it must be of account ${accountId}, where this is deployed`
          : undefined;
  if (complaint)
    throw new InvalidRequest(
      `clusterArn ${shown(clusterArn)} ${complaint}, for example "arn:aws:kafka:${region}:${accountId}:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5".`,
    );
  return cluster;
}

async function existingTags(
  clusterArn: string,
  action: Action,
  deps: { kafka: KafkaClient; signal: AbortSignal },
): Promise<Record<string, string>> {
  const tags = await tagsOf(clusterArn, deps).catch(noneWhenNotFound);
  if (tags) return tags;
  // What Atlas still has for a cluster that was deleted can be taken away by hand.
  if (action === 'disconnect') return {};
  throw new InvalidRequest(
    `clusterArn is ${shown(clusterArn)}, and MSK knows no such cluster; it must be the ARN of an existing one, as the MSK console shows it.`,
  );
}

/** Each setting comes from the input, else from its tag, else from the deployment, and is checked wherever it comes from. */
function settle(given: ConsoleInput, tags: Record<string, string>, settings: Settings, clusterName: string): Request {
  const { projectId, workspace, mechanism, allowedProjectIds } = settings;
  const setting = (field: keyof typeof settingTags, byDefault: string | undefined, parameter: string) => {
    if (given[field] !== undefined) return { value: given[field], name: field };
    const tag = settingTags[field];
    if (tags[tag] !== undefined) return { value: valid(field, tags[tag], `The tag ${tag}`), name: `The tag ${tag}` };
    return { value: byDefault === undefined ? null : valid(field, byDefault, parameter), name: parameter };
  };

  const project = setting('projectId', projectId, 'The parameter atlasProjectId');
  if (!allowedProjectIds.has(project.value ?? ''))
    throw new InvalidRequest(
      `${project.name} is ${shown(project.value)}, which this deployment does not allow; it must be one of ${[...allowedProjectIds].map(shown).join(', ')} (the parameters atlasProjectId and allowedProjectIds).`,
    );
  return {
    clusterArn: given.clusterArn,
    projectId: project.value as string,
    workspace: setting('workspace', workspace, 'The parameter atlasWorkspace').value as string,
    connectionName: setting('connectionName', clusterName, 'The cluster name').value as string,
    mechanism: given.mechanism ?? mechanism,
    secretArn: setting('secretArn', undefined, '').value,
    maySecretBeAssociated: given.secretArn !== undefined,
    config: given.config ?? null,
    dryRun: given.dryRun ?? false,
    privateLinkId: tags[statusTag('private-link-id')] ?? null,
    secretVersion: tags[statusTag('secret-version')] ?? null,
  };
}
