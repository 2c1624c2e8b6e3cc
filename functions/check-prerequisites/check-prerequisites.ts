import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import { ClusterDetails } from '../../shared/msk/cluster.ts';
import { Request } from '../../shared/request/request.ts';
import { unmetByAtlas } from './atlas-prerequisites.ts';
import { unmetByCluster } from './cluster-prerequisites.ts';
import { planChanges } from './plan-changes.ts';
import { type ChosenSecret, chooseSecret } from './secret-prerequisites.ts';

export const CheckPrerequisitesInput = z.object({
  request: Request,
  cluster: ClusterDetails,
  isPrivateConnectivityOn: z.boolean(),
});

export interface CheckPrerequisitesDeps {
  kafka: KafkaClient;
  secretsManager: SecretsManagerClient;
  atlas: AtlasClient;
  signal: AbortSignal;
}

/**
 * Checks everything that must be so before the first change, and reports all that is not in one error.
 *
 * @returns the SCRAM secret to use, whether it is associated already, and whether Atlas has the connection already; in a dry
 *   run, and where the connection is READY, the `changes` that are still needed; `connected`: null unless nothing is left to do;
 *   `plannedFor`: the fingerprint of the cluster for which all that holds
 * @throws PrerequisitesNotMet, PrivateLinkFailed; AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsRefused, AwsUnavailable
 */
export async function checkPrerequisites(
  { request, cluster, isPrivateConnectivityOn }: z.infer<typeof CheckPrerequisitesInput>,
  deps: CheckPrerequisitesDeps,
) {
  // First, because Atlas throttles first where many clusters come at once: then nothing else was asked for in vain.
  const byAtlas = await unmetByAtlas(request, isPrivateConnectivityOn, deps.atlas);
  const [byCluster, secret] = await Promise.all([
    unmetByCluster(request.clusterArn, cluster, deps),
    // Without SASL/SCRAM there can be no SCRAM secret, and saying so twice helps nobody.
    cluster.isScramOn ? chooseSecret(request, cluster, deps) : noSecret,
  ]);
  const unmet = [...byCluster, ...secret.unmet, ...byAtlas.unmet];
  if (unmet.length > 0) throw new PrerequisitesNotMet(listed(unmet));

  const { secretArn, isScramSecretAssociated, user } = secret;
  const { connection, links } = byAtlas;
  const found = { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, links };
  // Only a connection that is READY is worth a look at all the rest: what is not there yet is work for the later states.
  const isPlanned = request.dryRun || (isPrivateConnectivityOn && connection?.state === 'READY');
  const { changes, connected } = isPlanned ? await planChanges(request, found, deps) : { changes: [], connected: null };
  return {
    clusterArn: request.clusterArn,
    secretArn,
    isScramSecretAssociated,
    hasConnection: connection !== undefined,
    changes,
    plannedFor: cluster.fingerprint,
    isConnected: connected !== null,
    connected,
  };
}

const noSecret: ChosenSecret = { unmet: [], secretArn: '', isScramSecretAssociated: false, user: undefined };

const listed = (unmet: string[]) =>
  unmet.length === 1
    ? `One prerequisite is not met, and nothing was changed: ${unmet[0]}`
    : `${unmet.length} prerequisites are not met, and nothing was changed:\n${unmet.map((sentence, index) => `${index + 1}. ${sentence}`).join('\n')}`;
