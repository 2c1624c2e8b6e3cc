import * as z from 'zod/mini';
import { AtlasUnavailable } from '../errors.ts';
import type { AtlasResponse } from './http.ts';
import { heldText, inMegabytes, LimitExceeded, maxLevels, maxBytes as usualMaxBytes } from './limits.ts';

/**
 * The text of an answer.
 *
 * @param what the request, for the message
 * @param maxBytes the limit with which it was read
 * @throws LimitExceeded if it is too long or nested too deep, or AtlasUnavailable if the answer is cut short
 */
export async function textOf(what: string, response: AtlasResponse, maxBytes = usualMaxBytes): Promise<string> {
  const text = await response.text().catch(brokenOff(what, maxBytes));
  if (levelsOf(text) > maxLevels)
    throw new LimitExceeded(`Atlas's answer to ${what} is nested deeper than ${maxLevels} levels.`);
  return text;
}

/** @returns what turns the error of a body that was not read to its end into one of ours */
export const brokenOff =
  (what: string, maxBytes = usualMaxBytes) =>
  (error: unknown) => {
    if ((error as Error).cause instanceof LimitExceeded)
      throw new LimitExceeded(`Atlas's answer to ${what} is longer than ${inMegabytes(maxBytes)}.`);
    throw new AtlasUnavailable(`Atlas broke off its answer to ${what} (${reasonOf(error)}).`);
  };

/** How deep a JSON text is nested. */
function levelsOf(text: string): number {
  let [level, deepest, isInString] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (isInString && character === '\\') at++;
    else if (character === '"') isInString = !isInString;
    else if (!isInString && '[{'.includes(character)) deepest = Math.max(deepest, ++level);
    else if (!isInString && ']}'.includes(character)) level--;
  }
  return deepest;
}

/** Why a `fetch` failed: the system's code is in `cause`. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return heldText(cause?.code ?? cause?.message ?? message);
}

/** The JSON value of a text, or undefined. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Printable ASCII without a quote, as a header requires. A placeholder such as "…" does not match. */
export const headerSafe = z.string().check(z.regex(/^[!#-~]+$/));

/** Atlas counts requests by the minute, so a longer time is a mistake, which must not be remembered. No function waits for so long. */
const longestRetryAfterMs = 120_000;

/**
 * Retry-After of a 429 or 503, which Atlas gives in seconds, but at most two minutes. Zero counts as none: the machine's back-off then
 * makes a pause.
 */
export function retryAfterMs(response: AtlasResponse): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get('retry-after') || Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, longestRetryAfterMs) : undefined;
}
