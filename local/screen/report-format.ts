import type { PolicyDocument } from '../../emulators/msk/policy.ts';
import { isCommand } from '../../shared/command.ts';
import { type Outcome, sentenceOf } from '../../shared/outcomes.ts';
import type { Report } from './report.ts';
import { formatDuration, type Style, wrap } from './text.ts';

/** The text of a report: policy, private link, connection, tags, record, calls and, in the last line, the outcome. */
export function formatReport(report: Report, style: Style): string[] {
  const { policy, privateLinks, connections, tags, registry, calls, output } = report;
  const { done, changes, kept = [], note } = (output ?? {}) as Output;
  const sections: [string, string[]][] = [
    ['Cluster', report.isClusterGone ? ['The cluster no longer exists.'] : []],
    ['Cluster policy, before and after', policyLines(policy.before, policy.after, style)],
    ['Private link in Atlas', privateLinks.flatMap(linkLines)],
    ['Connection in Atlas', connections.flatMap(connectionLines)],
    ['Tags of the cluster, before and after', changedLines(tags.before, tags.after, style)],
    ['Record in the registry, before and after', changedLines(flat(registry.before), flat(registry.after), style)],
    ['Other executions', report.others.flatMap(otherLines)],
    ['Calls', callLines(calls)],
    // The other fields of the output are shown above.
    done
      ? ['What was done', done.flatMap((it) => wrap(sentenceOf(it), lineWidth))]
      : changes
        ? ['What a run would change', changes.length > 0 ? changes.flatMap(changeLines) : ['Nothing.']]
        : ['Output of the execution', outputLines(output)],
    ['What stays', kept.flatMap((it) => wrap(sentenceOf(it), lineWidth))],
    ['Note', done || changes ? wrap(note ?? '', lineWidth).filter(Boolean) : []],
    ['Message that is sent', report.messages.flatMap((message) => messageLines(message, report.cause))],
  ];
  return [
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([title, lines]) => ['', style('bold', title), ...lines.map((line) => `  ${shortIds(line)}`)]),
    '',
    ...outcome(report, style),
  ];
}

/** The fields of an output that have a section of their own. */
interface Output {
  done?: Outcome[];
  changes?: PlannedChange[];
  kept?: Outcome[];
  note?: string;
}

/** The message about a failure repeats its Cause, which is shown anyway. */
function messageLines({ subject, text }: Report['messages'][number], cause: string | undefined): string[] {
  const [begin, rest] = cause && text.startsWith(cause) ? ['(the Cause)', text.slice(cause.length)] : ['', text];
  return [
    subject,
    ...`${begin}${rest}`.split('\n').flatMap((line) => copyable(line, lineWidth - 2).map((it) => `  ${it}`)),
  ];
}

/** Breaks a line between words. A command stays whole, so that it can be copied. */
const copyable = (line: string, width?: number): string[] => (isCommand(line) ? [line] : wrap(line, width));

/** 100 columns without indentation and marks. */
const lineWidth = 94;

/** The first eight characters of a UUID are enough here. The JSON output has all of them. */
const shortIds = (line: string) => line.replace(/([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '$1…');

type PolicyStatement = Extract<PolicyDocument['Statement'], unknown[]>[number];

/** One line for each unchanged statement. Removed and added statements are shown completely. */
function policyLines(before: PolicyDocument | null, after: PolicyDocument | null, style: Style): string[] {
  const [old, now] = [before, after].map((policy) => (policy ? [policy.Statement].flat() : [])) as [
    PolicyStatement[],
    PolicyStatement[],
  ];
  const isIn = (all: PolicyStatement[]) => (one: PolicyStatement) =>
    all.some((it) => JSON.stringify(it) === JSON.stringify(one));
  const full = (sign: '+' | '-', colour: 'green' | 'red') => (statement: PolicyStatement) =>
    compactJson(statement)
      .split('\n')
      .map((line) => style(colour, `${sign} ${line}`));
  return [
    ...old.filter(isIn(now)).map((it) => style('dim', `  { ${label(it)}, … } unchanged`)),
    ...old.filter((it) => !isIn(now)(it)).flatMap(full('-', 'red')),
    ...now.filter((it) => !isIn(old)(it)).flatMap(full('+', 'green')),
  ];
}

/** Another execution that was started during the run. */
const otherLines = ({ executionArn, status, output }: Report['others'][number]): string[] => {
  const { reason } = (output ?? {}) as { reason?: string };
  return [`${executionArn.slice(executionArn.lastIndexOf(':') + 1)}  ${status}`, ...wrap(reason ?? '', lineWidth - 4)];
};

const label = ({ Sid, Effect, Principal }: PolicyStatement) =>
  Sid === undefined ? `"Effect": "${Effect}", "Principal": ${JSON.stringify(Principal)}` : `"Sid": "${Sid}"`;

/** JSON with short objects and lists in one line. */
function compactJson(value: unknown, indent = ''): string {
  const oneLine = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  if (oneLine.length + indent.length <= 70 || typeof value !== 'object' || value === null) return oneLine;
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${compactJson(item, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}"${key}": ${compactJson(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

function linkLines({ _id, state, interfaceEndpointId, dnsDomain, errorMessage }: Report['privateLinks'][number]) {
  return fields({
    id: _id,
    state,
    error: errorMessage && wrap(errorMessage, lineWidth - 10),
    endpoint: interfaceEndpointId,
    domain: dnsDomain,
  });
}

function connectionLines({
  name,
  workspace,
  state,
  bootstrapServers,
  authentication,
  security,
  networking,
}: ConnectionView) {
  const { mechanism, username } = authentication;
  return fields({
    name: `${name}, in workspace ${workspace}`,
    state,
    brokers: bootstrapServers.split(','),
    login: `user ${username}, ${mechanism} over ${security.protocol}`,
    through: `${networking.access.type} ${networking.access.connectionId ?? ''}`,
  });
}

type ConnectionView = Report['connections'][number];

function fields(values: Record<string, string | string[] | undefined>): string[] {
  const width = Math.max(...Object.keys(values).map((name) => name.length)) + 2;
  return Object.entries(values).flatMap(([name, value]) =>
    [value ?? []].flat().map((line, index) => `${(index === 0 ? name : '').padEnd(width)}${line}`),
  );
}

/** The attributes of a record as `privateLink.id`. An empty list of them if there is no record. */
const flat = (item: object | null, prefix = ''): Record<string, string> =>
  Object.fromEntries(
    Object.entries(item ?? {}).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flat(value, `${prefix}${name}.`))
        : [[`${prefix}${name}`, String(value)]],
    ),
  );

/** `+` marks a new key, `~` a key with an old and a new value, `-` a removed key. */
function changedLines(before: Record<string, string>, after: Record<string, string>, style: Style): string[] {
  const all = { ...before, ...after };
  const width = Math.max(...Object.keys(all).map((key) => key.length));
  const room = lineWidth - width - 2;
  return Object.entries(all)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([key, value]) => {
      const isRemoved = after[key] === undefined;
      const sign = isRemoved ? '-' : before[key] === value ? ' ' : before[key] === undefined ? '+' : '~';
      const shown = sign === '~' ? `${before[key]} → ${value}` : value;
      const lines = wrap(shortIds(shown), room).map((line) => shorten(line, room));
      return lines
        .map((line, index) => `${index === 0 ? sign : ' '} ${(index === 0 ? key : '').padEnd(width)}  ${line}`)
        .map((line) => (sign === ' ' ? line : style(isRemoved ? 'red' : 'green', line)));
    });
}

/** The beginning and the end of a long value. */
function shorten(value: string, room: number): string {
  if (value.length <= room) return value;
  const half = Math.floor((room - 1) / 2);
  return `${value.slice(0, half)}…${value.slice(-half)}`;
}

interface PlannedChange {
  state: string;
  change: string;
}

/** With a space after each comma, long JSON can be wrapped. */
const changeLines = ({ state, change }: PlannedChange) => [
  state,
  ...wrap(change.replace(/,(?=\S)/g, ', '), lineWidth - 2).map((line) => `  ${line}`),
];

function outputLines(output: unknown): string[] {
  if (output === undefined) return [];
  return compactJson(output)
    .split('\n')
    .flatMap((line) => {
      const indent = ' '.repeat(line.search(/\S/));
      return wrap(line.trim(), lineWidth - indent.length).map((it, index) => `${indent}${index > 0 ? '  ' : ''}${it}`);
    });
}

const serviceNames: Record<string, string> = {
  kafka: 'Amazon MSK',
  secretsmanager: 'AWS Secrets Manager',
  dynamodb: 'Amazon DynamoDB',
  states: 'AWS Step Functions',
  sns: 'Amazon SNS',
  atlas: 'MongoDB Atlas',
};

function callLines(calls: Report['calls']): string[] {
  return Object.entries(calls).flatMap(([service, operations]) => {
    const all = Object.values(operations).reduce((sum, count) => sum + count, 0);
    const each = Object.entries(operations).map(([operation, count]) => `${operation}\u00a0×${count}`);
    return [`${serviceNames[service]}: ${all}`, ...wrap(each.join(', '), 88).map((line) => `  ${line}`)];
  });
}

function outcome({ status, error, cause = '', seconds }: Report, style: Style): string[] {
  const took = `after ${formatDuration(seconds.simulated * 1000)}, simulated in ${seconds.real} s`;
  if (error === undefined) return [`${style(['bold', 'green'], `✔ ${status}`)} ${took}`];
  return [
    `${style('bold', 'Error')}  ${style('red', error)}`,
    style('bold', 'Cause'),
    ...cause.split('\n').flatMap((line) => copyable(line).map((it) => `  ${it}`)),
    '',
    `${style(['bold', 'red'], `✖ ${status}`)} ${took}`,
  ];
}
