import { faults, type ReadTopic, type TopicAnswer, type TopicQuestion } from '../atlas/kafka-source.ts';
import { mayDo, type Statement } from '../deployment/iam.ts';
import type { Cluster } from '../msk/cluster.ts';
import { isLike } from '../policy-elements.ts';
import type { Secret } from '../secrets-manager/secret.ts';
import { kafkaArn } from './topic.ts';

export interface KafkaAccessOptions {
  cluster(clusterArn: string): Cluster | undefined;
  secret(secretArn: string): Secret | undefined;
  /** What a role may do. 'everything': it is not a role of the deployment. undefined: it does not exist. */
  role(roleArn: string): Statement[] | 'everything' | undefined;
  region: string;
}

/** Whether a client may do something with the cluster, a topic or a consumer group. */
type May = (action: string, kind?: 'topic' | 'group', name?: string) => boolean;

/**
 * What a client of Kafka finds in a cluster, with the login that it has: first whether it can log in, then whether it sees the topic,
 * and then whether it may read it. Documented by Kafka: the order, and that ACLs do not apply to IAM. Assumed: a client that may not read, or
 * not in its group, sees the partitions before.
 */
export function kafkaAccess(options: KafkaAccessOptions): ReadTopic {
  return (question) => {
    const { clusterArn, mechanism, topic: name, group } = question;
    const cluster = options.cluster(clusterArn);
    const scheme = mechanism === 'AWS_MSK_IAM' ? 'iam' : mechanism === '' ? 'tls' : 'scram';
    if (!cluster?.connectivity.vpcConnectivity[scheme]) return { fault: faults.unreachable('bootstrap') };
    if (scheme === 'scram' && !knowsUser(cluster, question, options)) return { fault: faults.wrongPassword() };
    const may = scheme === 'iam' ? byPolicy(cluster, question, options) : byAcls(cluster);
    if (!may('Connect')) return { fault: faults.accessDenied() };
    return read(cluster, may, name, group);
  };
}

function read(cluster: Cluster, may: May, name: string, group: string): TopicAnswer {
  if (!may('DescribeTopic', 'topic', name)) return { fault: faults.topicDenied(name) };
  const topic = cluster.topics.find((it) => it.name === name);
  if (!topic) return { fault: faults.topicMissing(name) };
  if (!may('DescribeGroup', 'group', group) || !may('AlterGroup', 'group', group))
    return { topic, fault: faults.groupDenied(group) };
  return may('ReadData', 'topic', name) ? { topic } : { topic, fault: faults.topicDenied(name) };
}

/** Documented: a secret that is associated with the cluster is one user, with the password of its current version. */
function knowsUser(cluster: Cluster, { username, password }: TopicQuestion, { secret }: KafkaAccessOptions): boolean {
  const current = cluster.scramSecretArns.map((arn) => secret(arn)?.versions.at(-1)?.secretString ?? '');
  return current.some((text) => {
    const user = userIn(text);
    return user?.username === username && user?.password === password;
  });
}

function userIn(secretString: string): { username?: string; password?: string } | undefined {
  try {
    return JSON.parse(secretString);
  } catch {
    return undefined;
  }
}

function byPolicy({ arn, tags }: Cluster, { roleArn = '' }: TopicQuestion, options: KafkaAccessOptions): May {
  const statements = options.role(roleArn);
  if (!statements) return () => false;
  if (statements === 'everything') return () => true;
  return (action, kind, name = '') =>
    mayDo(
      statements,
      `kafka-cluster:${action}`,
      kind ? kafkaArn(arn, kind, name) : arn,
      // Documented: a cluster has tags, and its topics and groups have none.
      kind ? {} : { resourceTags: tags.all },
      options.region,
    );
}

const operationsOfAcls: Record<string, string> = {
  DescribeTopic: 'Describe',
  ReadData: 'Read',
  DescribeGroup: 'Describe',
  AlterGroup: 'Read',
};

function byAcls({ seed: { deniedAcls } }: Cluster): May {
  return (action, kind, name) =>
    !deniedAcls.some((denied) => isLike(denied, `${kind}:${name}:${operationsOfAcls[action]}`));
}
