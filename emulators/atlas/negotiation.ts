import type { Request } from '../emulator.ts';
import { atlasError } from './error.ts';

/** The versions of the API that exist. Documented: openapi/v2/versions.json in mongodb/openapi, without previews. */
const versions = new Set([
  '2023-01-01',
  '2023-02-01',
  '2023-10-01',
  '2023-11-15',
  '2024-05-30',
  '2024-08-05',
  '2024-10-23',
  '2024-11-13',
  '2025-02-19',
  '2025-03-12',
]);

/**
 * Documented: 406 if the client names no version of the API, or one that does not exist. Reported: a version that is newer than the
 * endpoint's stands for the endpoint's newest (MongoDB's MCP server sends 2025-03-12 everywhere). Assumed: the same for another format.
 */
export function checkAccept({ headers: { accept = '' } }: Request, version: string, format = 'json'): void {
  const [, date = '', suffix] = /^application\/vnd\.atlas\.([\d-]+)\+([a-z]+)$/.exec(mediaTypeOf(accept)) ?? [];
  if (versions.has(date) && date >= version && suffix === format) return;
  throw atlasError(406, 'INVALID_VERSION_DATE', 'Invalid accept header or version date.');
}

/**
 * Documented: a body needs its Content-Type, JSON or that of the endpoint's version. Assumed: the status of any other, and that
 * versions of other endpoints do not count.
 */
export function checkContentType({ headers, body }: Request, version: string): void {
  const type = mediaTypeOf(headers['content-type'] ?? '');
  if (body === '' || type === 'application/json' || type === `application/vnd.atlas.${version}+json`) return;
  throw atlasError(415, 'UNSUPPORTED_MEDIA_TYPE', `The Content-Type ${type || '(none)'} is not supported.`);
}

/** Without parameters such as `charset`. */
const mediaTypeOf = (header: string): string => (header.split(';')[0] ?? '').trim().toLowerCase();
