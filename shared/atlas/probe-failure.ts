import { withCommand } from '../command.ts';
import { ProbeFailed } from '../errors.ts';
import { quoted } from '../foreign-text.ts';
import type { Login } from '../login.ts';
import { parseClusterArn } from '../msk/arn.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { roleOfStack } from '../prerequisites/streams-role.ts';
import { secretNameOf } from '../secrets/secret-arn.ts';
import { type ProbeTier, probeGroupOf, probeNameOf, smallestTierReads } from './probe.ts';
import type { Diagnosis, ProbeFailureKind } from './probe-kind.ts';

/** What a probe was about. */
export interface Probed {
  clusterArn: string;
  workspace: string;
  connectionName: string;
  /** Whether this deployment has created the connection, so that its login is known. */
  isOwn: boolean;
  topic: string;
  /** As MSK says; null if MSK was not asked. */
  partitions: number | null;
  tier: ProbeTier;
  /** As in ProbeProgress. */
  sinkConnection?: string | undefined;
  login: Login;
  /** What to check in the network. */
  hint: string;
}

/** The error of a probe that has failed: which kind of failure, what Atlas has said, what to do. */
export function probeFailed(probed: Probed, diagnosis: Diagnosis): ProbeFailed {
  const { kind, refusal } = diagnosis;
  const known = kind === 'topicMissing' && probed.partitions !== null ? 'topicDenied' : kind;
  const words = atlasSays(diagnosis);
  const { connectionName, workspace, topic } = probed;
  return new ProbeFailed(
    [
      `The probe could not read topic "${topic}" through connection "${connectionName}" in workspace ${workspace} (${nameOf(known, probed)}). ${[what(known, probed), words].filter(Boolean).join(' ')}`,
      remedyFor(known, probed),
      'The connection stays.',
    ].join('\n'),
    { cause: refusal },
  );
}

/** What Atlas has said, as a sentence. */
export const atlasSays = ({ said, refusal }: Diagnosis): string | undefined =>
  refusal?.message ?? (said && `Atlas says: ${quoted(said)}.`);

/** A kind as it is named in a Cause, and in docs/troubleshooting.md. */
const nameOf = (kind: ProbeFailureKind, { login }: Probed): string =>
  isByRole(login) ? names[kind].iam : names[kind].scram;

const same = (name: string) => ({ scram: name, iam: name });
const names: Record<ProbeFailureKind, { scram: string; iam: string }> = {
  unreachable: same('unreachable'),
  loginRefused: same('login refused'),
  topicMissing: same('topic missing'),
  topicDenied: { scram: 'topic denied by a Kafka ACL', iam: 'topic denied by IAM' },
  groupDenied: { scram: 'consumer group denied by a Kafka ACL', iam: 'consumer group denied by IAM' },
  tooManyPartitions: same('too many partitions'),
  noBilling: same('no billing'),
  sinkRefused: same('sink refused'),
  unknown: same('unknown reason'),
};

/** What is wrong. */
function what(kind: ProbeFailureKind, probed: Probed): string {
  const { partitions, tier, clusterArn, login, isOwn } = probed;
  const who = identityOf(probed);
  switch (kind) {
    case 'unreachable':
      return 'Atlas does not reach the brokers.';
    case 'loginRefused':
      return isByRole(login) || !isOwn
        ? `The brokers do not let ${who} log in.`
        : `The brokers do not accept the password that Atlas has of ${who}.`;
    case 'topicMissing':
      return `The cluster has no such topic, or ${who} may not describe it.`;
    case 'topicDenied':
      return `The brokers do not let ${who} read the topic${partitions === null ? '' : ', which exists'}.`;
    case 'groupDenied':
      return `The brokers do not let ${who} use the probe's consumer group, whose name starts with ${probeGroupOf(clusterArn)}.`;
    case 'tooManyPartitions':
      return partitions === null
        ? `It has more partitions than a processor on tier ${tier} may read. Its number of partitions is unknown to the run, which therefore takes the smallest tier.`
        : `It has ${partitions} partitions, which needs tier ${tier}, and the workspace does not allow that.`;
    case 'noBilling':
      return 'Atlas starts no stream processor without a payment method.';
    case 'sinkRefused':
      return 'A stream processor needs a sink, although the probe passes no record to it, and Atlas could not use it.';
    default:
      return `The reason is not known: neither Atlas's answers nor the operational log of the stream processor ${probeNameOf(clusterArn)} has a known one, or the log could not be read.`;
  }
}

/** What to do. */
function remedyFor(kind: ProbeFailureKind, probed: Probed): string {
  const { clusterArn, topic, tier, workspace, sinkConnection, hint } = probed;
  switch (kind) {
    case 'unreachable':
      return `Check in the MSK console that the cluster is ACTIVE and its brokers are healthy. ${hint}`;
    case 'loginRefused':
      return loginRemedy(probed);
    case 'topicMissing':
      return withCommand(
        'If the name is wrong, correct "topics" in the input, or the tag. Put the right name in place of TOPIC:',
        tagCommand(clusterArn, { 'atlas-streaming/topics': 'TOPIC' }),
        `If the topic does not exist, create it. If it exists: ${topicRemedy(probed)}`,
      );
    case 'topicDenied':
      return topicRemedy(probed);
    case 'groupDenied':
      return groupRemedy(probed);
    case 'tooManyPartitions':
      return withCommand(
        probed.partitions === null
          ? `Let the run learn the number, so that it takes a larger tier: the cluster needs Apache Kafka 3.6.0 or newer, and no policy may deny kafka:DescribeTopic to the functions. Or name a topic with at most ${smallestTierReads} partitions first, in "topics" of the input or by the tag. Put its name in place of TOPIC:`
          : `Raise the maximum tier of workspace ${workspace} in Atlas${tier === 'SP10' ? '' : ' (SP2 reads up to 32 partitions, SP5 up to 64, SP10 any number)'}. Or name a smaller topic first, in "topics" of the input or by the tag. Put its name in place of TOPIC:`,
        tagCommand(clusterArn, { 'atlas-streaming/topics': 'TOPIC' }),
      );
    case 'noBilling':
      return 'Add a payment method to the organization in Atlas (Billing). Without it, no other stream processor starts either.';
    case 'sinkRefused':
      return `Check that connection "${sinkConnection}" of workspace ${workspace}, which is of the type Cluster, works and that its role may write: it is the sink of the probe because Atlas has refused its own, and the probe writes nothing there. Or turn the probe off.`;
    default:
      return `Read the operational log of the workspace ${workspace} in Atlas (Stream Processing, Monitoring), which keeps it for 30 days. To let runs read it, give the deployment's credentials the role Project Data Access Read Only as well: Project Stream Processing Owner alone is not enough. Topic "${topic}" must exist, and ${identityOf(probed)} must be allowed to read it.`;
  }
}

const isByRole = (login: Login): login is Extract<Login, { roleArn: string }> => login.mechanism === 'AWS_MSK_IAM';

/** Who logs in. How a connection of another party does is not known. */
function identityOf({ login, connectionName, isOwn }: Probed): string {
  if (!isOwn) return `the ${isByRole(login) ? 'role' : 'user'} of connection "${connectionName}"`;
  return isByRole(login) ? `the role ${login.roleArn}` : `the user of the secret ${secretNameOf(login.secretArn)}`;
}

const ownerMustLet = ({ login, connectionName }: Probed, what: string): string =>
  `This deployment did not create connection "${connectionName}". Its owner must let its ${isByRole(login) ? 'role' : 'user'} ${what}.`;

function loginRemedy({ login, clusterArn, connectionName, isOwn }: Probed): string {
  if (!isOwn)
    return `This deployment did not create connection "${connectionName}". Its owner must correct how it logs in.`;
  if (!isByRole(login))
    return `MSK takes a changed password from the secret ${secretNameOf(login.secretArn)} after some minutes. If it was changed a moment ago, wait. Otherwise check that the secret is associated with the cluster, and that no other associated secret has the same user.`;
  const { clusterName } = parseClusterArn(clusterArn) ?? {};
  return `The role must trust Atlas, and must allow kafka-cluster:Connect on ${clusterArn}. ${
    isOfStack(login.roleArn, clusterArn)
      ? `Check that the setting streamsRoleClusters matches ${clusterName}, and, with streamsRoleRequiresTag, that the cluster has the tag atlas-streaming=connect.`
      : 'Correct its policy.'
  } No policy of the organization may deny it. A change takes effect within a minute.`;
}

function topicRemedy(probed: Probed): string {
  const { login, clusterArn, topic, isOwn } = probed;
  if (!isOwn) return ownerMustLet(probed, `read topic "${topic}"`);
  if (!isByRole(login))
    return `Give the user of the secret ${secretNameOf(login.secretArn)} the Kafka ACLs Describe and Read on topic "${topic}", as docs/kafka-acls.md describes.`;
  return `The role must allow kafka-cluster:DescribeTopic and kafka-cluster:ReadData on ${within(clusterArn, 'topic', topic)}. ${
    isOfStack(login.roleArn, clusterArn)
      ? 'Let the setting streamsRoleTopics match the topic, and deploy again.'
      : 'Correct its policy.'
  }`;
}

function groupRemedy(probed: Probed): string {
  const { login, clusterArn, isOwn } = probed;
  if (!isOwn) return ownerMustLet(probed, 'use all consumer groups that start with "asp-"');
  if (!isByRole(login))
    return `Give the user of the secret ${secretNameOf(login.secretArn)} the Kafka ACL Read on all consumer groups that start with "asp-", as docs/kafka-acls.md describes. Stream processors use such groups, too.`;
  return `The role must allow kafka-cluster:DescribeGroup and kafka-cluster:AlterGroup on ${within(clusterArn, 'group', 'asp-*')}. ${
    isOfStack(login.roleArn, clusterArn)
      ? 'The stack allows it: check whether another policy denies it.'
      : 'Correct its policy.'
  }`;
}

const isOfStack = (roleArn: string, clusterArn: string): boolean => roleArn === roleOfStack(clusterArn);

/** The ARN of a topic or a group of a cluster. */
const within = (clusterArn: string, what: 'topic' | 'group', name: string): string =>
  `${clusterArn.replace(':cluster/', `:${what}/`)}/${name}`;
