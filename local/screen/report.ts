import type { Cloud } from '../../emulators/cloud.ts';
import type { Exchange, ServiceName } from '../../emulators/emulator.ts';
import type { PolicyDocument } from '../../emulators/msk/policy.ts';
import type { Recorder } from '../../emulators/recorder.ts';
import type { Message } from '../../emulators/sns.ts';
import type { Execution, ExecutionResult } from '../../emulators/step-functions/execution.ts';
import type { Row, Timeline, Transition } from './timeline.ts';

/** An item of the table. */
type RegistryItem = Record<string, unknown>;

/** Resources as in the answers of Atlas's API. */
export interface PrivateLinkView {
  _id: string;
  arn: string;
  state: string;
  errorMessage?: string;
  interfaceEndpointId?: string;
  dnsDomain?: string;
}
export interface ConnectionView {
  workspace: string;
  name: string;
  state: string;
  bootstrapServers: string;
  authentication: { mechanism: string; username?: string; aws?: { roleArn: string } };
  security: { protocol: string };
  networking: { access: { type: string; connectionId?: string } };
}

export interface AccessRoleView {
  roleId: string;
  atlasAssumedRoleExternalId: string;
  iamAssumedRoleArn?: string;
  authorizedDate: string | null;
}

export interface ProcessorView {
  workspace: string;
  name: string;
  state: string;
  tier?: string;
  /** Where its last start began, if it was started during the scenario. */
  startedFrom?: string;
}

/** The resources of the cluster, as in the consoles of AWS and Atlas. */
export interface Snapshot {
  isClusterGone: boolean;
  policy: PolicyDocument | null;
  tags: Record<string, string>;
  privateLinks: PrivateLinkView[];
  connections: ConnectionView[];
  accessRoles: AccessRoleView[];
  processors: ProcessorView[];
}

type RowSummary = Omit<Row, 'enteredAt' | 'exitedAt' | 'lambdaMs' | 'retried'> & {
  enteredAt: string;
  seconds: number;
  lambdaMilliseconds?: number;
  retried?: string[];
};

/** What is known before a run begins. */
export interface Beginning {
  scenario: string;
  description: string;
  /** For the user: what starts the execution. */
  startedBy: string;
  clusterArn: string;
  /** Whether the user's input names the cluster. The local cloud makes one up with its ARN. */
  isClusterInvented: boolean;
  speed: number;
}

/** A request to an emulated service. Its bodies may have secrets, so they are not here. */
export interface RequestSummary {
  /** The simulated time. */
  at: string;
  service: ServiceName;
  operation: string;
  /** The HTTP status, or what the caller got instead of an answer. */
  status: Exchange['status'];
}

/** The report of a run: `--json` prints it, and the text and the page are made from it. */
export interface Report extends Beginning, Pick<Snapshot, 'isClusterGone' | 'accessRoles' | 'processors'> {
  executionArn: string;
  /** The state in which the execution ended. */
  status: string;
  output?: unknown;
  error?: string;
  cause?: string;
  seconds: { simulated: number; real: number };
  policy: { before: PolicyDocument | null; after: PolicyDocument | null };
  privateLinks: { before: PrivateLinkView[]; after: PrivateLinkView[] };
  connections: { before: ConnectionView[]; after: ConnectionView[] };
  tags: { before: Record<string, string>; after: Record<string, string> };
  /** The cluster's record; null if there is none. */
  registry: { before: RegistryItem | null; after: RegistryItem | null };
  timeline: RowSummary[];
  /** Each transition of the machine that was taken, once. */
  transitions: Transition[];
  /** The messages that the subscribers of the topic get. */
  messages: Pick<Message, 'subject' | 'text'>[];
  /** Other executions that were started during the run. */
  others: { executionArn: string; status: string; output?: unknown; error?: string }[];
  /** Service → operation → number of calls. */
  calls: Record<string, Record<string, number>>;
  /** All of them, in the order of their answers. */
  requests: RequestSummary[];
}

export function takeSnapshot({ world: { msk, cluster, project } }: Cloud): Snapshot {
  const isClusterGone = !msk.clusters.has(cluster.arn);
  return {
    isClusterGone,
    policy: isClusterGone ? null : (cluster.policy?.document ?? null),
    tags: isClusterGone ? {} : cluster.tags.all,
    privateLinks: project.links.map((link) => asJson<PrivateLinkView>(link.describe())),
    connections: project.workspaces.flatMap(({ name: workspace }) =>
      project.connections(workspace).map((it) => asJson<ConnectionView>({ workspace, ...it.describe() })),
    ),
    processors: project.workspaces.flatMap(({ name: workspace, processors }) =>
      processors.map(({ name, state, tier, startedFrom }) =>
        asJson<ProcessorView>({ workspace, name, state, tier, startedFrom }),
      ),
    ),
    accessRoles: project.accessRoles.all.map((it) => asJson<AccessRoleView>(it.describe())),
  };
}

export interface Run {
  beginning: Beginning;
  cloud: Cloud;
  execution: Execution;
  result: ExecutionResult;
  others: { execution: Execution; result: ExecutionResult }[];
  messages: Message[];
  timeline: Pick<Timeline, 'rows' | 'transitions'>;
  before: Snapshot;
  registry: Report['registry'];
  realMs: number;
}

export function makeReport({
  beginning,
  cloud,
  execution,
  result,
  others,
  messages,
  timeline: { rows, transitions },
  before,
  registry,
  realMs,
}: Run): Report {
  const after = takeSnapshot(cloud);
  const { endState, error, cause, output } = result;
  return {
    ...beginning,
    executionArn: execution.arn,
    status: endState,
    ...(error === undefined ? { output } : { error, cause: cause ?? '' }),
    seconds: { simulated: secondsBetween(rows.at(0)?.enteredAt, rows.at(-1)?.exitedAt), real: toSeconds(realMs) },
    isClusterGone: after.isClusterGone,
    accessRoles: after.accessRoles,
    processors: after.processors,
    policy: { before: before.policy, after: after.policy },
    privateLinks: { before: before.privateLinks, after: after.privateLinks },
    connections: { before: before.connections, after: after.connections },
    tags: { before: before.tags, after: after.tags },
    registry,
    timeline: rows.map(summary),
    transitions,
    messages: messages.map(({ subject, text }) => ({ subject, text })),
    others: others.map(({ execution: { arn }, result: { endState, output, error } }) => ({
      executionArn: arn,
      status: endState,
      ...(error === undefined ? { output } : { error }),
    })),
    calls: countCalls(cloud.recorder),
    requests: cloud.recorder.exchanges.map(({ at, service, operation, status }) => ({
      at: at.toISOString(),
      service,
      operation,
      status,
    })),
  };
}

function summary({ enteredAt, exitedAt, lambdaMs, retried, ...row }: Row): RowSummary {
  return {
    ...row,
    enteredAt: enteredAt.toISOString(),
    seconds: secondsBetween(enteredAt, exitedAt),
    ...(lambdaMs > 0 ? { lambdaMilliseconds: Math.round(lambdaMs), retried } : {}),
  };
}

function countCalls({ exchanges }: Recorder): Report['calls'] {
  const calls: Report['calls'] = {};
  for (const { service, operation } of exchanges) {
    calls[service] ??= {};
    calls[service][operation] = (calls[service][operation] ?? 0) + 1;
  }
  return calls;
}

const asJson = <View>(value: object): View => JSON.parse(JSON.stringify(value));

const secondsBetween = (from: Date | undefined, to: Date | undefined) =>
  from && to ? toSeconds(to.getTime() - from.getTime()) : 0;

const toSeconds = (milliseconds: number) => Math.round(milliseconds / 100) / 10;
