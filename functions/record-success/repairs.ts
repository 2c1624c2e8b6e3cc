import type { Login } from '../../shared/login.ts';
import type { Outcome } from '../../shared/outcomes.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';

/** What a run repairs, and who may have broken it: a tool whose configuration holds the whole of something, and not our part. */
const causes: Partial<Record<Outcome['resource'], string>> = {
  multiVpcConnectivity:
    "it had been turned off, perhaps by Terraform or CloudFormation: then declare it in that tool's configuration of the cluster",
  scramSecretAssociation:
    "it had been removed, perhaps by Terraform, CloudFormation or a Kubernetes controller: then add the secret to that tool's list",
  policyStatement:
    "it had been removed, perhaps by Terraform or CloudFormation: then put the statement into that tool's policy",
};

/**
 * Adds to each repair, the first time only, who may have broken what the run has repaired.
 *
 * @param recorded the record when the run began
 * @param login how the connection logs in
 * @returns `repaired`: the resources whose repair has been reported by now
 */
export function withCauses(
  done: Outcome[],
  recorded: RegistryRecord | null,
  login: Login,
): { done: Outcome[]; repaired: string[] } {
  const reported = recorded?.repairsReported ?? [];
  // A run that completes a first connect repairs nothing.
  if (!recorded?.verifiedAt) return { done, repaired: reported };
  const { turnedOn, secretArn: recordedSecret, statement } = recorded;
  const had: Partial<Record<Outcome['resource'], boolean>> = {
    multiVpcConnectivity: turnedOn !== undefined,
    scramSecretAssociation: 'secretArn' in login && recordedSecret === login.secretArn,
    policyStatement: statement?.ownership === 'created',
  };
  const isNews = ({ resource, result }: Outcome) =>
    had[resource] && (result === 'created' || result === 'updated') && !reported.includes(resource);
  return {
    done: done.map((outcome) =>
      isNews(outcome)
        ? { ...outcome, note: [outcome.note, causes[outcome.resource]].filter(Boolean).join('; ') }
        : outcome,
    ),
    repaired: [...reported, ...done.filter(isNews).map(({ resource }) => resource)],
  };
}
