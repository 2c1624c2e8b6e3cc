import { withCommand } from '../../shared/command.ts';
import { actionOf, startCommand } from '../../shared/executions.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { changeOf, type Outcome } from '../../shared/outcomes.ts';
import { isStopped } from '../../shared/registry/ended-early.ts';
import { mayBeOurs, type RegistryRecord } from '../../shared/registry/record.ts';
import { type Message, type Run, subjectOf } from './messages.ts';

/**
 * A connect that a person has stopped is reported, once in a row, if what it has created stays. Without the tag, no later run completes
 * or removes it.
 *
 * @returns the message, or why there is none
 */
export function onStop(run: Run, record: RegistryRecord | undefined): { message: Message } | { reason: string } {
  const { executionArn, error } = run;
  if (error === 'NoLongerWanted') return { reason: 'A disconnect has stopped it, and removes what it has created.' };
  const { holder, lastFailure, verifiedAt } = record ?? {};
  if (holder !== executionArn && lastFailure?.executionArn !== executionArn)
    return { reason: 'The stopped run has not held the cluster.' };
  if (actionOf(executionArn) === 'disconnect' || verifiedAt) return { reason: 'The sweep continues with the cluster.' };
  if (lastFailure?.executionArn !== executionArn && isStopped(lastFailure, 'connect'))
    return { reason: 'The run before was stopped as well.' };
  const left = record ? leftIn(record) : [];
  return record && left.length > 0
    ? { message: stoppedMessage(run, record, left) }
    : { reason: 'The stopped run has left nothing.' };
}

function leftIn({ turnedOn, statement, privateLink, connection }: RegistryRecord): string[] {
  const pieces = { policyStatement: statement, privateLink, connection };
  const created = Object.entries(pieces).flatMap(([resource, piece]) => {
    if (!piece || !mayBeOurs(piece)) return [];
    const change = changeOf({ resource: resource as Outcome['resource'], result: 'created' });
    return [piece.ownership ? change : `perhaps ${change}`];
  });
  return turnedOn ? [changeOf({ resource: 'multiVpcConnectivity', result: 'updated' }), ...created] : created;
}

function stoppedMessage(run: Run, { clusterArn }: RegistryRecord, left: string[]): Message {
  const { executionArn } = run;
  const command = startCommand(executionArn, `'${JSON.stringify({ clusterArn })}'`, 'disconnect');
  return {
    subject: subjectOf(run, 'stopped'),
    text: [
      `A run that connects the cluster ${clusterArn} was stopped before the cluster was connected. What was changed so far stays: ${left.join('; ')}.`,
      `While the cluster has the tag ${triggerTag}=connect, the sweep starts another run, 15 minutes or more after the stop. Without the tag, no run completes or removes it.`,
      withCommand(
        'To remove it, set the tag to disconnect. If the cluster does not have the tag connect, you can run this instead:',
        command,
      ),
    ].join('\n'),
  };
}
