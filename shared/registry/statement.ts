import { hasStatement } from '../msk/policy.ts';
import { mayBeOurs, type Ownership, type RegistryRecord } from './record.ts';

type Recorded = RegistryRecord['statement'];

/** Whether the registry says that we have written the statement with this Sid, or have tried to. */
export const isWrittenByUs = (recorded: Recorded, sid: string): boolean => recorded?.sid === sid && mayBeOurs(recorded);

/**
 * Whose statement lets Atlas connect, in a policy from which nothing is missing. Another party's statement may grant it, even
 * after we have written ours.
 */
export const ownershipOfStatement = (
  policy: string | undefined,
  { sid, recorded, claim }: { sid: string; recorded: Recorded; claim: boolean },
): Ownership => (hasStatement(policy, sid) && (isWrittenByUs(recorded, sid) || claim) ? 'created' : 'adopted');

/** The Sid of our statement for a former account of Atlas, if the registry says that there may be one. */
export const formerSid = (recorded: Recorded, sid: string): string | undefined =>
  recorded && recorded.sid !== sid && mayBeOurs(recorded) ? recorded.sid : recorded?.formerSid;
