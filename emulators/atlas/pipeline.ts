import { validationError } from './body.ts';

export type Pipeline = Record<string, unknown>[];

/** Reported: MongoDB's own tests use this sink, which needs no connection. */
export const testLog = '__testLog';

/** Documented: what the pipeline of a stream processor ends with. */
const sinks = ['$merge', '$emit', '$https', '$externalFunction'];

/** @throws Refusal 400. Documented: the first and the last stage. Assumed: Atlas checks them when the processor is created. */
export function checkStages(pipeline: Pipeline): void {
  const [first = '', last = ''] = [pipeline[0], pipeline.at(-1)].map((stage) => Object.keys(stage ?? {})[0]);
  if (first !== '$source') throw validationError(`pipeline: the first stage must be $source, not ${first}`);
  if (!sinks.includes(last)) throw validationError(`pipeline: the last stage must be one of ${sinks.join(', ')}`);
}

/** The names of all connections in a pipeline, and of its sink without connection. */
export function connectionNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(connectionNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, it]) =>
    key === 'connectionName' && typeof it === 'string' ? [it] : connectionNames(it),
  );
}

interface Source {
  connectionName?: string;
  topic?: string | string[];
  config?: { auto_offset_reset?: string; group_id?: string };
}

export const sourceOf = (pipeline: Pipeline): Source => (pipeline[0]?.$source ?? {}) as Source;

/** Whether records with these fields reach the sink. Only an equality in `$match` stops one; all else lets records pass. */
export function passes(pipeline: Pipeline, record: Record<string, unknown> = {}): boolean {
  const wanted = pipeline.flatMap(({ $match }) => Object.entries((typeof $match === 'object' && $match) || {}));
  return wanted.every(
    ([field, value]) => field.startsWith('$') || typeof value === 'object' || record[field] === value,
  );
}
