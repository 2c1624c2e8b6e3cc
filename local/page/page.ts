import { parseClusterArn } from '../../shared/msk/arn.ts';
import { sentenceOf } from '../../shared/outcomes.ts';
import {
  type Change,
  compactJson,
  flat,
  labelOf,
  policyChanges,
  type StatementChange,
  sortedChanges,
} from '../screen/changes.ts';
import { factsOf } from '../screen/facts.ts';
import type { Report } from '../screen/report.ts';
import { doneSentences, nameIn, outputOf, reasonOf, textOf, tookOf, whenOf } from '../screen/report-format.ts';
import { connectionChanges, linkChanges, processorFields, roleFields } from '../screen/resources.ts';
import { graph } from './graph.ts';
import { html, Markup } from './markup.ts';
import { style } from './style.ts';
import { requestTable, timelineTable } from './tables.ts';

/**
 * A page about a run, for people who were not there. It is complete in itself: without scripts, without anything that the browser would
 * load, and without the bodies of requests, which may have secrets.
 */
export function page(report: Report): string {
  const { clusterArn, executionArn, status, error, cause, tags, registry } = report;
  const { done, probe, changes, kept = [], note } = outputOf(report.output);
  const title = `${parseClusterArn(clusterArn)?.clusterName ?? clusterArn}: ${status}`;
  const sections = [
    section('Facts', fieldTable([...factsOf(report), ['Execution', executionArn]])),
    error !== undefined && section('Why it failed', html`<h3>${error}</h3><pre>${cause}</pre>`),
    done && section('What was done', list(doneSentences({ done, probe }))),
    changes && section('What a run would change', list(changes.map(({ state, change }) => `${state}: ${change}`))),
    kept.length > 0 && section('What stays', list(kept.map(sentenceOf))),
    note && section('Note', html`<p>${note}</p>`),
    !done && !changes && report.output !== undefined && section('Output', json(report.output)),
    section(
      'The path through the machine',
      html`<p class="soft">The thick arrows are the path that the run took.</p>${new Markup(graph(report))}`,
    ),
    section('Timeline', timelineTable(report)),
    report.isClusterGone && section('Cluster', html`<p>The cluster no longer exists.</p>`),
    policySection(report),
    section('Role in AWS, as registered in Atlas', resources(roleFields(report.accessRoles))),
    section('Private link in Atlas, after the run', resources(linkChanges(report.privateLinks))),
    section('Connection in Atlas, after the run', resources(connectionChanges(report.connections))),
    section('Stream processors in Atlas, after the run', resources(processorFields(report.processors))),
    section(`Tags of the cluster, ${whenOf(report)}`, beforeAndAfter(sortedChanges(tags.before, tags.after))),
    section(
      `Record in the registry, ${whenOf(report)}`,
      beforeAndAfter(sortedChanges(flat(registry.before), flat(registry.after))),
    ),
    section(
      'Messages',
      report.messages.map((it) => html`<h3>${it.subject}</h3><pre>${textOf(it, cause)}</pre>`),
    ),
    section('Other executions', others(report)),
    section('Requests to the emulated services', requestTable(report)),
  ];
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p><strong class="${error === undefined ? 'good' : 'bad'}">${error === undefined ? '✔' : '✖'} ${error ?? status}</strong> ${tookOf(report)}. <span class="soft">A run in the local cloud: it has not called AWS or Atlas.</span></p>
${sections}
</main>
</body>
</html>
`.text;
}

/** Nothing if it has no content. */
function section(title: string, content: Markup | Markup[] | undefined): Markup | undefined {
  const all = [content ?? []].flat();
  return all.length > 0 ? html`<section>\n<h2>${title}</h2>\n${all}\n</section>\n` : undefined;
}

const list = (items: string[]): Markup =>
  items.length > 0 ? html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>` : html`<p>Nothing.</p>`;

const fieldTable = (fields: [name: string, text: string][]): Markup =>
  html`<table><tbody>${fields.map(([name, text]) => html`<tr><th scope="row">${name}</th><td>${text}</td></tr>`)}</tbody></table>`;

/** Short enough for a page of paper. */
const jsonWidth = 84;

const json = (value: unknown): Markup => html`<pre>${compactJson(value, jsonWidth)}</pre>`;

function policySection(report: Report): Markup | undefined {
  const { policy } = report;
  const lines = policyChanges(policy.before, policy.after).map(statementLines);
  return section(`Cluster policy, ${whenOf(report)}`, lines.length > 0 ? html`<pre>${lines}</pre>` : undefined);
}

const signs = { added: '+', foreign: '+', removed: '-', unchanged: ' ' };
const remarks = { foreign: ' added by another party during the run', unchanged: ' unchanged' };

/** A statement that was removed or added by the run is shown completely. */
function statementLines({ statement, kind }: StatementChange): Markup {
  const text =
    kind === 'foreign' || kind === 'unchanged'
      ? `{ ${labelOf(statement)}, … }${remarks[kind]}`
      : compactJson(statement, jsonWidth);
  const lines = text.split('\n').map((line) => `${signs[kind]} ${line}\n`);
  return html`<span class="${kind}">${lines}</span>`;
}

/** One table for each resource. If a value has changed, it is shown with the old one. */
const resources = (all: Change[][]): Markup[] =>
  all.map(
    (fields) =>
      html`<table><tbody>${fields.map((it) => html`<tr class="${it.kind}"><th scope="row">${it.key}</th><td class="lines">${it.kind === 'changed' ? html`<del>${it.before}</del> → ${it.after}` : it.after}</td></tr>`)}</tbody></table>`,
  );

const beforeAndAfter = (changes: Change[]): Markup | undefined =>
  changes.length > 0
    ? html`<table><thead><tr><th scope="col"></th><th scope="col" class="before">before</th><th scope="col">after</th></tr></thead>
<tbody>${changes.map(
        ({ key, kind, before, after }) =>
          html`<tr class="${kind}"><th scope="row">${key}</th><td>${before ?? '–'}</td><td>${after ?? '–'}</td></tr>\n`,
      )}</tbody></table>`
    : undefined;

const others = ({ others }: Report): Markup | undefined =>
  others.length > 0
    ? fieldTable(others.map((other) => [nameIn(other.executionArn), `${other.status}. ${reasonOf(other)}`]))
    : undefined;
