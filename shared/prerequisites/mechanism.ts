import { livePrivateLink, mechanismOf } from '../atlas/private-link.ts';
import type { PrivateLink } from '../atlas/types.ts';
import type { Mechanism } from '../login.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { hasPieces } from '../registry/record.ts';
import type { Request } from '../request/request.ts';
import type { StreamsRole } from './streams-role.ts';

export interface Choice {
  mechanism: Mechanism;
  /** Why `auto` means this mechanism, as half a sentence; undefined if there was nothing to choose. */
  because?: string;
}

type Asked = Pick<Request, 'clusterArn' | 'mechanism' | 'maySecretBeAssociated' | 'secretName' | 'recorded'>;

/** The mechanism, if it does not depend on the private links of the project. @param planned what this run has chosen before */
export function chosenMechanism(
  { mechanism, recorded }: Pick<Request, 'mechanism' | 'recorded'>,
  planned: Mechanism | undefined,
  role: StreamsRole | undefined,
): Choice | undefined {
  if (planned) return { mechanism: planned };
  if (mechanism !== 'auto') return { mechanism };
  if (role) return undefined;
  // Without a streams role there is no choice, and nothing to read for it. A cluster that is connected by IAM lacks the role then.
  return { mechanism: (recorded && hasPieces(recorded) && recorded.target?.mechanism) || 'SCRAM-512' };
}

/**
 * What `auto` means for a cluster: what its private link is for, else what its owner has prepared.
 *
 * @param details undefined if they are unknown
 * @param links of the project
 */
export function chooseMechanism(
  { clusterArn, maySecretBeAssociated, secretName, recorded }: Asked,
  details: Pick<ClusterDetails, 'isIamOn'> | undefined,
  links: PrivateLink[],
): Choice {
  const link = livePrivateLink(links, clusterArn, recorded?.privateLink?.id);
  // A link that is FAILED must be deleted first, so its scheme decides nothing.
  const ofLink = link && link.state !== 'FAILED' ? mechanismOf(link) : undefined;
  if (link && ofLink)
    return {
      mechanism: ofLink,
      because: `private link ${link._id} has the authentication scheme ${link.authenticationScheme ?? 'SASL_SCRAM'}`,
    };
  if (maySecretBeAssociated || secretName !== null)
    return { mechanism: 'SCRAM-512', because: 'the input or a tag names a SCRAM secret' };
  if (!details)
    return { mechanism: 'SCRAM-512', because: 'whether the cluster has IAM authentication on is not known' };
  return details.isIamOn
    ? {
        mechanism: 'AWS_MSK_IAM',
        because: 'the cluster has IAM authentication on and the deployment has a streams role',
      }
    : { mechanism: 'SCRAM-512', because: 'the cluster has IAM authentication off' };
}
