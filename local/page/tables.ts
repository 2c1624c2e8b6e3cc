import type { Report, RequestSummary } from '../screen/report.ts';
import { serviceNames } from '../screen/report-format.ts';
import { formatClock, plain } from '../screen/text.ts';
import { formatTook, markOf, nameOf, notesOf } from '../screen/timeline-format.ts';
import { html, type Markup } from './markup.ts';

/** The states of a run, a wait loop as one row, with simulated times since the start of the execution. */
export const timelineTable = (report: Report): Markup =>
  html`<table><thead><tr><th scope="col" class="time">elapsed</th><td class="mark"></td><th scope="col" class="state">state</th><th scope="col" class="time">took</th><th scope="col">notes</th></tr></thead>
<tbody>${report.timeline.map(
    (row) => html`<tr${row.error !== undefined && html` class="removed"`}>
<td class="time">${elapsed(report, row.enteredAt)}</td><td class="mark">${markOf(row, plain)}</td><td>${nameOf(row)}</td>
<td class="time">${formatTook(row, row.seconds * 1000, row.lambdaMilliseconds)}</td><td>${notesOf(row).join('  ')}</td></tr>\n`,
  )}</tbody></table>`;

/** All requests. The same request several times in a row, as in a wait loop, is one row. */
export const requestTable = (report: Report): Markup | undefined => {
  const rows = grouped(report.requests);
  if (rows.length === 0) return undefined;
  return html`<p class="soft">${report.requests.length} requests, in the order of their answers. The bodies are left out, because they may have secrets.${report.requests.some(isChallenge) && challenges}</p>
<table><thead><tr><th scope="col" class="time">elapsed</th><th scope="col">service</th><th scope="col">operation</th><th scope="col">answer</th><th scope="col" class="number">times</th></tr></thead>
<tbody>${rows.map(
    ({ first, last, times }) => html`<tr${isRefused(first) && html` class="caught"`}>
<td class="time">${[...new Set([first, last].map(({ at }) => elapsed(report, at)))].join(' – ')}</td>
<td>${serviceNames[first.service]}</td><td>${first.operation}</td><td>${first.status}</td><td class="number">${times}</td></tr>\n`,
  )}</tbody></table>`;
};

interface Repeated {
  first: RequestSummary;
  last: RequestSummary;
  times: number;
}

function grouped(requests: RequestSummary[]): Repeated[] {
  const rows: Repeated[] = [];
  for (const request of requests) {
    const row = rows.at(-1);
    if (row && isSame(row.last, request)) Object.assign(row, { last: request, times: row.times + 1 });
    else rows.push({ first: request, last: request, times: 1 });
  }
  return rows;
}

const isSame = (a: RequestSummary, b: RequestSummary): boolean =>
  a.service === b.service && a.operation === b.operation && a.status === b.status;

const isChallenge = ({ service, status }: RequestSummary): boolean => service === 'atlas' && status === 401;

const challenges =
  ' With an API key, the first request of a function to Atlas is answered with 401, the challenge of HTTP digest authentication.';

const isRefused = ({ status }: RequestSummary): boolean => typeof status !== 'number' || status >= 400;

/** The simulated time since the execution has started. */
const elapsed = ({ timeline }: Report, at: string): string =>
  formatClock(Math.max(0, Date.parse(at) - Date.parse(timeline[0]?.enteredAt ?? at)));
