import { wrap } from '../../local/screen/text.ts';
import { stageFile } from '../../packaging/settings.ts';
import { oneLine } from '../../shared/foreign-text.ts';
import type { Target } from '../../shared/registry/record.ts';
import { listed } from '../../shared/request/redaction.ts';
import { secretNameOf } from '../../shared/secrets/secret-arn.ts';
import { dollars } from '../dollars.ts';
import type { ClusterStatus } from './clusters.ts';
import type { Orphan } from './orphans.ts';
import type { Status } from './status.ts';

const headings = ['CLUSTER', 'STATUS', 'SINCE (UTC)', 'NEXT RUN (UTC)', 'COST'];

/** For an output that is not a terminal, in columns. */
const defaultWidth = 100;

/**
 * The status as text: a table of the clusters with details below each row, or a block for each cluster if the table is wider than the
 * terminal.
 *
 * @param width of the terminal in columns; undefined if there is none
 */
export function render(status: Status, width = defaultWidth): string {
  const { stage, hasFile, isPaused, region, accountId, now, clusters, clustersNotListed, orphans, linksNotListed } =
    status;
  const text = (words: string, indent = 0) => wrapped(words, width, indent);
  const place = `Stage ${stage} in ${region}${accountId ? `, account ${accountId}` : ''}, ${timeOf(now)} UTC`;
  return [
    ...text(place),
    ...(hasFile ? [] : text(`${stageFile(stage)} does not exist, so the settings are the defaults.`)),
    ...(isPaused ? text('The deployment is paused (setting paused): tags and the sweep start nothing.') : []),
    '',
    ...(clusters.length > 0 ? clusterLines(clusters, width) : text('No cluster is recorded or tagged.')),
    ...(clusters.length > 1 ? ['', ...text(`Together: about ${costOf(status.dollarsPerMonth)}.`)] : []),
    ...(clustersNotListed ? ['', ...text(`– MSK's clusters could not be listed. ${clustersNotListed}`)] : []),
    '',
    ...orphans.flatMap((orphan) => [...orphanLines(orphan, width), '']),
    ...linksNotListed.flatMap(({ projectId, reason }) =>
      text(`– Private links${projectId ? ` of project ${projectId}` : ''} could not be listed. ${reason}`),
    ),
    ...(orphans.length + linksNotListed.length === 0
      ? text('✔ No private link to a cluster of this account and Region is left over.')
      : []),
  ]
    .join('\n')
    .trimEnd();
}

function clusterLines(clusters: ClusterStatus[], width: number): string[] {
  const rows = clusters.map(cellsOf);
  const widths = headings.map((heading, column) =>
    Math.max(...[heading, ...rows.map((row) => row[column] ?? '')].map(({ length }) => length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const isTable = widths.reduce((sum, it) => sum + it + 2, -2) <= width;
  const blocks = clusters.map((cluster, index) => {
    const cells = rows[index] ?? [];
    const labelled = cells.slice(1).map((cell, column) => `${labelOf(headings[column + 1] ?? '')}: ${cell}`);
    const details = detailsOf(cluster).flatMap((detail) => wrapped(detail, width, 2));
    return isTable
      ? [line(cells), ...details]
      : [cells[0] ?? '', ...labelled.flatMap((it) => wrapped(it, width, 2)), ...details];
  });
  return [
    ...(isTable ? [line(headings)] : []),
    ...blocks.flatMap((block, index) => (index > 0 ? ['', ...block] : block)),
  ];
}

const labelOf = (heading: string): string => heading.charAt(0) + heading.slice(1).toLowerCase().replace('utc', 'UTC');

const cellsOf = ({ name, needsPerson, status, since, running, next, dollarsPerMonth }: ClusterStatus): string[] => [
  oneLine(name),
  `${needsPerson ? '✘ ' : ''}${status}`,
  since ? timeOf(since) : '',
  running ? `${running.action} at work` : next ? `${next.action} ${next.at ? timeOf(next.at) : 'at once'}` : 'none',
  dollarsPerMonth > 0 ? costOf(dollarsPerMonth) : '–',
];

function detailsOf(cluster: ClusterStatus): string[] {
  const { target, resources, turnedOn, stoppedProcessors, probe, failures, error, running, next, exists } = cluster;
  const owned = resources.map(({ resource, id, ownership }) => `${resource} ${id ?? 'without an id'} (${ownership})`);
  if (turnedOn) owned.push(`multi-VPC connectivity (turned on ${timeOf(turnedOn)})`);
  return [
    exists === false && 'MSK does not list this cluster.',
    target &&
      `Target: connection ${target.connectionName} in workspace ${target.workspace} of project ${target.projectId}`,
    target && loginOf(target, cluster),
    owned.length > 0 && `Resources: ${owned.join(', ')}`,
    stoppedProcessors.length > 0 &&
      `Stopped by a run, and not started again yet: stream processor ${listed(stoppedProcessors)}`,
    probe !== undefined && `Probe: stream processor ${probe}`,
    running && `At work: ${running.executionArn}`,
    running?.detail,
    next && `Reason for the next run: ${next.reason}`,
    error && `Error${failures > 1 ? ` (${failures} times in a row)` : ''}: ${error}`,
  ].filter((line) => typeof line === 'string');
}

/** How Atlas logs in to the cluster, as far as it is recorded. */
const loginOf = ({ mechanism }: Target, { secretArn, roleArn }: ClusterStatus): string =>
  `Login: ${mechanism}${roleArn ? ` as ${roleArn}` : secretArn ? ` with the secret ${secretNameOf(secretArn)}` : ''}`;

const orphanLines = (
  { projectId, id, state, clusterArn, needsPerson, remedy, command }: Orphan,
  width: number,
): string[] => [
  ...wrapped(
    `${needsPerson ? '✘' : '–'} Private link ${id} of project ${projectId} is in no record. Its state is ${state}. It leads to ${clusterArn}.`,
    width,
  ),
  ...wrapped(remedy, width, 2),
  ...(command ? [`  ${oneLine(command)}`] : []),
];

/** A command stands on a line of its own, which is not broken. A text of another party cannot begin a line of ours. */
const wrapped = (text: string, width: number, indent = 0): string[] =>
  wrap(oneLine(text), width - indent).map((line) => `${' '.repeat(indent)}${line}`);

/** `2026-11-28T03:11:09.123Z` → `2026-11-28 03:11` */
const timeOf = (time: string): string => oneLine(time).slice(0, 16).replace('T', ' ');

const costOf = (amount: number): string => `${dollars(amount)} a month`;
