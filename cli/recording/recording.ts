import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AtlasFetch } from '../../shared/atlas/http.ts';
import { shown } from '../../shared/request/redaction.ts';
import { UsageError } from '../exit.ts';
import { observeAtlas } from './atlas.ts';
import { type AwsClient, observeAws } from './aws.ts';
import { Cleaner } from './cleaner.ts';
import type { ObservedExchange } from './observed.ts';

/** One request and its answer, cleaned: nothing in it is secret, or says whose cluster it is. */
export interface RecordedExchange {
  service: string;
  /** Of AWS, such as `DescribeClusterV2`. Atlas's follows from method and path. */
  operation?: string;
  method: string;
  path: string;
  /** The names of the parameters. */
  query: string[];
  status: number;
  headers: Record<string, string>;
  /** The JSON; undefined if there is none. */
  body?: unknown;
}

export interface RecordingFile {
  /** Of this file. */
  format: 1;
  exchanges: RecordedExchange[];
}

/** What AWS and Atlas answer during a command. */
export interface Recording {
  /** Records every answer that a client of the AWS SDK gets from now on. */
  aws(client: AwsClient): void;
  /** Records every answer to the requests that are sent through the returned `fetch`. */
  atlas(fetch: AtlasFetch): AtlasFetch;
  /** Writes the file. @returns its path */
  save(): Promise<string>;
}

/** The headers that say how a service behaves. */
const recordedHeaders = [
  'content-type',
  'retry-after',
  'x-amzn-errortype',
  ...['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].flatMap((name) => [name, `x-${name}`]),
];

/**
 * Begins a recording. Call it before the first request: a folder that cannot be used is reported at once.
 *
 * @param dir does not exist yet, or is empty
 * @throws UsageError
 */
export function recordTo(dir: string): Recording {
  const file = join(dir, 'recording.json');
  const descriptor = newFile(dir, file);
  const cleaner = new Cleaner();
  const exchanges: RecordedExchange[] = [];
  const keep = ({ header, body, path, ...exchange }: ObservedExchange) => {
    const headers = recordedHeaders.flatMap((name) => {
      const value = header(name);
      return value === undefined ? [] : [[name, cleaner.header(name, value)]];
    });
    exchanges.push({
      ...exchange,
      path: cleaner.path(path),
      headers: Object.fromEntries(headers),
      ...cleanedBody(body, cleaner),
    });
  };
  return {
    aws: (client) => observeAws(client, keep),
    atlas: (fetch) => observeAtlas(fetch, keep),
    save: async () => {
      const content: RecordingFile = { format: 1, exchanges };
      writeFileSync(descriptor, `${JSON.stringify(content, null, 2)}\n`);
      closeSync(descriptor);
      return file;
    },
  };
}

/** @returns its descriptor. No other file is ever written. */
function newFile(dir: string, file: string): number {
  try {
    mkdirSync(dir, { recursive: true });
    if (readdirSync(dir).length === 0) return openSync(file, 'wx');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `The folder ${shown(dir)} for the recording cannot be created (${code}). Give another one with --record.`,
    );
  }
  throw new UsageError(`The folder ${shown(dir)} for the recording is not empty; it must be empty, or not exist.`);
}

/** Nothing of a body that is not JSON, or nested too deep. */
function cleanedBody(text: string, cleaner: Cleaner): { body?: unknown } {
  try {
    return { body: cleaner.body(JSON.parse(text)) };
  } catch {
    return {};
  }
}
