import { randomUUID } from 'node:crypto';
import { atlasRegion } from '../shared/atlas/regions.ts';
import { AtlasEmulator } from './atlas.ts';
import type { AtlasBehaviour, Project, ProjectSeed } from './atlas-project.ts';
import type { Authorize } from './aws.ts';
import type { Clock } from './clock.ts';
import type { TagChange } from './event-bridge.ts';
import { MskEmulator } from './msk.ts';
import type { ClusterSeed } from './msk-seed.ts';
import { SecretsManagerEmulator } from './secrets-manager.ts';

/** What exists in AWS and in Atlas when a run begins, where it differs from the ordinary. */
export interface World {
  cluster?: Partial<ClusterSeed>;
  /** One that is as MSK wants it and associated, if not said. */
  scramSecrets?: ScramSecretSeed[];
  /** The value of the deployment's secret; the API key that Atlas knows, if not said. */
  atlasCredentials?: 'api-key' | 'service-account' | object;
  /** One workspace, on AWS in the cluster's Region, if not said. */
  project?: Partial<ProjectSeed>;
  atlas?: Partial<AtlasBehaviour>;
  /** MSK may answer an account id as the ARN of its root. */
  normalisesPrincipals?: boolean;
}

interface ScramSecretSeed {
  name?: string;
  arn?: string;
  /** What is stored, as it is; user and password as JSON, if not said. */
  secretString?: string;
  /** The key that encrypts it; null: the one of Secrets Manager itself, which MSK refuses. */
  kmsKeyId?: string | null;
  isAssociated?: boolean;
}

/** Where the deployment is, and the cluster. */
export interface Place {
  region: string;
  accountId: string;
  clusterArn: string;
}

export const somewhere = (region = 'us-east-1', accountId = '123456789012'): Place => ({
  region,
  accountId,
  clusterArn: `arn:aws:kafka:${region}:${accountId}:cluster/orders/${randomUUID()}-5`,
});

/** The parameters that only a person who deploys can know. */
export const settingsOf = ({ region, accountId }: Place) => ({
  atlasProjectId: '64b7e1c2d3f4a5968778695a',
  atlasWorkspace: 'streams',
  atlasCredentialsSecretArn: `arn:aws:secretsmanager:${region}:${accountId}:secret:atlas-streaming-credentials-a1B2c3`,
});

export interface WorldOptions {
  world: World;
  place: Place;
  params: ReturnType<typeof settingsOf>;
  clock: Clock;
  authorize: Authorize;
  onTagChange: (change: TagChange) => void;
}

/** The account from which this Atlas connects. */
const atlasAccountId = '821274765805';

/** The emulators, filled with what the world has. */
export function createWorld({ world, place, params, clock, authorize, onTagChange }: WorldOptions) {
  const { region, accountId, clusterArn } = place;
  const apiKey = { publicKey: 'kqzxbvjw', privateKey: randomUUID() };
  const serviceAccount = {
    clientId: `mdb_sa_id_${params.atlasProjectId}`,
    clientSecret: `mdb_sa_sk_${randomUUID().replaceAll('-', '')}`,
  };
  const password = randomUUID();

  const secretsManager = new SecretsManagerEmulator({ clock, authorize });
  const credentials = { 'api-key': apiKey, 'service-account': serviceAccount };
  const { atlasCredentials = 'api-key' } = world;
  secretsManager.addSecret({
    name: params.atlasCredentialsSecretArn.replace(/^.*:secret:(.*)-\w{6}$/, '$1'),
    arn: params.atlasCredentialsSecretArn,
    secretString: JSON.stringify(
      typeof atlasCredentials === 'string' ? credentials[atlasCredentials] : atlasCredentials,
    ),
  });
  const scramSecrets = (world.scramSecrets ?? [{}]).map((seed) => {
    const { name = 'AmazonMSK_orders', kmsKeyId = `arn:aws:kms:${region}:${accountId}:key/${randomUUID()}` } = seed;
    return secretsManager.addSecret({
      name,
      arn: seed.arn ?? `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${randomUUID().slice(0, 6)}`,
      secretString: seed.secretString ?? JSON.stringify({ username: 'atlas', password }),
      kmsKeyId: kmsKeyId ?? undefined,
    });
  });

  const msk = new MskEmulator({
    clock,
    authorize,
    onTagChange,
    secrets: secretsManager,
    normalisesPrincipals: world.normalisesPrincipals ?? false,
  });
  const associated = scramSecrets.filter((_, index) => world.scramSecrets?.[index]?.isAssociated ?? true);
  const cluster = msk.addCluster({
    arn: clusterArn,
    name: clusterArn.split('/')[1] ?? '',
    updateMinutes: 40,
    scramSecretArns: associated.map(({ arn }) => arn),
    ...world.cluster,
  });

  const workspace = {
    name: params.atlasWorkspace,
    dataProcessRegion: { cloudProvider: 'AWS', region: atlasRegion(region) },
  };
  const project: ProjectSeed = {
    id: params.atlasProjectId,
    awsAccountId: atlasAccountId,
    awsRegions: [region],
    workspaces: [workspace],
    ...world.project,
  };
  const atlas = new AtlasEmulator({
    clock,
    apiKeys: [apiKey],
    serviceAccounts: [serviceAccount],
    projects: [project],
    behaviour: { mayConnect: (arn, account) => msk.mayConnect(arn, account), ...world.atlas },
  });

  return {
    secretsManager,
    msk,
    atlas,
    cluster,
    project: atlas.projects.get(project.id) as Project,
    scramSecrets,
    /** What must never be seen outside the one request that carries it. */
    secretValues: [password, apiKey.privateKey, serviceAccount.clientSecret],
  };
}
