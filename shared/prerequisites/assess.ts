import type { AtlasClient } from '../atlas/client.ts';
import { type Login, type Mechanism, schemeOf } from '../login.ts';
import type { MskClient } from '../msk/client.ts';
import { type ClusterDetails, isPrivateConnectivityOn, type PrivateConnectivity } from '../msk/cluster.ts';
import type { Request } from '../request/request.ts';
import type { SecretsClient } from '../secrets/client.ts';
import { checkAtlas, checkWorkspace, type FoundInAtlas } from './atlas.ts';
import { checkCluster } from './cluster.ts';
import type { Findings } from './findings.ts';
import { type Choice, chooseMechanism, chosenMechanism } from './mechanism.ts';
import { checkPolicy } from './policy.ts';
import { type ChosenSecret, chooseSecret } from './secret.ts';
import { checkStreamsRole, checkStreamsRoleTag, type StreamsRole } from './streams-role.ts';
import { checkTopics, type FoundTopics } from './topics.ts';

export interface Clients {
  msk: MskClient;
  secrets: SecretsClient;
  atlas: AtlasClient;
  /** The AWS accounts that the deployment lists; none: any. */
  allowedAccounts: ReadonlySet<string>;
  /** undefined if the deployment has none. */
  streamsRole: StreamsRole | undefined;
}

/** The cluster as it was inspected. */
export interface Inspected {
  privateConnectivity: PrivateConnectivity;
  /** undefined: they are unknown, so nothing of the cluster itself is checked. */
  details: ClusterDetails | undefined;
}

export interface Assessed extends FoundInAtlas, FoundTopics, Omit<ChosenSecret, 'secretArn'> {
  login: Login;
  /** For the mechanism of `login`. */
  isPrivateConnectivityOn: boolean;
  /** Why `auto` means this mechanism. */
  because?: string;
  /** Why the streams role could not be checked. */
  unchecked?: string;
}

/**
 * Checks everything that must be true before the first change, and changes nothing.
 *
 * @param planned the mechanism that this run has chosen before
 * @param findings get the results
 * @throws what `findings` does not collect
 */
export async function assess(
  request: Request,
  { privateConnectivity, details }: Inspected,
  planned: Mechanism | undefined,
  clients: Clients,
  findings: Findings,
): Promise<Assessed> {
  const { atlas, msk, secrets, streamsRole } = clients;
  const isOn = (mechanism: Mechanism) => isPrivateConnectivityOn(privateConnectivity, mechanism);
  // Atlas first: with many clusters at once Atlas throttles first, and then no other request was wasted.
  const chosen = chosenMechanism(request, planned, streamsRole);
  const needsLinks = !chosen || !isOn(chosen.mechanism);
  const inWorkspace = await checkWorkspace(request, needsLinks, atlas, findings);
  const choice = chosen ?? chooseMechanism(request, details, inWorkspace?.links ?? []);
  const { mechanism } = choice;
  const isByIam = schemeOf(mechanism) === 'IAM';
  const isSecretToBeAssociated =
    !isByIam && request.maySecretBeAssociated && !details?.scramSecretArns.includes(request.secretArn ?? '');
  const found = { isPrivateConnectivityOn: isOn(mechanism), mechanism, isSecretToBeAssociated, details };
  const inAtlas = inWorkspace ? await checkAtlas(request, inWorkspace, found, atlas, findings) : nothing;
  const unchecked =
    isByIam && (inWorkspace || !streamsRole)
      ? await checkStreamsRole(request, streamsRole, atlas, findings)
      : undefined;
  if (isByIam && details && streamsRole?.requiresTag) checkStreamsRoleTag(request.clusterArn, details, findings);
  const [, topics, { secretArn, ...secret }] = await Promise.all([
    details && checkCluster(request.clusterArn, details, mechanism, msk, findings),
    details ? checkTopics(request, details, msk, findings) : { topics: [] },
    // Without SASL/SCRAM there is no SCRAM secret; one complaint is enough.
    !isByIam && details?.isScramOn ? chooseSecret(request, details, secrets, findings) : noSecret,
  ]);
  // The reboot would be useless if the policy could not be changed after it.
  const { principalArn, isLinkReady } = inAtlas;
  if (principalArn) await checkPolicy(principalArn, request, isLinkReady, clients, findings);
  const login = loginBy(choice, secretArn, streamsRole);
  return {
    ...inAtlas,
    ...topics,
    ...secret,
    login,
    isPrivateConnectivityOn: isOn(mechanism),
    ...becauseOf(choice),
    ...(unchecked !== undefined && { unchecked }),
  };
}

const nothing: FoundInAtlas = { connection: undefined, links: [], isLinkReady: false };
const noSecret: ChosenSecret = { secretArn: '', isScramSecretAssociated: false, user: undefined };

const becauseOf = ({ because }: Choice) => (because === undefined ? {} : { because });

/** With what is missing left empty: the findings say so. */
const loginBy = ({ mechanism }: Choice, secretArn: string, role: StreamsRole | undefined): Login =>
  mechanism === 'AWS_MSK_IAM' ? { mechanism, roleArn: role?.arn ?? '' } : { mechanism, secretArn };
