import { accessSync, constants, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AtlasFetch } from '../../shared/atlas/http.ts';
import { shown } from '../../shared/request/redaction.ts';
import type { AwsClient } from '../aws-access.ts';
import { UsageError } from '../exit.ts';
import { observeAtlas } from './atlas.ts';
import { observeAws } from './aws.ts';
import { Cleaner } from './cleaner.ts';
import type { ObservedExchange } from './observed.ts';

/** One request and its answer, cleaned: nothing in it is secret, or says whose cluster it is. */
export interface RecordedExchange extends Omit<ObservedExchange, 'header' | 'body'> {
  headers: Record<string, string>;
  /** The JSON; undefined if there is none. */
  body?: unknown;
}

export interface RecordingFile {
  /** Of this file. */
  format: 1;
  exchanges: RecordedExchange[];
}

/** Sees every request and its answer. */
export interface Observer {
  /** Observes every answer that a client of the AWS SDK gets from now on. */
  aws(client: AwsClient): void;
  /** Observes every answer to the requests that are sent through the returned `fetch`. */
  atlas(fetch: AtlasFetch): AtlasFetch;
}

/** What AWS and Atlas answer during a command. */
export interface Recording extends Observer {
  /** Writes the file, if there was any answer. @returns its path @throws UsageError if there is such a file by now */
  save(): string | undefined;
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
  makeFolder(dir);
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
    save: () => {
      const content: RecordingFile = { format: 1, exchanges };
      // Then the next try can use the same folder.
      if (exchanges.length === 0) return undefined;
      try {
        writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' });
      } catch (error) {
        throw new UsageError(`The recording ${shown(file)} cannot be written (${codeOf(error)}).`);
      }
      return file;
    },
  };
}

/** @throws UsageError if the folder has a file, or cannot get one */
function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
    if (readdirSync(dir).length === 0) return;
  } catch (error) {
    throw new UsageError(
      `The folder ${shown(dir)} for the recording cannot be created or written (${codeOf(error)}). Give another one with --record.`,
    );
  }
  throw new UsageError(`The folder ${shown(dir)} for the recording is not empty; it must be empty, or not exist.`);
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Nothing of a body that is not JSON, or nested too deep. */
function cleanedBody(text: string, cleaner: Cleaner): { body?: unknown } {
  try {
    return { body: cleaner.body(JSON.parse(text)) };
  } catch {
    return {};
  }
}
