import { type atlasStatement, findStatement, grantingStatement, isSameStatement } from '../msk/policy.ts';
import { mayBeOurs, type Ownership, type RegistryRecord } from './record.ts';

type Recorded = RegistryRecord['statement'];

/** Whether the registry says that we have written the statement with this Sid, or have tried to. */
export const isWrittenByUs = (recorded: Recorded, sid: string): boolean => recorded?.sid === sid && mayBeOurs(recorded);

/**
 * Which statement lets Atlas connect, and whose it is, in a policy from which nothing is missing. Another party's statement may grant
 * it, even after we have written ours. After an attempt with an unclear outcome, only exactly the statement of the attempt is ours.
 *
 * @returns `sid`: '' if the statement has none
 */
export function grantedBy(
  policy: string | undefined,
  { wanted, recorded, claim }: { wanted: ReturnType<typeof atlasStatement>; recorded: Recorded; claim: boolean },
): { sid: string; ownership: Ownership } {
  const underOurSid = policy === undefined ? undefined : findStatement(policy, wanted.Sid);
  const isOurs =
    underOurSid &&
    (claim ||
      (isWrittenByUs(recorded, wanted.Sid) &&
        (recorded?.ownership === 'created' || isSameStatement(underOurSid, wanted))));
  if (isOurs) return { sid: wanted.Sid, ownership: 'created' };
  const granting = policy === undefined ? undefined : grantingStatement(policy, wanted);
  return { sid: granting?.Sid ?? '', ownership: 'adopted' };
}

/** The Sid of our statement for a former account of Atlas, if the registry says that there may be one. */
export const formerSid = (recorded: Recorded, sid: string): string | undefined =>
  recorded && recorded.sid !== sid && mayBeOurs(recorded) ? recorded.sid : recorded?.formerSid;
