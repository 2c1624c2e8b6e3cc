import type { Settings } from '../../packaging/settings.ts';
import { DeploymentMisconfigured } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import type { Findings } from '../../shared/prerequisites/findings.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { shown } from '../../shared/request/redaction.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import type { AskableAtlas } from '../atlas-access.ts';
import type { Aws } from '../aws-access.ts';
import { isTableMissing, registryTableName } from '../registry-table.ts';
import type { Arguments } from './arguments.ts';
import { readOnce } from './read-once.ts';

/** What is the same for all clusters of a preflight. */
export interface Context {
  options: Omit<Arguments, 'region'>;
  settings: Settings;
  msk: MskClient;
  secrets: SecretsClient;
  atlas: AskableAtlas;
  /** The record of a cluster, if there is a stage and it is deployed. A registry that cannot be read is a finding. */
  recordOf(clusterArn: string, findings: Findings): Promise<RegistryRecord | undefined>;
  /** That the stage is not deployed in this Region, if it is not and a record was asked for. */
  missingStage(): string | undefined;
}

/** @param aws its `msk` and `secrets` read once already */
export function contextOf(
  { region, ...options }: Arguments & { region: string },
  settings: Settings,
  aws: Aws,
  atlas: AskableAtlas,
): Context {
  const table = { dynamodb: aws.dynamodb, tableName: registryTableName, signal: new AbortController().signal };
  const registry = readOnce(new Registry(table));
  let isMissing = false;
  const noneIfMissing = (error: unknown) => {
    if (!isTableMissing(error)) throw error;
    isMissing = true;
    return undefined;
  };
  // One request for one cluster, and as few as possible for all.
  const read = async (clusterArn: string) => {
    if (options.clusterArn !== undefined) return registry.readRecord(clusterArn);
    const { records, unreadable } = await registry.scan();
    const broken = unreadable.find((it) => it.clusterArn === clusterArn);
    if (broken) throw new DeploymentMisconfigured(broken.error);
    return records.find((it) => it.clusterArn === clusterArn);
  };
  return {
    options,
    settings,
    msk: aws.msk,
    secrets: aws.secrets,
    atlas: { ...atlas, client: readOnce(atlas.client) },
    recordOf: async (clusterArn, findings) => {
      if (options.stage === undefined) return undefined;
      const record = await findings.look('registry', () => read(clusterArn).catch(noneIfMissing));
      findings.report('registry');
      return record;
    },
    missingStage: () =>
      isMissing
        ? `Stage ${shown(options.stage)} is not deployed in ${region} yet, so no record of a cluster counts.`
        : undefined,
  };
}
