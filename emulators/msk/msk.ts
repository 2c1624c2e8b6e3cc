import { parseArn } from '../arn.ts';
import { type Authorize, signedBy } from '../aws.ts';
import type { Clock } from '../clock.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from '../emulator.ts';
import type { ApiCall, TagChange } from '../event-bridge.ts';
import { checkPermission } from './authorization.ts';
import { Cluster, newVersion } from './cluster.ts';
import { connectivityTarget } from './connectivity.ts';
import { checkPolicyVersion, normalisePrincipals } from './policy.ts';
import { allows, atlasAsCaller } from './policy-evaluation.ts';
import { checkPrincipals, parsePolicy } from './policy-grammar.ts';
import { type Handlers, mskError, routeMsk } from './router.ts';
import { checkSecretArns, type Secrets, whyNotAssociated } from './scram.ts';
import { type ClusterSeed, completeSeed, type Schemes } from './seed.ts';
import { checkTopicsSupported, describeTopic, topicInfo } from './topics.ts';

export interface MskOptions {
  clock: Clock;
  /** Default: us-east-1. */
  region?: string;
  /** Where the SCRAM secrets are. Default: there are none. */
  secrets?: Secrets;
  authorize?: Authorize | undefined;
  /** Called once for each change that AWS reports in an `aws.tag` event. */
  onTagChange?: (change: TagChange) => void;
  /** Called for each call that changes tags or creates a cluster, also if it is refused: what a trail reports. */
  onApiCall?: (call: ApiCall) => void;
  /** Whether stored policies replace an account id by the ARN of the account's root. Documented for other AWS services; unknown for MSK. */
  normalisesPrincipals?: boolean;
  /** The ARNs of users and roles that no longer exist. A stored policy may still have them. */
  deletedPrincipals?: string[];
}

interface TaggingInput {
  ResourceArn?: string;
  Tags?: Record<string, string>;
  TagKeys?: string[];
}

/** Documented: what a cluster policy must allow another account to do before the account can connect. */
const connectActions = ['CreateVpcConnection', 'GetBootstrapBrokers', 'DescribeCluster', 'DescribeClusterV2'];

/** The control plane of MSK. Requests and answers follow the schemas of the AWS SDK; clusters change in simulated time. */
export class MskEmulator implements Service {
  readonly name = 'kafka';
  readonly clusters = new Map<string, Cluster>();
  readonly #options: MskOptions;
  readonly #secrets: Secrets;
  readonly #authorize: Authorize;

  constructor(options: MskOptions) {
    this.#options = options;
    this.#secrets = options.secrets ?? { secret: () => undefined };
    this.#authorize = options.authorize ?? (() => true);
  }

  /** Adds a cluster that has been there all along. */
  addCluster(seed: Partial<ClusterSeed> = {}): Cluster {
    const { clock, onTagChange = () => {} } = this.#options;
    const cluster = new Cluster(completeSeed(seed), clock, onTagChange);
    this.clusters.set(cluster.arn, cluster);
    return cluster;
  }

  /**
   * Creates a cluster as a person does. Unless the seed has another ARN, the ARN has a uuid of its own, even if an earlier cluster
   * had the same name. Assumed: the tags of a new cluster make no `aws.tag` event.
   */
  createCluster(seed: Partial<ClusterSeed> = {}, caller = 'AKIAPERSON'): Cluster {
    const cluster = this.addCluster(seed);
    const { arn: clusterArn, tags } = cluster;
    this.#report({ operation: 'CreateClusterV2', clusterArn, tags: tags.all, caller });
    return cluster;
  }

  /** Deletes a cluster as a person does. From now on, it does not exist. Assumed: without being DELETING for a while. */
  deleteCluster(clusterArn: string): void {
    if (!this.clusters.delete(clusterArn)) throw new Error(`There is no cluster ${clusterArn}.`);
  }

  /** Whether an account could open a connection by this scheme to the cluster. Atlas's private link depends on it. */
  mayConnect(clusterArn: string, accountId: string, scheme: keyof Schemes): boolean {
    const cluster = this.clusters.get(clusterArn);
    const actions = connectActions.map((action) => `kafka:${action}`);
    if (!cluster?.policy || !cluster.connectivity.vpcConnectivity[scheme]) return false;
    const caller = atlasAsCaller(accountId, parseArn(clusterArn).partition);
    return allows(cluster.policy.document, caller, actions, clusterArn);
  }

  route(request: Request): Route {
    const { operation, labels } = routeMsk(request);
    return {
      operation: operation.name,
      authenticate: () => signedBy(request, 'kafka', mskError, this.#options.region),
      apply: async (caller): Promise<Answer> => {
        const handler = this.#handlers[operation.name] as ((input: object, caller: string) => object) | undefined;
        if (!handler) {
          throw mskError('NotImplementedException', `The local MSK does not implement ${operation.name}.`);
        }
        const input = await operation.decode(request, labels);
        try {
          const dataKey = this.clusters.get((input as { ClusterArn?: string }).ClusterArn ?? '')?.seed
            .dataVolumeKmsKeyId;
          checkPermission(this.#authorize, caller, operation.name, input, dataKey);
          const output = handler(input, caller);
          this.#reportTagging(operation.name, input, caller);
          return operation.encode(output);
        } catch (error) {
          if (error instanceof Refusal) this.#reportTagging(operation.name, input, caller, error);
          throw error;
        }
      },
    };
  }

  #reportTagging(operation: string, input: TaggingInput, caller: string, refusal?: Refusal): void {
    if (operation !== 'TagResource' && operation !== 'UntagResource') return;
    const { ResourceArn: clusterArn = '', Tags: tags, TagKeys: tagKeys } = input;
    const code = refusal?.answer.headers?.['x-amzn-errortype'] ?? '';
    const error = refusal && { code, message: refusal.message };
    this.#report({ operation, clusterArn, tags, tagKeys, caller, error });
  }

  #report(call: Omit<ApiCall, 'time'>): void {
    const { clock, onApiCall = () => {} } = this.#options;
    onApiCall({ ...call, time: clock.now() });
  }

  readonly #handlers: Handlers = {
    DescribeClusterV2: ({ ClusterArn }) => ({ ClusterInfo: this.#cluster(ClusterArn).describe() }),

    ListClustersV2: ({ ClusterNameFilter = '', ClusterTypeFilter, MaxResults, NextToken }) => {
      // Documented: the types. Assumed: another one is refused, and the case does not matter.
      if (ClusterTypeFilter !== undefined && !/^(provisioned|serverless)$/i.test(ClusterTypeFilter))
        throw mskError('BadRequestException', 'The cluster type is not valid.', 'clusterTypeFilter');
      const found = [...this.clusters.values()]
        .map((cluster) => cluster.describe())
        .filter(({ ClusterName }) => ClusterName?.startsWith(ClusterNameFilter))
        .filter(({ ClusterType }) => ClusterType === (ClusterTypeFilter?.toUpperCase() ?? ClusterType));
      const [ClusterInfoList, next] = page(found, MaxResults, NextToken);
      return { ClusterInfoList, NextToken: next };
    },

    GetBootstrapBrokers: ({ ClusterArn }) => {
      const cluster = this.#cluster(ClusterArn);
      const { state } = cluster;
      if (state === 'CREATING') throw mskError('ConflictException', 'The cluster is still being created.');
      // Reported: hashicorp/terraform-provider-aws #37471, angelabad/terraform-aws-msk-cluster #28.
      if (state === 'FAILED' || state === 'DELETING') {
        const message = `You can't get bootstrap broker nodes for a cluster in ${state} state.`;
        throw mskError('BadRequestException', message, 'clusterArn');
      }
      return cluster.bootstrapBrokers();
    },

    GetClusterPolicy: ({ ClusterArn }) => {
      const { document, version } = this.#policy(ClusterArn);
      return { CurrentVersion: version, Policy: JSON.stringify(document) };
    },

    PutClusterPolicy: ({ ClusterArn, CurrentVersion, Policy }) => {
      const cluster = this.#cluster(ClusterArn);
      const document = parsePolicy(Policy, ClusterArn);
      checkPrincipals(document, this.#options.deletedPrincipals ?? []);
      checkPolicyVersion(cluster.policy?.version, CurrentVersion);
      const { partition } = parseArn(ClusterArn);
      const stored = this.#options.normalisesPrincipals ? normalisePrincipals(document, partition) : document;
      cluster.policy = { document: stored, version: newVersion() };
      return { CurrentVersion: cluster.policy.version };
    },

    DeleteClusterPolicy: ({ ClusterArn }) => {
      this.#policy(ClusterArn);
      this.#cluster(ClusterArn).policy = undefined;
      return {};
    },

    UpdateConnectivity: (input) => {
      const cluster = this.#updatable(input.ClusterArn);
      if (cluster.currentVersion !== input.CurrentVersion) {
        const message = "The version of the cluster isn't current. Check the current version and try again.";
        throw mskError('BadRequestException', message, 'currentVersion');
      }
      return {
        ClusterArn: cluster.arn,
        ClusterOperationArn: cluster.startUpdate(connectivityTarget(cluster, input)),
      };
    },

    DescribeClusterOperationV2: ({ ClusterOperationArn }) => {
      const operations = [...this.clusters.values()].map((it) => it.describeOperation(ClusterOperationArn));
      const ClusterOperationInfo = operations.find((it) => it !== undefined);
      if (!ClusterOperationInfo) throw notFound('clusterOperationArn');
      return { ClusterOperationInfo };
    },

    ListScramSecrets: ({ ClusterArn, MaxResults, NextToken }) => {
      const [SecretArnList, next] = page(this.#cluster(ClusterArn).scramSecretArns, MaxResults, NextToken);
      return { SecretArnList, NextToken: next };
    },

    BatchAssociateScramSecret: ({ ClusterArn, SecretArnList }, caller) => {
      checkSecretArns(SecretArnList, ClusterArn);
      const cluster = this.#scramCluster(ClusterArn, SecretArnList);
      const now = this.#options.clock.now();
      const UnprocessedScramSecrets = SecretArnList.flatMap((arn) =>
        whyNotAssociated(arn, cluster, this.#secrets, this.#authorize, caller, now),
      );
      const refused = UnprocessedScramSecrets.map(({ SecretArn }) => SecretArn);
      const associated = SecretArnList.filter((arn) => !refused.includes(arn));
      cluster.scramSecretArns = [...new Set([...cluster.scramSecretArns, ...associated])];
      return { ClusterArn, UnprocessedScramSecrets };
    },

    BatchDisassociateScramSecret: ({ ClusterArn, SecretArnList }) => {
      const cluster = this.#scramCluster(ClusterArn, SecretArnList);
      const before = cluster.scramSecretArns;
      cluster.scramSecretArns = before.filter((arn) => !SecretArnList.includes(arn));
      const UnprocessedScramSecrets = SecretArnList.filter((arn) => !before.includes(arn)).map((SecretArn) => ({
        ErrorCode: 'InvalidSecretArn',
        // Reported: aws-samples/amazon-msk-topic-resource.
        ErrorMessage: 'The provided secret ARN is invalid.',
        SecretArn,
      }));
      return { ClusterArn, UnprocessedScramSecrets };
    },

    ListTopics: ({ ClusterArn, TopicNameFilter = '', MaxResults, NextToken }) => {
      const cluster = this.#withTopics(ClusterArn);
      const found = cluster.shownTopics.filter(({ name }) => name.startsWith(TopicNameFilter));
      const [topics, next] = page(found, MaxResults, NextToken);
      return { Topics: topics.map((topic) => topicInfo(cluster, topic)), NextToken: next };
    },

    DescribeTopic: ({ ClusterArn, TopicName }) => {
      const cluster = this.#withTopics(ClusterArn);
      const topic = cluster.shownTopics.find(({ name }) => name === TopicName);
      if (!topic) throw notFound('topicName');
      return describeTopic(cluster, topic);
    },

    ListTagsForResource: ({ ResourceArn }) => ({ Tags: this.#cluster(ResourceArn, 'resourceArn').tags.all }),

    TagResource: ({ ResourceArn, Tags }) => {
      this.#cluster(ResourceArn, 'resourceArn').tags.put(Tags);
      return {};
    },

    UntagResource: ({ ResourceArn, TagKeys }) => {
      this.#cluster(ResourceArn, 'resourceArn').tags.remove(TagKeys);
      return {};
    },

    DescribeConfigurationRevision: ({ Arn, Revision }) => {
      const cluster = [...this.clusters.values()].find(({ configurationArn }) => configurationArn === Arn);
      if (cluster?.seed.serverProperties === undefined || Revision !== 1) throw notFound('arn');
      return { Arn, Revision, ServerProperties: Buffer.from(cluster.seed.serverProperties) };
    },
  };

  #cluster(arn: string, parameter = 'clusterArn'): Cluster {
    if (!clusterArn.test(arn)) {
      throw mskError('BadRequestException', 'One or more of the parameters are not valid.', parameter);
    }
    const cluster = this.clusters.get(arn);
    if (!cluster) throw notFound(parameter);
    return cluster;
  }

  /** Reported: without a policy, the answer is the same as for a cluster that does not exist. */
  #policy(clusterArn: string) {
    const { policy } = this.#cluster(clusterArn);
    if (!policy) throw notFound('clusterArn');
    return policy;
  }

  /**
   * Documented: a cluster must be ACTIVE for an update; the text is assumed. Reported, of other operations: the text about serverless
   * clusters.
   */
  #updatable(clusterArn: string): Cluster {
    const cluster = this.#cluster(clusterArn);
    if (cluster.seed.clusterType === 'SERVERLESS') {
      throw mskError('BadRequestException', 'This operation cannot be performed on serverless clusters.', 'clusterArn');
    }
    if (cluster.state !== 'ACTIVE') {
      const message = `The cluster is in the ${cluster.state} state. It must be ACTIVE for this operation.`;
      throw mskError('BadRequestException', message, 'clusterArn');
    }
    return cluster;
  }

  /** Documented: the cluster must be ACTIVE. */
  #withTopics(clusterArn: string): Cluster {
    const cluster = this.#updatable(clusterArn);
    checkTopicsSupported(cluster);
    return cluster;
  }

  #scramCluster(clusterArn: string, secretArns: string[]): Cluster {
    const cluster = this.#updatable(clusterArn);
    if (secretArns.length < 1 || secretArns.length > 10) {
      throw mskError('BadRequestException', 'Specify 1 to 10 secrets.', 'secretArnList');
    }
    if (!cluster.seed.clientAuthentication.scram) {
      throw mskError('BadRequestException', 'SASL/SCRAM authentication is not on for the cluster.', 'clusterArn');
    }
    return cluster;
  }
}

/** Assumed: MSK checks the form of an ARN and not only whether it knows it. The text is assumed as well. */
const clusterArn = /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[A-Za-z0-9][A-Za-z0-9-]{0,63}\/[A-Za-z0-9-]+$/;

function notFound(invalidParameter: string) {
  return mskError('NotFoundException', "The requested resource doesn't exist.", invalidParameter);
}

/** One page of a list, and the token of the next page. Assumed: a token that MSK has not given is refused. */
function page<T>(items: T[], maxResults = 100, nextToken?: string): [T[], string | undefined] {
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > 100)
    throw mskError('BadRequestException', 'maxResults must be from 1 to 100.', 'maxResults');
  const tokenOf = (start: number) => Buffer.from(String(start)).toString('base64url');
  const start = nextToken === undefined ? 0 : items.findIndex((_, i) => i > 0 && tokenOf(i) === nextToken);
  if (start < 0) throw mskError('BadRequestException', 'The token is not valid.', 'nextToken');
  const end = start + maxResults;
  return [items.slice(start, end), end < items.length ? tokenOf(end) : undefined];
}
