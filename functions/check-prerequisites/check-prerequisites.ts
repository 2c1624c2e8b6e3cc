import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { ClusterDetails } from '../../shared/msk/cluster.ts';
import { Result } from '../../shared/outcomes.ts';
import { checkPrincipal } from '../../shared/registry/principal.ts';
import { isHopeless } from '../../shared/replaced-by.ts';
import { Request } from '../../shared/request/request.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import { complaint, unmetByAtlas } from './atlas-prerequisites.ts';
import { unmetByCluster } from './cluster-prerequisites.ts';
import { Change, Connected, planChanges } from './plan-changes.ts';
import { unmetByPolicy } from './policy-prerequisites.ts';
import { type ChosenSecret, chooseSecret } from './secret-prerequisites.ts';

export const CheckPrerequisitesInput = z.object({
  run: z.object({
    request: Request,
    cluster: z.object({ isPrivateConnectivityOn: z.boolean(), details: ClusterDetails }),
    /** Only if this run has visited EnablePrivateConnectivity. */
    connectivity: z.optional(z.object({ result: Result })),
  }),
});

const Plan = z.object({
  clusterArn: z.string(),
  secretArn: z.string(),
  isScramSecretAssociated: z.boolean(),
  /** What is left to change; only for a dry run, or if the run may end here because the connection is READY. */
  changes: z.array(Change),
  /** Whether Atlas needs no further permission: there is a connection, and its private link is DONE. */
  isLinkReady: z.boolean(),
  /** The fingerprint of the cluster that this plan is for. */
  plannedFor: z.string(),
  /** What a person should know about the plan. */
  note: z.optional(z.string()),
});

/** `isConnected`: nothing is left to change or to wait for. */
export const CheckPrerequisitesOutput = z.discriminatedUnion('isConnected', [
  z.extend(Plan, { isConnected: z.literal(true), connected: Connected }),
  z.extend(Plan, { isConnected: z.literal(false) }),
]);

export interface CheckPrerequisitesDeps {
  msk: MskClient;
  secrets: SecretsClient;
  atlas: AtlasClient;
  /** The AWS accounts that the deployment lists; none: any. */
  allowedAccounts: ReadonlySet<string>;
}

/**
 * Checks everything that must be true before the first change, and reports everything that is missing in one error.
 *
 * @throws PrerequisitesNotMet, PrincipalNotAllowed, PrincipalChanged, PrivateLinkFailed, ClusterUnusable
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function checkPrerequisites(
  { run: { request, cluster, connectivity } }: z.infer<typeof CheckPrerequisitesInput>,
  deps: CheckPrerequisitesDeps,
): Promise<z.infer<typeof CheckPrerequisitesOutput>> {
  const { isPrivateConnectivityOn, details } = cluster;
  // Atlas first: with many clusters at once Atlas throttles first, and then no other request was wasted.
  const { secretArn: asked, maySecretBeAssociated } = request;
  const isSecretToBeAssociated = maySecretBeAssociated && !details.scramSecretArns.includes(asked ?? '');
  const byAtlas = await unmetByAtlas(request, { ...cluster, isSecretToBeAssociated }, deps.atlas);
  const [byCluster, secret] = await Promise.all([
    unmetByCluster(request.clusterArn, details, deps.msk),
    // Without SASL/SCRAM there is no SCRAM secret; one complaint is enough.
    details.isScramOn ? chooseSecret(request, details, deps.secrets) : noSecret,
  ]);
  // The reboot would be useless if the policy could not be changed after it.
  const { connection, links, isLinkReady, principalArn } = byAtlas;
  const byPolicy = principalArn ? await unmetByPresentPolicy(principalArn, request, isLinkReady, deps) : [];
  const unmet = [...byCluster, ...secret.unmet, ...byAtlas.unmet, ...byPolicy];
  // No other advice helps then.
  const hopeless = unmet.find(isHopeless);
  if (unmet.length > 0) throw new PrerequisitesNotMet(listed(hopeless === undefined ? unmet : [hopeless]));

  const { secretArn, isScramSecretAssociated, user } = secret;
  const inAtlas = { connection, links, isLinkReady };
  const found = { details, isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, ...inAtlas };
  // If the connection isn't READY, the later states find out what is left to do. AlreadyConnected drops what this run has done.
  const mayBeConnected = isPrivateConnectivityOn && connection?.state === 'READY' && !connectivity;
  const isPlanned = request.dryRun || mayBeConnected;
  const { changes, connected, adopted, ...planned } = isPlanned
    ? await planChanges(request, found, deps)
    : { changes: [], connected: undefined, adopted: [], unmet: [], denials: undefined, possibleDenials: undefined };
  if (planned.unmet.length > 0) throw new PrerequisitesNotMet(listed(planned.unmet));
  const notes = [
    request.dryRun &&
      adopted.length > 0 &&
      `A run would use ${adopted.join(' and ')}, which this deployment did not create; a disconnect leaves ${adopted.length > 1 ? 'both' : 'it'}.`,
    request.dryRun &&
      planned.denials &&
      `A run would verify the connection, and end in PolicyRefused. ${planned.denials}`,
    request.dryRun && planned.possibleDenials,
    request.targetChange && `${request.targetChange}. A run verifies the connected target and changes no other.`,
  ].filter(Boolean);
  const plan = {
    clusterArn: request.clusterArn,
    secretArn,
    isScramSecretAssociated,
    changes,
    isLinkReady,
    plannedFor: details.fingerprint,
    ...(notes.length > 0 && { note: notes.join(' ') }),
  };
  return connected ? { ...plan, isConnected: true, connected } : { ...plan, isConnected: false };
}

/** Why our statement could not be merged into the cluster policy, or would be of no use. @throws PrincipalNotAllowed, PrincipalChanged */
async function unmetByPresentPolicy(
  principalArn: string,
  request: Request,
  isLinkReady: boolean,
  { msk, allowedAccounts }: Pick<CheckPrerequisitesDeps, 'msk' | 'allowedAccounts'>,
): Promise<string[]> {
  checkPrincipal(principalArn, request, allowedAccounts);
  const { policy } = await msk.getPolicy(request.clusterArn);
  let unmet: string[] = [];
  const refused = await complaint(async () => {
    ({ unmet } = unmetByPolicy(policy, principalArn, request, isLinkReady));
  });
  return refused ? [refused] : unmet;
}

const noSecret: ChosenSecret = { unmet: [], secretArn: '', isScramSecretAssociated: false, user: undefined };

/** Further lines of an item stand below its text, and not below its number. */
const indented = (item: string): string => item.replace(/\n( {2}(?! ))?/g, '\n   ');

const listed = (unmet: string[]) =>
  unmet.length === 1
    ? `One prerequisite is not met: ${unmet[0]}`
    : `${unmet.length} prerequisites are not met:\n${unmet.map((sentence, index) => `${index + 1}. ${indented(sentence)}`).join('\n')}`;
