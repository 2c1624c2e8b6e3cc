import { styleText } from 'node:util';
import { wrapBelow } from '../../local/screen/text.ts';
import { isCommand, withCommand } from '../../shared/command.ts';
import { oneLine } from '../../shared/foreign-text.ts';
import { authenticationOf, type Mechanism, schemeOf } from '../../shared/login.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { tagCommand } from '../../shared/msk/tag-commands.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import { inOneSentence } from '../../shared/short-form.ts';
import { dollars } from '../dollars.ts';
import type { Cost } from './cost.ts';
import { type Owner, ownersPage } from './owner.ts';
import type { Preflight } from './preflight.ts';
import { type CheckResult, isAbout, type Report } from './report.ts';

/** Colours a text, or returns it unchanged. */
type Paint = (format: 'green' | 'red' | 'yellow' | 'bold', text: string) => string;

export interface Screen {
  width: number;
  paint: Paint;
}

/** The terminal of a stream: 80 to 120 columns, and colours if it has them and NO_COLOR does not turn them off. */
export const screenOf = (stream: NodeJS.WriteStream): Screen => ({
  width: Math.min(Math.max(stream.columns ?? 100, 80), 120),
  paint: (format, text) => styleText(format, text, { stream }),
});

const marks = { met: '✔', unmet: '✘', unknown: '–' } as const;
const colours = { met: 'green', unmet: 'red', unknown: 'yellow' } as const;
type Result = CheckResult['result'];
const markOf = (result: Result, { paint }: Screen): string => paint(colours[result], marks[result]);
/** Of a check that does not count. */
const plainMarkOf = (result: Result): string => (result === 'unmet' ? '•' : marks[result]);

/** What preflight prints about one cluster. */
export function textOf(report: Report, screen: Screen): string {
  const { mechanism } = report;
  const isOwn = ({ id }: CheckResult) => mechanism !== null && isAbout(schemeOf(mechanism), id);
  return [
    ...heading(report, screen),
    '',
    ...checkLines(
      report.checks.filter((check) => !isOwn(check)),
      screen,
    ),
    ...(mechanism ? ['', `To log in by ${wayOf(mechanism)}:`] : []),
    ...checkLines(report.checks.filter(isOwn), screen),
    ...otherLines(report, screen),
    ...report.notes.flatMap((note, index) => [...(index === 0 ? [''] : []), ...lines(note, '', screen)]),
    ...planLines(report, screen),
    ...costLines(report.cost, screen),
    ...ownerLines(report.owner, screen),
    '',
    screen.paint('bold', verdict(report)),
  ].join('\n');
}

function heading({ clusterArn, cluster, target, mechanism, because }: Report, screen: Screen): string[] {
  const { projectId, workspace, connectionName } = target;
  const { clusterName, region, accountId } = parseClusterArn(clusterArn) ?? {};
  return [
    `Cluster  ${clusterName} in ${region}, account ${accountId}${cluster && ` (${cluster})`}`,
    `Target   connection "${connectionName}"${workspace && ` in workspace "${workspace}"`}${projectId && ` of Atlas project ${projectId}`}`,
    ...(mechanism ? hanging('Login    ', `${mechanism}, because ${because}`, screen) : []),
  ];
}

/** IAM or SASL/SCRAM. */
const wayOf = (mechanism: Mechanism): string => authenticationOf[schemeOf(mechanism)];

/** What the other way lacks. Its marks are not those of the checks that count. */
function otherLines({ clusterArn, otherWay }: Report, screen: Screen): string[] {
  if (!otherWay) return [];
  const { mechanism, checks } = otherWay;
  const way = `By ${wayOf(mechanism)} instead (${mechanism}, not counted), `;
  const lacking = checks.filter(({ result }) => result !== 'met');
  const begin = lacking.some(({ result }) => result === 'unmet')
    ? [`${way}a run would need:`]
    : lines(
        withCommand(
          `${way}nothing is missing${lacking.length > 0 ? ', apart from what was not checked' : ''}. To choose it:`,
          tagCommand(clusterArn, { [settingTags.mechanism]: mechanism }),
        ),
        '',
        screen,
      );
  return ['', ...begin, ...checkLines(lacking, screen, plainMarkOf)];
}

/** Checks that could not be made for the same reason share it. */
function checkLines(results: CheckResult[], screen: Screen, mark = markOf): string[] {
  let sharing = 0;
  return results.flatMap(({ title, result, text = '' }, index) => {
    const next = results[index + 1];
    const isShared = result === 'unknown' && next?.result === result && next.text === text;
    sharing = isShared ? sharing + 1 : sharing;
    const reason = sharing > 0 ? `The reason for these ${sharing + 1}: ${text}` : text;
    if (!isShared) sharing = 0;
    const said = { met: `${title}.`, unmet: text, unknown: `Not checked: ${title}.${isShared ? '' : `\n${reason}`}` };
    const [first = '', ...rest] = lines(said[result], '    ', screen);
    return [`  ${mark(result, screen)} ${first.trimStart()}`, ...rest];
  });
}

/** A text that fits the screen. A command stays on a line of its own, so that it can be copied. */
const lines = (text: string, indent: string, { width }: Screen): string[] =>
  text
    .split('\n')
    .flatMap((line) => {
      if (isCommand(line)) return [/^ {2}/.test(line) ? line : `  ${line.trim()}`];
      return wrapBelow(line, width - indent.length);
    })
    .map((line) => `${indent}${line}`);

/** A text beside a label. */
function hanging(label: string, text: string, screen: Screen): string[] {
  const [first = '', ...rest] = lines(text, ' '.repeat(label.length), screen);
  return [`${label}${first.trimStart()}`, ...rest];
}

function planLines({ plan, ready }: Report, screen: Screen): string[] {
  if (!plan || plan.length === 0) return plan ? ['', 'A run would change nothing.'] : [];
  const column = Math.max(...plan.map(({ state }) => state.length)) + 7;
  return [
    '',
    ready === false ? 'When nothing is missing, a run would change:' : 'A run would change:',
    ...plan.flatMap(({ state, change }, index) => {
      return hanging(`  ${index + 1}. ${state}`.padEnd(column), breakable(change), screen);
    }),
  ];
}

/** A policy statement in a text may be broken between its parts. */
const breakable = (text: string): string => text.replace(/(["\]}]),(?=["{[])/g, '$1, ');

function costLines(cost: Cost | null, screen: Screen): string[] {
  if (!cost || cost.monthlyDollars === 0) return [];
  const parts = cost.parts.map((part) => `${dollars(part.monthlyDollars)} to ${part.for}`).join(', ');
  const text = `This adds about ${dollars(cost.monthlyDollars)} a month: ${parts}, plus traffic. docs/cost.md has the prices and their sources.`;
  return ['', ...lines(text, '', screen)];
}

function ownerLines(owner: Owner | null, screen: Screen): string[] {
  if (!owner) return [];
  const remedy =
    owner.snippets.length > 0
      ? `Put this into its configuration first (${ownersPage}):`
      : `First put the same into its configuration as for Terraform: ${ownersPage}.`;
  const text = `The tag ${oneLine(owner.tag)} says that ${owner.tool} owns the cluster. Its next update can undo what a run changes. ${remedy}`;
  return [
    '',
    ...lines(text, '', screen),
    ...owner.snippets.flatMap(({ title, text: snippet }) => [
      '',
      `  # ${title}`,
      ...snippet.split('\n').map((line) => `  ${line}`.trimEnd()),
    ]),
  ];
}

const count = (results: CheckResult[], result: Result): number => results.filter((it) => it.result === result).length;

const prerequisites = (number: number): string => (number === 1 ? '1 prerequisite is' : `${number} prerequisites are`);

function verdict({ ready, checks, plan }: Report): string {
  const [unmet, unknown] = [count(checks, 'unmet'), count(checks, 'unknown')];
  if (ready) return plan?.length === 0 ? 'Ready: nothing is missing.' : 'Ready: a run would connect the cluster.';
  if (ready === null) return `Not known: ${prerequisites(unknown)} not checked.`;
  const notChecked = unknown > 0 ? `, and ${unknown} ${unknown === 1 ? 'is' : 'are'} not checked` : '';
  return `Not ready: ${prerequisites(unmet)} not met${notChecked}.`;
}

/** What preflight prints about all clusters: a line for each. */
export function listOf({ reports, notes }: Preflight, screen: Screen): string {
  const names = reports.map(({ clusterArn }) => parseClusterArn(clusterArn)?.clusterName ?? clusterArn);
  const ways = reports.map(({ mechanism }) => mechanism ?? marks.unknown);
  const [column, wayColumn] = [names, ways].map((texts) => Math.max(...texts.map(({ length }) => length)) + 2);
  return [
    ...notes.flatMap((note) => [...lines(note, '', screen), '']),
    ...reports.map(
      (report, index) =>
        `${names[index]?.padEnd(column ?? 0)}${ways[index]?.padEnd(wayColumn ?? 0)}${summary(report, screen)}`,
    ),
  ].join('\n');
}

function summary({ clusterArn, ready, checks, plan }: Report, { paint }: Screen): string {
  if (ready) return `${paint('green', marks.met)} ready${plan?.length === 0 ? ', nothing left to change' : ''}`;
  const result = ready === false ? 'unmet' : 'unknown';
  const [first] = checks.filter((it) => it.result === result);
  const more = count(checks, result) - 1;
  const words = ready === false ? 'not ready' : 'not known';
  const reason = inOneSentence(first?.text ?? '', clusterArn);
  return `${paint(colours[result], marks[result])} ${words}: ${reason}${more > 0 ? ` (${more} more)` : ''}`;
}
