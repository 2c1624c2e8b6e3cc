import { restartOutcomes } from '../../shared/atlas/restart.ts';
import { notCreated, type Outcome, type Result } from '../../shared/outcomes.ts';
import { accountNote, accountOf } from '../../shared/registry/principal.ts';
import { mayBeOurs, type Ownership, type Piece } from '../../shared/registry/record.ts';
import type { Run } from './run.ts';

/** What the run has done, one outcome for each resource. */
export function outcomesOf({
  request,
  plan,
  connectivity,
  scramSecretAssociation,
  principal,
  recordedPlan,
  policy,
  privateLink,
  connection,
  processors,
}: Run): Outcome[] {
  const { recorded, claim, tagsRefused } = request;
  const isNews = request.wereTagsStripped && !recorded?.strippedReported;
  const statusTags = (result: Result, note: string) => [{ resource: 'statusTags' as const, result, note }];
  const sid = policy.sid || 'a statement without a Sid';
  const statementNote =
    policy.result === 'created' && recordedPlan
      ? `${sid}; ${accountNote(accountOf(principal.principalArn), recordedPlan.isAccountListed)}`
      : sid;
  /** @param before the piece as it was recorded when the run began */
  const outcome = (
    resource: 'policyStatement' | 'privateLink' | 'connection',
    { result, ownership, id }: { result: Result; ownership: Ownership; id?: string | undefined },
    before: Piece | undefined,
    note?: string,
  ): Outcome => {
    const wasOurs = before && mayBeOurs(before) && (!id || !before.id || before.id === id);
    const isTakenOver = claim && ownership === 'created' && result !== 'created' && !wasOurs;
    // CreateConnection itself words the note about a connection that it only uses.
    const isSaid = resource === 'connection' && note !== undefined;
    const notes = [note, ownership !== 'created' && !isSaid && leftAlone, isTakenOver && takenOver];
    const text = notes.filter(Boolean).join('; ');
    return { resource, result, ...(text && { note: text }) };
  };
  return [
    {
      resource: 'multiVpcConnectivity',
      ...(connectivity?.result === 'updated'
        ? { result: 'updated', note: 'turned on' }
        : { result: connectivity?.result ?? 'unchanged' }),
    },
    ...(plan.login.mechanism === 'AWS_MSK_IAM'
      ? []
      : [{ resource: 'scramSecretAssociation' as const, result: scramSecretAssociation?.result ?? 'unchanged' }]),
    outcome('policyStatement', policy, recorded?.statement, statementNote),
    outcome('privateLink', privateLink, recorded?.privateLink),
    outcome('connection', connection, recorded?.connection, connection.note),
    ...restartOutcomes(processors),
    ...(isNews
      ? statusTags(
          'updated',
          'they had been removed, perhaps by Terraform: then let it ignore the tags atlas-streaming/*',
        )
      : []),
    ...(tagsRefused !== null && recorded?.tagsRefused === undefined ? statusTags('unchanged', tagsRefused) : []),
  ];
}

const leftAlone = `${notCreated}, so a disconnect leaves it`;
const takenOver = 'now belongs to this deployment: a disconnect deletes it';
