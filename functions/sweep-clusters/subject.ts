import type { Cluster } from '@aws-sdk/client-kafka';
import type { ExecutionsClient } from '../../shared/executions.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import type { Settings } from './settings.ts';

export interface Deps {
  msk: MskClient;
  secrets: SecretsClient;
  executions: ExecutionsClient;
  registry: Pick<Registry, 'scan' | 'readRecord' | 'updateUnclaimed'>;
  settings: Settings;
}

/** What the sweep examines: a cluster that is tagged or recorded. */
export interface Subject {
  clusterArn: string;
  /** Undefined if MSK no longer has it. */
  cluster: Cluster | undefined;
  record: RegistryRecord | undefined;
}
