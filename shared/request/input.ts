import * as z from 'zod/mini';
import { InvalidRequest } from '../errors.ts';
import { parseClusterArn } from '../msk/arn.ts';
import { type Action, complaint, type Field, fields, fieldsOf, rules, valid } from './fields.ts';
import { isCredential, isRecord, listed, shown } from './redaction.ts';

/** The input of a manual start. */
const ConsoleInput = z.strictObject({
  ...(z.partial(z.object(fields)).shape as { [F in Field]: z.ZodMiniOptional<(typeof fields)[F]> }),
  clusterArn: fields.clusterArn,
});
export type ConsoleInput = z.infer<typeof ConsoleInput>;

/** The event of a changed tag. @see https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html */
const TagEvent = z.object({
  source: z.literal('aws.tag'),
  'detail-type': z.literal('Tag Change on Resource'),
  resources: z.array(z.string()).check(z.length(1)),
  detail: z.object({ 'changed-tag-keys': z.array(z.string()), tags: z.record(z.string(), z.string()) }),
});

/**
 * A call that CloudTrail has seen. It records path parameters percent-encoded.
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/logging-API-using-cloudtrail.html
 */
const CallEvent = z.object({
  source: z.literal('aws.kafka'),
  'detail-type': z.literal('AWS API Call via CloudTrail'),
  detail: z.union([
    z.object({
      eventName: z.enum(['TagResource', 'UntagResource']),
      requestParameters: z.object({ resourceArn: z.string() }),
    }),
    z.object({
      eventName: z.enum(['CreateClusterV2', 'CreateCluster']),
      responseElements: z.object({ clusterArn: z.string() }),
    }),
  ]),
});

/**
 * An event of EventBridge has a few kilobytes. A longer one is written by hand, and each state passes the input on: the data of a state
 * that grows beyond 256 KiB would end the run without a Cause.
 */
const maxEventBytes = 65_536;

/** The ARN of the cluster that a call was about, decoded. */
function clusterArnOfCall({ detail }: z.infer<typeof CallEvent>): string {
  if ('responseElements' in detail) return detail.responseElements.clusterArn;
  const { resourceArn } = detail.requestParameters;
  try {
    return decodeURIComponent(resourceArn);
  } catch {
    return resourceArn;
  }
}

/**
 * Reads the execution's input: an EventBridge event of a changed tag, or the JSON of a manual start.
 *
 * @param action of the machine that was started
 * @throws InvalidRequest in one sentence: which field, which value, what would be right
 */
export function readInput(input: unknown, action: Action = 'connect'): ConsoleInput {
  if (isEvent(input)) return { clusterArn: clusterArnOfEvent(input) };
  refuseCredentials(input);
  const console = ConsoleInput.safeParse(input);
  if (console.success) return console.data;
  throw new InvalidRequest(explain(input, action, console.error));
}

function clusterArnOfEvent(input: unknown): string {
  const call = CallEvent.safeParse(input);
  const event = TagEvent.safeParse(input);
  if (!call.success && !event.success)
    throw new InvalidRequest(
      `The input has the field source or detail-type, so it must be an event: "Tag Change on Resource" of aws.tag about one resource (wrong or missing: ${pathsOf(event.error)}), or a CloudTrail event about a new cluster or a tag of a cluster. To start a run manually, give an object with the field clusterArn, and without source and detail-type.`,
    );
  const bytes = new TextEncoder().encode(JSON.stringify(input)).length;
  if (bytes > maxEventBytes)
    throw new InvalidRequest(
      `The event has ${bytes} bytes; it must have at most ${maxEventBytes}. To start a run manually, give an object with the field clusterArn instead.`,
    );
  return call.success
    ? valid('clusterArn', clusterArnOfCall(call.data), 'The ARN in the event')
    : valid('clusterArn', event.data?.resources[0], 'resources[0]');
}

/** Whether the input is meant as an event of EventBridge, and not as the JSON of a manual start. */
export const isEvent = (input: unknown): boolean => isRecord(input) && ('detail-type' in input || 'source' in input);

/** When the change happened that an event reports; ISO 8601. undefined: the input isn't an event, or has no readable time. */
export function eventTimeOf(input: unknown): string | undefined {
  const { time } = (input ?? {}) as { time?: unknown };
  return isEvent(input) && typeof time === 'string' && Number.isFinite(Date.parse(time)) ? time : undefined;
}

/** The cluster ARN in an input that may be wrong otherwise; undefined if there is none. */
export function clusterArnIn(input: unknown): string | undefined {
  const { clusterArn, resources } = (input ?? {}) as { clusterArn?: unknown; resources?: unknown };
  const call = CallEvent.safeParse(input);
  const tagged = isEvent(input) ? Array.isArray(resources) && resources[0] : clusterArn;
  const named = call.success ? clusterArnOfCall(call.data) : tagged;
  return typeof named === 'string' && parseClusterArn(named) ? named : undefined;
}

/**
 * One sentence about everything that is wrong with a console input. It shows no whole input: an example must not start a run on
 * another cluster. RecordFailure repeats the person's own input, corrected.
 */
function explain(input: unknown, action: Action, { issues }: z.core.$ZodError): string {
  if (!isRecord(input)) return `The input is ${shown(input)}; it must be a JSON object with the field clusterArn.`;
  const complaints = issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `the input has the unknown field ${listed(issue.keys)}; the fields are ${fieldsOf(action).join(', ')}`;
    const field = issue.path[0] as Field;
    return Object.hasOwn(input, field)
      ? complaint(field, input[field])
      : `${field} is missing; it must be ${rules[field]}`;
  });
  const sentence = [...new Set(complaints)].join('; and ');
  // A field's name keeps its spelling.
  return `${sentence.replace(/^the input/, 'The input')}.`;
}

/**
 * Refuses credentials in `config`, which would stay readable in the execution's history for 90 days. This check comes first,
 * because a complaint about another field may quote its value.
 */
function refuseCredentials(input: unknown): void {
  const { config } = (input ?? {}) as { config?: unknown };
  const key = Object.keys(config ?? {}).find(isCredential);
  if (key === undefined) return;
  throw new InvalidRequest(
    `config has the key ${shown(key)}, which looks like a credential. Leave it out: the input stays readable in the execution's history. The user and password come from the SCRAM secret.`,
  );
}

const pathsOf = ({ issues }: z.core.$ZodError) => listed([...new Set(issues.map(({ path }) => path.join('.')))]);
