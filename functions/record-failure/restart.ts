import { startAgain, withCommand } from '../../shared/command.ts';
import { actionOf, startCommand } from '../../shared/executions.ts';
import { invisible } from '../../shared/foreign-text.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { endOfPause, waitsForChange } from '../../shared/registry/due.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { onlyAllowedIn } from '../../shared/request/allowed-targets.ts';
import { type Action, type Field, isOfOther, otherThan, rules } from '../../shared/request/fields.ts';
import { hasOwnSettings, isDryRun, startedBy } from '../../shared/request/intent.ts';
import { escaped, isRecord, listed } from '../../shared/request/redaction.ts';
import { saysSecretIsOfNoUse } from '../../shared/request/secret-place.ts';
import { correctedInput } from './corrected-input.ts';

interface Failing {
  error: string;
  message: string;
  input: unknown;
  executionArn: string;
  /** The cluster that the run is about, if the input names one. */
  clusterArn: string | undefined;
  /** Whether ResolveRequest has accepted the input. */
  isAccepted: boolean;
}

/** An input has at most 16,384 characters of settings. A longer one holds what would be left out. */
const longestInput = 20_000;

/** The command that starts the run again, complete, with the person's own input. What has to be corrected first is said before it. */
export function howToStartAgain(failing: Failing): string {
  const action = actionOf(failing.executionArn);
  const { input, placeholders, leftOut } = inputFor(failing, action);
  const hints = [
    placeholders.length > 0 &&
      `Put the right value in place of ${placeholders.map((field) => `<${field}>`).join(', ')} first.`,
    leftOut.length > 0 && `This leaves out ${listed(leftOut)}.`,
  ];
  return [
    withCommand(labelFor(failing), commandFor(failing, action, input)),
    ...hints,
    commandForOther(failing, action),
  ]
    .filter(Boolean)
    .join('\n');
}

/** What must be true before the command is of use. */
function labelFor({ error, message }: Failing): string {
  if (error === 'PrincipalChanged') return 'Only if MongoDB has confirmed the account:';
  if (error === 'InvalidRequest' && message.startsWith('The tag '))
    return 'After you have changed the tag, start again:';
  return startAgain;
}

/** Who gives a field that only the other machine knows has perhaps started the wrong machine. */
function commandForOther(failing: Failing, action: Action): string | undefined {
  const { input, executionArn, isAccepted } = failing;
  const other = otherThan(action);
  const isMeant = isRecord(input) && Object.keys(input).some((key) => isOfOther(key as Field, action));
  if (isAccepted || !isMeant || startedBy(input, executionArn) !== 'console') return undefined;
  return withCommand(`To ${other} instead:`, commandFor(failing, other, inputFor(failing, other).input));
}

function commandFor({ executionArn }: Failing, action: Action, input: object): string {
  const json = quoted(JSON.stringify(input).replace(invisible, escaped));
  return startCommand(executionArn, json.length > longestInput ? "'<the same input>'" : json, action);
}

function inputFor({ error, message, input, executionArn, clusterArn, isAccepted }: Failing, action: Action) {
  // PrincipalChanged names the account that a person may accept.
  const [, account] = (error === 'PrincipalChanged' && /^Atlas names arn:[\w-]+:iam::(\d{12}):/.exec(message)) || [];
  const accepted = account === undefined ? {} : { acceptPrincipal: account };
  if (startedBy(input, executionArn) !== 'console')
    return correctedInput({ ...(clusterArn !== undefined && { clusterArn }), ...accepted }, action, { isAccepted });
  const allowed = error === 'InvalidRequest' && isRecord(input) ? onlyAllowedIn(message) : undefined;
  if (allowed && isRecord(input) && ('projectId' in input || 'workspace' in input)) {
    // What is empty becomes a placeholder.
    const target = { projectId: '', workspace: '', ...allowed };
    return correctedInput({ ...input, ...target }, action, { isAccepted });
  }
  // A complaint of ours starts with the name of the field.
  const refused =
    error === 'InvalidRequest'
      ? (Object.keys(rules) as Field[]).find((field) => message.startsWith(`${field} `))
      : undefined;
  const ofNoUse = error === 'InvalidRequest' && saysSecretIsOfNoUse(message) ? 'secretArn' : undefined;
  return correctedInput(isRecord(input) ? { ...input, ...accepted } : input, action, { isAccepted, refused, ofNoUse });
}

/** In single quotes, as a POSIX shell reads them. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * When the sweep starts a run again by itself.
 *
 * @param failures in a row, with this one; undefined if the failure isn't in the registry
 * @param now ISO 8601
 * @param isSure whether the cluster has the tag that asks for this run, or is the sweep's to repair
 * @param mayNeedSecret whether the run may depend on a SCRAM secret
 * @param record the registry's record before this failure
 * @param mayRestart whether this run was allowed to stop stream processors
 */
export function whenSweepTriesAgain(
  { error, input, executionArn }: Failing,
  {
    failures,
    now,
    isSure,
    mayNeedSecret,
    record,
    mayRestart,
  }: {
    failures: number | undefined;
    now: string;
    isSure: boolean;
    mayNeedSecret: boolean;
    record?: RegistryRecord | undefined;
    mayRestart?: boolean | undefined;
  },
): string {
  if (isDryRun(input)) return 'The sweep does not repeat a dry run.';
  if (failures === undefined)
    return isSure ? 'The sweep starts a run when one is due.' : 'The sweep does not repeat this start.';
  const action = actionOf(executionArn);
  const time = endOfPause(failures, now, record).replace(/\.\d+Z$/, 'Z');
  const changing = ['the cluster', 'its setting tags', ...(mayNeedSecret ? ['its SCRAM secret'] : [])];
  const when = waitsForChange(
    { error, action, mayRestart, hasOwnSettings: hasOwnSettings(input, executionArn) },
    record,
  )
    ? `starts no run until ${list([...changing, 'the parameter restartProcessors'])} changes`
    : `starts a run after ${time}, or earlier if ${list(changing)} change`;
  if (isSure) return `The sweep ${when}.`;
  // The sweep finishes a disconnect also without a tag.
  const condition = action === 'connect' ? 'If the cluster has' : 'Unless the cluster has';
  return `${condition} the tag ${triggerTag}=connect, the sweep ${when}.`;
}

const list = (items: string[]): string => `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;

export const noRedrive = "Don't use Redrive: it enters only the last state again, which fails again.";
