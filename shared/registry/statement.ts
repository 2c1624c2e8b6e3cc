import { type atlasStatement, findStatement, isSameStatement } from '../msk/policy.ts';
import { mayBeOurs, type Ownership, type RegistryRecord } from './record.ts';

type Recorded = RegistryRecord['statement'];

/** Whether the registry says that we have written the statement with this Sid, or have tried to. */
export const isWrittenByUs = (recorded: Recorded, sid: string): boolean => recorded?.sid === sid && mayBeOurs(recorded);

/**
 * Whose statement lets Atlas connect, in a policy from which nothing is missing. Another party's statement may grant it, even
 * after we have written ours. After an attempt with an unclear outcome, only exactly the statement of the attempt is ours.
 */
export function ownershipOfStatement(
  policy: string | undefined,
  { wanted, recorded, claim }: { wanted: ReturnType<typeof atlasStatement>; recorded: Recorded; claim: boolean },
): Ownership {
  const found = policy === undefined ? undefined : findStatement(policy, wanted.Sid);
  if (!found) return 'adopted';
  const isOurs =
    isWrittenByUs(recorded, wanted.Sid) && (recorded?.ownership === 'created' || isSameStatement(found, wanted));
  return isOurs || claim ? 'created' : 'adopted';
}

/** The Sid of our statement for a former account of Atlas, if the registry says that there may be one. */
export const formerSid = (recorded: Recorded, sid: string): string | undefined =>
  recorded && recorded.sid !== sid && mayBeOurs(recorded) ? recorded.sid : recorded?.formerSid;
