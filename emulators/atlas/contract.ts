import type { Exchange } from '../emulator.ts';
import type { Endpoint } from './endpoint.ts';
import { checkQuery } from './query.ts';
import { endpointOf } from './routing.ts';

const defaultVersion = '2023-02-01';
export const versionOf = ({ version = defaultVersion }: Endpoint): string => version;

/** What an endpoint answers, and what it takes as a body. */
export const mediaTypeOf = (endpoint: Endpoint, format = endpoint.format ?? 'json'): string =>
  `application/vnd.atlas.${versionOf(endpoint)}+${format}`;

type SentRequest = Pick<Exchange, 'method' | 'path' | 'query' | 'requestHeaders' | 'requestBody'>;

/** Why the emulator may not answer this. @param body as the caller reads it, uncompressed @returns undefined if it may */
export function faultInAnswer({ operation, shape, format }: Endpoint, body: string): string | undefined {
  const isLines = format === 'gzip';
  const { error } = shape.safeParse(isLines ? body : body === '' ? undefined : JSON.parse(body));
  return error && `The answer of ${operation} is not one of Atlas: ${describe(error.issues)}`;
}

/**
 * Why a request to Atlas is not as MongoDB's API reference has it: its query, its headers and its body. Whether Atlas takes
 * it is another question.
 *
 * @returns undefined if it is
 */
export function faultInRequest(request: SentRequest): string | undefined {
  const { method, path, requestHeaders, requestBody } = request;
  const { endpoint } = endpointOf(method, path) ?? {};
  if (!endpoint) return `Atlas has no ${method} ${path}.`;
  const { operation } = endpoint;
  const mediaType = mediaTypeOf(endpoint);
  const { accept, 'content-type': contentType } = requestHeaders;
  if (accept !== mediaType) return `${operation} accepts ${accept}; it must be ${mediaType}.`;
  try {
    checkQuery({ query: new URLSearchParams(request.query) }, endpoint.parameters);
  } catch (error) {
    return `${operation}: ${(error as Error).message}`;
  }
  if (!endpoint.body) return requestBody === '' ? undefined : `${operation} takes no body.`;
  const bodyType = mediaTypeOf(endpoint, 'json');
  if (contentType !== bodyType) return `${operation} has the Content-Type ${contentType}; it must be ${bodyType}.`;
  const { error } = endpoint.body.safeParse(jsonIn(requestBody));
  return error && `${operation}: ${describe(error.issues)}`;
}

/** undefined if the text isn't JSON, which no schema accepts. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const describe = (issues: { path: PropertyKey[]; message: string }[]): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; ');
