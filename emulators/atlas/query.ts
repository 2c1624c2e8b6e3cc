import type { Request } from '../emulator.ts';
import { atlasError, notEmulated } from './error.ts';

const booleans = new Set(['pretty', 'envelope', 'includeCount', 'includeConnections']);

/** Documented for most endpoints, and assumed for the others. */
const common = ['pretty', 'envelope'];

export const pageParameters = ['pageNum', 'itemsPerPage', 'includeCount'];

/**
 * Checks the query. Assumed: Atlas refuses a parameter that the endpoint does not have, one that is repeated, and a boolean that is neither true nor
 * false.
 *
 * @throws Refusal 400, or 501 for an envelope
 */
export function checkQuery({ query }: Pick<Request, 'query'>, parameters: readonly string[] = []): void {
  for (const [name, value] of query) {
    if (![...common, ...parameters].includes(name) || query.getAll(name).length > 1) throw badQuery(name);
    if (booleans.has(name) && value !== 'true' && value !== 'false') throw badQuery(name);
  }
  if (query.get('envelope') === 'true') throw notEmulated('envelope=true');
}

/** One page of a list. Documented: `pageNum` from 1, `itemsPerPage` from 1 to 500. */
export function page({ headers, path, query }: Request, items: object[]): object {
  const pageNum = pageParameter(query, 'pageNum', 1, Number.MAX_SAFE_INTEGER);
  const itemsPerPage = pageParameter(query, 'itemsPerPage', 100, 500);
  const start = (pageNum - 1) * itemsPerPage;
  const href = (page: number) => `http://${headers.host}${path}?pageNum=${page}&itemsPerPage=${itemsPerPage}`;
  const next = start + itemsPerPage < items.length ? [{ href: href(pageNum + 1), rel: 'next' }] : [];
  return {
    links: [{ href: href(pageNum), rel: 'self' }, ...next],
    results: items.slice(start, start + itemsPerPage),
    ...(query.get('includeCount') !== 'false' && { totalCount: items.length }),
  };
}

function pageParameter(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name) ?? String(fallback);
  if (!/^[1-9]\d*$/.test(text) || Number(text) > max) throw badQuery(name);
  return Number(text);
}

export function badQuery(parameter: string) {
  const detail = `Invalid query parameter ${parameter} specified.`;
  return atlasError(400, 'INVALID_QUERY_PARAMETER', detail, { parameters: [parameter] });
}
