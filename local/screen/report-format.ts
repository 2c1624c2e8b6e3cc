import { type ProbeFinding, sentenceOf as sentenceAbout } from '../../shared/atlas/probe-proof.ts';
import { isCommand } from '../../shared/command.ts';
import { type Outcome, sentenceOf } from '../../shared/outcomes.ts';
import { changeLines, fieldLines, outputLines, statementLines } from './change-format.ts';
import { flat, policyChanges, shortIds, sortedChanges } from './changes.ts';
import type { Report } from './report.ts';
import { connectionChanges, linkChanges, processorFields, roleFields } from './resources.ts';
import { formatDuration, type Layout, wrap, wrapBelow } from './text.ts';

/** What a line of a section has before its text: the indentation, and room for a mark. */
const indentation = 6;

/** The text of a report: policy, private link, connection, tags, record, calls and, in the last line, the outcome. */
export function formatReport(report: Report, { style, columns }: Layout): string[] {
  const { policy, privateLinks, connections, tags, registry, calls, others, output, messages, cause } = report;
  const { done, probe, changes, kept = [], note } = outputOf(output);
  const layout = { style, columns: columns - indentation };
  const text = (value: string) => wrap(value, layout.columns);
  const sections: [string, string[]][] = [
    ['Cluster', report.isClusterGone ? ['The cluster no longer exists.'] : []],
    [`Cluster policy, ${whenOf(report)}`, policyChanges(policy.before, policy.after).flatMap(statementLines(layout))],
    ['Role in AWS, as registered in Atlas', roleFields(report.accessRoles).flatMap(fieldLines(layout))],
    ['Private link in Atlas', linkChanges(privateLinks).flatMap(fieldLines(layout))],
    ['Connection in Atlas', connectionChanges(connections).flatMap(fieldLines(layout))],
    ['Stream processors in Atlas', processorFields(report.processors).flatMap(fieldLines(layout))],
    [`Tags of the cluster, ${whenOf(report)}`, changeLines(sortedChanges(tags.before, tags.after), layout)],
    [
      `Record in the registry, ${whenOf(report)}`,
      changeLines(sortedChanges(flat(registry.before), flat(registry.after)), layout),
    ],
    ['Other executions', others.flatMap(otherLines(layout))],
    ['Calls', callLines(calls, layout)],
    // The other fields of the output are shown above.
    done
      ? ['What was done', doneSentences({ done, probe }).flatMap(text)]
      : changes
        ? ['What a run would change', changes.length > 0 ? changes.flatMap(plannedLines(layout)) : ['Nothing.']]
        : ['Output of the execution', outputLines(output, layout)],
    ['What stays', kept.flatMap((it) => text(sentenceOf(it)))],
    ['Note', note && (done || changes) ? text(note) : []],
    ['Message that is sent', messages.flatMap((message) => messageLines(message, cause, layout))],
  ];
  return [
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([title, lines]) => ['', style('bold', title), ...lines.map((line) => `  ${shortIds(line)}`)]),
    '',
    ...outcomeLines(report, { style, columns }),
  ];
}

/** To which moments the changes of a section belong: the first picture is taken before the first execution. */
export const whenOf = ({ others }: Report): string =>
  others.length > 0 ? 'before and after all executions' : 'before and after';

/** The fields of an output that have a section of their own. */
interface ShownOutput {
  done?: Outcome[];
  probe?: ProbeFinding;
  changes?: PlannedChange[];
  kept?: Outcome[];
  note?: string;
}

interface PlannedChange {
  state: string;
  change: string;
}

export const outputOf = (output: unknown): ShownOutput => (output ?? {}) as ShownOutput;

/** What a run has done and found out, in sentences. */
export const doneSentences = ({
  done = [],
  probe,
}: {
  done?: Outcome[];
  probe?: ProbeFinding | undefined;
}): string[] => [...done.map(sentenceOf), ...(probe ? [sentenceAbout(probe)] : [])];

/** The text of a message about a failure without the Cause that it begins with, because that is shown anyway. */
export const textOf = ({ text }: Report['messages'][number], cause: string | undefined): string =>
  cause && text.startsWith(cause) ? `(the Cause)${text.slice(cause.length)}` : text;

const messageLines = (message: Report['messages'][number], cause: string | undefined, { columns }: Layout) => [
  message.subject,
  ...textOf(message, cause)
    .split('\n')
    .flatMap((line) => copyable(line, columns - 2).map((it) => `  ${it}`)),
];

/** Breaks a line between words. A command stays whole, so that it can be copied. */
const copyable = (line: string, width: number): string[] => (isCommand(line) ? [line] : wrapBelow(line, width));

/** Another execution that was started during the run. */
const otherLines =
  ({ columns }: Layout) =>
  (other: Report['others'][number]): string[] => [
    `${nameIn(other.executionArn)}  ${other.status}`,
    ...(reasonOf(other) ? wrap(reasonOf(other), columns - 4) : []),
  ];

/** Why another execution has ended as it did; empty if it says nothing about that. */
export const reasonOf = ({ output, error = '' }: Report['others'][number]): string =>
  ((output ?? {}) as { reason?: string }).reason ?? error;

export const nameIn = (executionArn: string): string => executionArn.slice(executionArn.lastIndexOf(':') + 1);

/** With a space after each comma, long JSON can be wrapped. */
const plannedLines =
  ({ columns }: Layout) =>
  ({ state, change }: PlannedChange) => [
    state,
    ...wrap(change.replace(/,(?=\S)/g, ', '), columns - 2).map((line) => `  ${line}`),
  ];

export const serviceNames: Record<string, string> = {
  kafka: 'Amazon MSK',
  secretsmanager: 'AWS Secrets Manager',
  dynamodb: 'Amazon DynamoDB',
  states: 'AWS Step Functions',
  sns: 'Amazon SNS',
  atlas: 'MongoDB Atlas',
};

function callLines(calls: Report['calls'], { columns }: Layout): string[] {
  return Object.entries(calls).flatMap(([service, operations]) => {
    const all = Object.values(operations).reduce((sum, count) => sum + count, 0);
    const each = Object.entries(operations).map(([operation, count]) => `${operation}\u00a0×${count}`);
    return [`${serviceNames[service]}: ${all}`, ...wrap(each.join(', '), columns - 6).map((line) => `  ${line}`)];
  });
}

/** Such as `after 1h 38m 12s, simulated in 25.2 s`. */
export const tookOf = ({ seconds }: Report): string =>
  `after ${formatDuration(seconds.simulated * 1000)}, simulated in ${seconds.real} s`;

function outcomeLines(report: Report, { style, columns }: Layout): string[] {
  const { status, error, cause = '' } = report;
  if (error === undefined) return [`${style(['bold', 'green'], `✔ ${status}`)} ${tookOf(report)}`];
  return [
    `${style('bold', 'Error')}  ${style('red', error)}`,
    style('bold', 'Cause'),
    ...cause.split('\n').flatMap((line) => copyable(line, columns - 8).map((it) => `  ${it}`)),
    '',
    `${style(['bold', 'red'], `✖ ${status}`)} ${tookOf(report)}`,
  ];
}
