import { notOnAccessList } from '../../shared/atlas/error-codes.ts';
import { AtlasRefused, DeploymentMisconfigured, NeedsPersonError } from '../../shared/errors.ts';
import { Findings } from '../../shared/prerequisites/findings.ts';
import { whyNoAtlasAnswer } from '../atlas-access.ts';
import { whyNoAnswer } from '../aws-access.ts';
import { NoAccess } from '../exit.ts';

/**
 * Collects what the checks find for a person: a refusal for lack of access is a check that could not be made, and what would end a run is
 * a complaint.
 *
 * @param source of the credentials of Atlas
 */
export function findingsForPerson(source: string): Findings {
  const findings = new Findings({
    isThorough: true,
    whyUnknown: (error, check) => {
      if (error instanceof AtlasRefused && notOnAccessList.has(error.errorCode))
        findings.report('accessList', accessList);
      // Only this list needs another role.
      return whyUnknown(error, source, check === 'streamsRole' ? 'Project Read Only' : undefined);
    },
    complaintOf: (error) => (error instanceof NeedsPersonError ? error.message : undefined),
  });
  return findings;
}

/**
 * Why something could not be read, for a person.
 *
 * @param source of the credentials of Atlas
 * @param role that the question to Atlas needs
 * @returns undefined if the error says something else
 */
export function whyUnknown(error: unknown, source: string, role?: string): string | undefined {
  if (error instanceof NoAccess) return error.message;
  // The registry's own error has that of AWS as its cause.
  const cause = error instanceof DeploymentMisconfigured ? error.cause : error;
  return whyNoAtlasAnswer(cause, source, role) ?? whyNoAnswer(cause)?.sentence;
}

/** The advice is that of docs/deploy.md. */
const accessList =
  'Atlas\'s IP access list of the API key or service account does not allow the address of this machine. For this check, add the address. The functions of a deployment call from addresses of AWS that are not fixed, so they need credentials without an access list: turn off "Require IP Access List for the Atlas Administration API" in the organization\'s settings, or use credentials that have no list (docs/deploy.md).';
