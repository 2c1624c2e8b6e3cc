import { randomUUID } from 'node:crypto';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { workspaceIn } from '../shared/request/settings.ts';
import { secretNameOf } from '../shared/secrets/secret-arn.ts';
import { AtlasEmulator } from './atlas/atlas.ts';
import type { ApiKey } from './atlas/auth.ts';
import type { AtlasBehaviour } from './atlas/behaviour.ts';
import type { Project, ProjectSeed } from './atlas/project.ts';
import { workspaceRegionIn } from './atlas/regions.ts';
import type { WorkspaceSeed } from './atlas/workspace.ts';
import type { Authorize } from './aws.ts';
import type { Clock } from './clock.ts';
import { type DeployedRole, mayAssume, type TrustPolicy } from './deployment/iam.ts';
import { DynamoDbEmulator } from './dynamodb/dynamodb.ts';
import type { TableDefinition } from './dynamodb/table.ts';
import type { ApiCall, TagChange } from './event-bridge.ts';
import { kafkaAccess } from './kafka/access.ts';
import type { Cluster } from './msk/cluster.ts';
import { MskEmulator } from './msk/msk.ts';
import type { ClusterSeed } from './msk/seed.ts';
import type { Secret } from './secrets-manager/secret.ts';
import { type SecretSeed, SecretsManagerEmulator } from './secrets-manager/secrets-manager.ts';

/** How the resources in AWS and Atlas differ from the defaults when a run begins. */
export interface WorldSeed {
  cluster?: Partial<ClusterSeed>;
  /** Default: one valid, associated secret. */
  scramSecrets?: ScramSecretSeed[];
  /** The value of the deployment's credentials secret. Default: a valid API key. */
  atlasCredentials?: 'api-key' | 'service-account' | object;
  /** Default: one workspace, on AWS in the cluster's Region. An authorized role without an ARN is the streams role of the deployment. */
  project?: Partial<ProjectSeed>;
  /**
   * Roles in AWS that a person has made, by their ARNs. They may do everything in Kafka. The role of the deployment exists as well. Default:
   * none.
   */
  trustPolicies?: Record<string, TrustPolicy>;
  atlas?: Partial<AtlasBehaviour>;
  /**
   * For how many simulated seconds after its start an execution is unknown to DescribeExecution, which Step Functions documents as
   * eventually consistent. Default: 0.
   */
  executionsAppearAfterSeconds?: number;
  /** Whether MSK returns an account id in a policy as the ARN of the account's root. Default: false. */
  normalisesPrincipals?: boolean;
  /** The ARNs of users and roles that no longer exist. Default: none. */
  deletedPrincipals?: string[];
}

interface ScramSecretSeed {
  name?: string;
  arn?: string;
  /** The stored text. Default: user and password as JSON. */
  secretString?: string;
  /** The customer managed key. null: the key of Secrets Manager, which MSK refuses. Default: a customer managed key. */
  kmsKeyId?: string | null;
  /** Default: true. */
  isAssociated?: boolean;
  /** Default: the one that lets Atlas have the secret. */
  tags?: Record<string, string>;
}

/** The account and Region of the deployment, and the cluster. */
export interface Place {
  region: string;
  accountId: string;
  clusterArn: string;
}

export const defaultPlace = (region = 'us-east-1', accountId = '123456789012'): Place => ({
  region,
  accountId,
  clusterArn: `arn:aws:kafka:${region}:${accountId}:cluster/orders/${randomUUID()}-5`,
});

/** The parameters without a default. */
export const settingsOf = ({ region, accountId }: Place) => ({
  atlasProjectId: '64b7e1c2d3f4a5968778695a',
  atlasWorkspace: 'streams',
  atlasCredentialsSecretArn: `arn:aws:secretsmanager:${region}:${accountId}:secret:atlas-streaming-credentials-a1B2c3`,
});

export interface Surroundings {
  place: Place;
  /** The deployment's parameters that name resources in this world. */
  settings: ReturnType<typeof settingsOf>;
  /** The deployment's table. */
  registry: TableDefinition;
  /** The deployment's own secrets. */
  secrets: SecretSeed[];
  /** The role that the deployment has made for Atlas. */
  streamsRole: DeployedRole | undefined;
  clock: Clock;
  authorize: Authorize;
  onTagChange: (change: TagChange) => void;
  onApiCall: (call: ApiCall) => void;
}

/** The AWS account of Atlas. */
const atlasAccountId = '821274765805';

/** The resources in AWS and Atlas: a cluster, its secrets, an empty registry, and one project, in their emulators. */
export class World {
  readonly msk: MskEmulator;
  readonly secretsManager: SecretsManagerEmulator;
  readonly dynamodb: DynamoDbEmulator;
  readonly atlas: AtlasEmulator;
  readonly cluster: Cluster;
  readonly scramSecrets: Secret[];
  readonly project: Project;
  /** The API key of a person, who is Project Owner. The deployment has another one, or other credentials. */
  readonly apiKey: ApiKey;
  /** Secrets that must not appear anywhere but in the one request that sends them. */
  readonly secretValues: string[];
  /** As in the seed. A scenario may change it at any time. */
  executionsAppearAfterSeconds: number;

  constructor(seed: WorldSeed, surroundings: Surroundings) {
    const { place, settings, registry, secrets: deployed, clock, authorize, onTagChange, onApiCall } = surroundings;
    this.executionsAppearAfterSeconds = seed.executionsAppearAfterSeconds ?? 0;
    this.dynamodb = new DynamoDbEmulator(registry, { ...place, authorize });
    const password = randomUUID();
    this.apiKey = { publicKey: 'kqzxbvjw', privateKey: randomUUID(), isProjectOwner: true };
    const deploymentsKey = { publicKey: 'hdmwpqrt', privateKey: randomUUID() };
    const clientSecret = `mdb_sa_sk_${randomUUID().replaceAll('-', '')}`;
    const serviceAccount = { clientId: `mdb_sa_id_${settings.atlasProjectId}`, clientSecret };
    this.secretValues = [password, this.apiKey.privateKey, deploymentsKey.privateKey, clientSecret];

    this.secretsManager = new SecretsManagerEmulator({ clock, region: place.region, authorize });
    for (const secret of deployed) this.secretsManager.addSecret(secret);
    const { atlasCredentials = 'api-key' } = seed;
    const credentials = { 'api-key': deploymentsKey, 'service-account': serviceAccount };
    this.#addSecret(
      secretArnIn(place, settings.atlasCredentialsSecretArn),
      typeof atlasCredentials === 'string' ? credentials[atlasCredentials] : atlasCredentials,
    );
    const scramSecrets = (seed.scramSecrets ?? [{}]).map((it) => completeSecret(it, place, password));
    this.scramSecrets = scramSecrets.map((it) => this.secretsManager.addSecret(it));

    const { normalisesPrincipals = false, deletedPrincipals = [] } = seed;
    this.msk = new MskEmulator({
      clock,
      region: place.region,
      authorize,
      onTagChange,
      onApiCall,
      secrets: this.secretsManager,
      normalisesPrincipals,
      deletedPrincipals,
    });
    this.cluster = this.msk.addCluster({
      arn: place.clusterArn,
      name: parseClusterArn(place.clusterArn)?.clusterName ?? '',
      updateMinutes: 40,
      scramSecretArns: scramSecrets.filter(({ isAssociated }) => isAssociated).map(({ arn }) => arn),
      ...seed.cluster,
    });

    const project = completeProject(seed, place, settings);
    const { streamsRole } = surroundings;
    const trustPolicies = { ...(streamsRole && { [streamsRole.arn]: streamsRole.trustPolicy }), ...seed.trustPolicies };
    this.atlas = new AtlasEmulator({
      clock,
      apiKeys: [this.apiKey, deploymentsKey],
      serviceAccounts: [serviceAccount],
      projects: [project],
      behaviour: {
        mayConnect: (...question) => this.msk.mayConnect(...question),
        mayAssume: (roleArn, principal, externalId) => {
          const policy = trustPolicies[roleArn];
          return policy !== undefined && mayAssume(policy, principal, externalId);
        },
        readTopic: kafkaAccess({
          cluster: (arn) => this.msk.clusters.get(arn),
          secret: (arn) => this.secretsManager.secret(arn),
          role: (arn) => (arn === streamsRole?.arn ? streamsRole.statements : trustPolicies[arn] && 'everything'),
          region: place.region,
        }),
        ...seed.atlas,
      },
    });
    this.project = this.atlas.projects.get(project.id) as Project;
  }

  /** A cluster in the deployment's account and Region, with a uuid of its own, as a person creates it. */
  createCluster(seed: Partial<ClusterSeed> = {}): Cluster {
    const { name = this.cluster.seed.name } = seed;
    const arn = this.cluster.arn.replace(/:cluster\/.*/, `:cluster/${name}/${randomUUID()}-5`);
    return this.msk.createCluster({ updateMinutes: this.cluster.seed.updateMinutes, arn, ...seed });
  }

  #addSecret(arn: string, value: object): void {
    this.secretsManager.addSecret({ arn, name: secretNameOf(arn), secretString: JSON.stringify(value) });
  }
}

/** @param id an ARN, or the name of a secret in this place */
const secretArnIn = ({ region, accountId }: Place, id: string): string =>
  id.startsWith('arn:') ? id : `arn:aws:secretsmanager:${region}:${accountId}:secret:${id}-a1B2c3`;

function completeSecret(seed: ScramSecretSeed, { region, accountId }: Place, password: string) {
  const { name = 'AmazonMSK_orders', kmsKeyId = `arn:aws:kms:${region}:${accountId}:key/${randomUUID()}` } = seed;
  return {
    name,
    arn: seed.arn ?? `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${randomUUID().slice(0, 6)}`,
    secretString: seed.secretString ?? JSON.stringify({ username: 'atlas', password }),
    kmsKeyId: kmsKeyId ?? undefined,
    isAssociated: seed.isAssociated ?? true,
    tags: seed.tags ?? { 'atlas-streaming': 'allow' },
  };
}

/** The name is that of the template. */
export const streamsRoleArn = ({ region, accountId }: Pick<Place, 'region' | 'accountId'>): string =>
  `arn:aws:iam::${accountId}:role/msk-atlas-privatelink-streams-${region}`;

function completeProject({ project }: WorldSeed, place: Place, settings: Surroundings['settings']): ProjectSeed {
  const { region } = place;
  return {
    id: settings.atlasProjectId,
    awsAccountId: atlasAccountId,
    awsRegions: [region],
    workspaces: [workspaceBeside(workspaceIn(region, settings.atlasWorkspace), region)],
    ...project,
    awsRoles: (project?.awsRoles ?? []).map((role) => ({
      ...(role.authorized && { roleArn: streamsRoleArn(place) }),
      ...role,
    })),
  };
}

/** A workspace in a cluster's Region, or where a person would have made it if Atlas offers none there. */
export const workspaceBeside = (name: string, awsRegion: string): WorkspaceSeed => ({
  name,
  dataProcessRegion: { cloudProvider: 'AWS', region: workspaceRegionIn(awsRegion) ?? 'VIRGINIA_USA' },
});
