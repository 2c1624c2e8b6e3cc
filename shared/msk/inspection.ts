import { createHash } from 'node:crypto';
import type { ClientAuthentication, Cluster } from '@aws-sdk/client-kafka';
import { quoted } from '../foreign-text.ts';
import type { ClusterDetails } from './cluster.ts';
import { triggerTag } from './tags.ts';
import { stateError } from './unusable.ts';

/** The states that don't pass by themselves. @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html */
const terminal = new Set(['FAILED', 'DELETING']);

/**
 * The state of a cluster. ACTIVE is settled; any other state, known or not, is waited for.
 *
 * @throws ClusterUnusable if it is FAILED or DELETING
 */
export function stateOf({ State, StateInfo }: Cluster, clusterArn: string): string {
  const state = State ?? 'unknown';
  if (!terminal.has(state)) return state;
  const reason = StateInfo?.Message ? ` (${quoted(StateInfo.Message)})` : '';
  throw stateError(state, clusterArn, { reason });
}

/** Whether a cluster can have SCRAM secrets. */
export const isScramOn = ({ Provisioned }: Cluster): boolean =>
  Provisioned?.ClientAuthentication?.Sasl?.Scram?.Enabled === true;

/** What the checks and the later states read of a cluster. @param scramSecretArns of the associated secrets */
export function detailsOf(cluster: Cluster, scramSecretArns: string[]): ClusterDetails {
  const properties = propertiesOf(cluster);
  const fingerprint = fingerprintOf(properties, scramSecretArns);
  return { ...properties, scramSecretArns, fingerprint, ...networkOf(cluster) };
}

/** Stays the same while nothing changes that the prerequisites depend on, so they need not be checked again. */
const fingerprintOf = (properties: object, scramSecretArns: string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([properties, scramSecretArns.toSorted()]))
    .digest('hex')
    .slice(0, 16);

/** Not in the fingerprint: no prerequisite depends on the network. */
function networkOf({ Provisioned }: Cluster): Pick<ClusterDetails, 'securityGroups' | 'zoneIds'> {
  const { SecurityGroups = [], ZoneIds = [] } = Provisioned?.BrokerNodeGroupInfo ?? {};
  return { securityGroups: SecurityGroups.toSorted(), zoneIds: ZoneIds.toSorted() };
}

type Properties = Omit<ClusterDetails, 'scramSecretArns' | 'fingerprint' | 'securityGroups' | 'zoneIds'>;

function propertiesOf(cluster: Cluster): Properties {
  const { ClusterType, Provisioned, Tags } = cluster;
  const { BrokerNodeGroupInfo, ClientAuthentication, CurrentBrokerSoftwareInfo, EncryptionInfo } = Provisioned ?? {};
  return {
    clusterType: ClusterType ?? 'unknown',
    kafkaVersion: CurrentBrokerSoftwareInfo?.KafkaVersion ?? null,
    instanceType: BrokerNodeGroupInfo?.InstanceType ?? null,
    isScramOn: isScramOn(cluster),
    isIamOn: Provisioned?.ClientAuthentication?.Sasl?.Iam?.Enabled === true,
    isUnauthenticatedOn: Provisioned !== undefined && isUnauthenticatedOn(ClientAuthentication),
    clientBroker: EncryptionInfo?.EncryptionInTransit?.ClientBroker ?? null,
    configurationArn: CurrentBrokerSoftwareInfo?.ConfigurationArn ?? null,
    configurationRevision: CurrentBrokerSoftwareInfo?.ConfigurationRevision ?? null,
    triggerTag: Tags?.[triggerTag] ?? null,
  };
}

/**
 * A cluster needs at least one scheme, so a cluster that MSK shows without any, or without ClientAuthentication at all, lets in
 * everyone.
 */
function isUnauthenticatedOn({ Sasl, Tls, Unauthenticated }: ClientAuthentication = {}): boolean {
  const isAnyOn = [Sasl?.Scram, Sasl?.Iam, Tls].some((scheme) => scheme?.Enabled);
  return Unauthenticated?.Enabled ?? !isAnyOn;
}
