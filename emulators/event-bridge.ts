import { randomUUID } from 'node:crypto';
import { parseArn } from './arn.ts';

/** The part of EventBridge that the deployment uses: three kinds of events, and the patterns of rules. */

/** A change of the tags of one resource. */
export interface TagChange {
  resourceArn: string;
  /** The keys of all tags that were added, changed or removed. */
  changedTagKeys: string[];
  /** All tags after the change. */
  tags: Record<string, string>;
  /** Counts the changes of this resource's tags from 1. */
  version: number;
  time: Date;
}

/** The event "Tag Change on Resource". Documented: user guide of Tag Editor, schema registry of EventBridge. */
export function tagChangeEvent({ resourceArn, changedTagKeys, tags, version, time }: TagChange) {
  const { service, region, account, resource } = parseArn(resourceArn);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Tag Change on Resource',
    source: 'aws.tag',
    account,
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [resourceArn],
    detail: {
      'changed-tag-keys': changedTagKeys,
      tags,
      service,
      'resource-type': resource.split('/')[0],
      version,
    },
  };
}

/** A change by MSK's API, as CloudTrail reports it. */
export interface ApiCall {
  operation: 'TagResource' | 'UntagResource' | 'CreateClusterV2';
  /** The cluster that is changed or created. */
  clusterArn: string;
  /** TagResource, CreateClusterV2. */
  tags?: Record<string, string> | undefined;
  /** UntagResource. */
  tagKeys?: string[] | undefined;
  /** The access key id. */
  caller: string;
  /** How MSK has refused the call. undefined: it has applied it. */
  error?: { code: string; message: string } | undefined;
  time: Date;
}

const apiCallDetailType = 'AWS API Call via CloudTrail';

/**
 * The event "AWS API Call via CloudTrail" for a change by MSK's API.
 *
 * Documented (developer guide, "Log events with AWS CloudTrail"): the common fields, `responseElements: null` of a call without a
 * response body, and that a parameter of the path is percent-encoded. Reported: source `aws.kafka`, `errorCode` of a refused call,
 * and `responseElements.clusterArn` of CreateClusterV2. Assumed: `tags` is the map and `tagKeys` the list of the API, and a refused
 * call has all of its parameters.
 */
export function apiCallEvent(call: ApiCall) {
  const { operation, clusterArn, caller, error, time } = call;
  const { region, account } = parseArn(clusterArn);
  const isoTime = time.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': apiCallDetailType,
    source: 'aws.kafka',
    account,
    time: isoTime,
    region,
    resources: [],
    detail: {
      eventVersion: '1.11',
      userIdentity: { type: 'AssumedRole', accountId: account, accessKeyId: caller },
      eventTime: isoTime,
      eventSource: 'kafka.amazonaws.com',
      eventName: operation,
      awsRegion: region,
      sourceIPAddress: '203.0.113.25',
      userAgent: 'local',
      ...(error && { errorCode: error.code, errorMessage: error.message }),
      ...callElements(call),
      requestID: randomUUID(),
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
    },
  };
}

function callElements({ operation, clusterArn, tags, tagKeys }: ApiCall) {
  if (operation === 'CreateClusterV2') {
    const [, clusterName] = parseArn(clusterArn).resource.split('/');
    return {
      requestParameters: { clusterName, ...(tags && { tags }) },
      responseElements: { clusterArn, clusterName, clusterType: 'PROVISIONED', state: 'CREATING' },
    };
  }
  const resourceArn = encodeURIComponent(clusterArn);
  return {
    requestParameters: { resourceArn, ...(tags && { tags }), ...(tagKeys && { tagKeys }) },
    responseElements: null,
  };
}

export const isApiCallEvent = (event: object): boolean =>
  'detail-type' in event && event['detail-type'] === apiCallDetailType;

/** The event "Step Functions Execution Status Change", reduced to the fields that our rules and function read. */
export function executionEvent(execution: { arn: string; name: string; stateMachineArn: string; status: string }) {
  const { arn, name, stateMachineArn, status } = execution;
  const { region, account } = parseArn(arn);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account,
    region,
    resources: [arn],
    detail: { executionArn: arn, name, stateMachineArn, status },
  };
}

type Leaf = string | number | boolean | null;
export type Matcher = Leaf | { exists: boolean } | { prefix: string };
export type EventPattern = { [field: string]: EventPattern | Matcher[] };

/**
 * Whether a rule with this pattern matches the event. Supports exact values, `exists` and `prefix`.
 *
 * @throws Error for any other operator, because ignoring it could match events that AWS would not match
 */
export const matches = (pattern: EventPattern, event: unknown): boolean => mismatches(pattern, event).length === 0;

/** A field of an event that a pattern does not match. */
export interface Mismatch {
  /** Such as `detail.tags.atlas-streaming`. */
  field: string;
  expected: Matcher[];
  /** undefined if the event has no such field */
  actual: unknown;
}

/** The fields of an event that differ from a pattern. @throws Error as `matches` does */
export const mismatches = (pattern: EventPattern, event: unknown, path = ''): Mismatch[] =>
  Object.entries(pattern).flatMap(([name, expected]) => {
    if (name.startsWith('$')) throw new Error(`The local EventBridge does not support the operator '${name}'.`);
    const [field, actual] = [`${path}${name}`, isObject(event) ? event[name] : undefined];
    if (!Array.isArray(expected)) return mismatches(expected, actual, `${field}.`);
    return matchesAny(expected, actual) ? [] : [{ field, expected, actual }];
  });

/** Whether any matcher matches any value. Documented: a list in an event matches if one of its elements does. */
function matchesAny(matchers: Matcher[], actual: unknown): boolean {
  const values = Array.isArray(actual) ? actual : [actual];
  return matchers.map((matcher) => values.some(predicate(matcher))).some(Boolean);
}

function predicate(matcher: Matcher): (value: unknown) => boolean {
  if (!isObject(matcher)) return (value) => value === matcher;
  const [operator, operand] = Object.entries(matcher)[0] ?? [];
  if (operator === 'exists') return (value) => (value !== undefined && !isObject(value)) === operand;
  if (operator === 'prefix') return (value) => typeof value === 'string' && value.startsWith(String(operand));
  throw new Error(`The local EventBridge does not support the operator '${operator}'.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
