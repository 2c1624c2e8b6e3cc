import type { z } from 'zod';
import type { Request } from '../emulator.ts';
import { parseBody } from './body.ts';
import type { Known } from './knowledge.ts';
import type { Project } from './project.ts';

export type Labels = Record<
  'groupId' | 'connectionId' | 'tenantName' | 'connectionName' | 'processorName' | 'cloudProvider' | 'roleId',
  string
>;

export interface Context {
  project: Project;
  labels: Labels;
  request: Request;
}

export interface Endpoint {
  /** Atlas's operationId. */
  operation: string;
  /** Method, and path after the project. */
  route: string;
  /** How its requests and answers are known. */
  known: Known;
  /** The date of the only version. Default: 2023-02-01. */
  version?: string;
  /** Of the answer. Default: json. A gzip answer is compressed JSON lines. */
  format?: 'json' | 'gzip';
  /** The parameters of the query, without those of all endpoints. */
  parameters?: readonly string[];
  /** Of the request. */
  body?: z.ZodType;
  /** Of the answer. */
  shape: z.ZodType;
  /** Whether the endpoint changes the document that holds all connections of a workspace. */
  writesWorkspace?: boolean;
  /** Default: a role for Stream Processing is enough. */
  needsProjectOwner?: boolean;
  /** Default: 200, which Atlas answers even if it has created something, or 204 for an answer without a body. Recorded. */
  status?: number;
  answer(context: Context): object | undefined;
}

/** The part of an endpoint that takes a body. */
export const taking = <T>(body: z.ZodType<T>, answer: (body: T, context: Context) => object | undefined) => ({
  body,
  answer: (context: Context) => answer(parseBody(body, context.request.body), context),
});
