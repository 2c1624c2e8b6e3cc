import type { AtlasClient } from '../atlas/client.ts';
import type { MskClient } from '../msk/client.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import type { Request } from '../request/request.ts';
import type { SecretsClient } from '../secrets/client.ts';
import { checkAtlas, type FoundInAtlas } from './atlas.ts';
import { checkCluster } from './cluster.ts';
import type { Findings } from './findings.ts';
import { checkPolicy } from './policy.ts';
import { type ChosenSecret, chooseSecret } from './secret.ts';

export interface Clients {
  msk: MskClient;
  secrets: SecretsClient;
  atlas: AtlasClient;
  /** The AWS accounts that the deployment lists; none: any. */
  allowedAccounts: ReadonlySet<string>;
}

/** The cluster as it was inspected. */
export interface Inspected {
  isPrivateConnectivityOn: boolean;
  /** undefined: they are unknown, so nothing of the cluster itself is checked. */
  details: ClusterDetails | undefined;
}

/**
 * Checks everything that must be true before the first change, and changes nothing.
 *
 * @param findings get the results
 * @throws what `findings` does not collect
 */
export async function assess(
  request: Request,
  { isPrivateConnectivityOn, details }: Inspected,
  clients: Clients,
  findings: Findings,
): Promise<FoundInAtlas & { secret: ChosenSecret }> {
  const { atlas, msk, secrets } = clients;
  // Atlas first: with many clusters at once Atlas throttles first, and then no other request was wasted.
  const isSecretToBeAssociated =
    request.maySecretBeAssociated && !details?.scramSecretArns.includes(request.secretArn ?? '');
  const found = { isPrivateConnectivityOn, isSecretToBeAssociated, details };
  const inAtlas = await checkAtlas(request, found, atlas, findings);
  const [, secret] = await Promise.all([
    details && checkCluster(request.clusterArn, details, msk, findings),
    // Without SASL/SCRAM there is no SCRAM secret; one complaint is enough.
    details?.isScramOn ? chooseSecret(request, details, secrets, findings) : noSecret,
  ]);
  // The reboot would be useless if the policy could not be changed after it.
  const { principalArn, isLinkReady } = inAtlas;
  if (principalArn) await checkPolicy(principalArn, request, isLinkReady, clients, findings);
  return { ...inAtlas, secret };
}

const noSecret: ChosenSecret = { secretArn: '', isScramSecretAssociated: false, user: undefined };
