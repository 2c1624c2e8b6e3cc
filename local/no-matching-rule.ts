import type { Deployment } from '../emulators/deployment/deployment.ts';
import { type Matcher, type Mismatch, mismatches } from '../emulators/event-bridge.ts';
import { listed, shown } from '../shared/request/redaction.ts';

/** No rule matches the user's event. The message names the fields that differ. */
export class NoMatchingRule extends Error {
  /** @param path of the file with the event */
  constructor(path: string, event: object, deployment: Deployment) {
    super(`No rule matches the event in ${path}, so no execution is started. ${differences(event, deployment)}`);
  }
}

/** One sentence for each rule that is closest to the event. If more than one field differs, one rule is enough. */
function differences(event: object, { rules, machines }: Deployment): string {
  const differing = rules
    .filter(({ isEnabled, targetArn }) => isEnabled && machines.some(({ arn }) => arn === targetArn))
    .map(({ name, eventPattern }) => ({ name, fields: mismatches(eventPattern, event) }));
  const fewest = Math.min(...differing.map(({ fields }) => fields.length));
  const closest = differing.filter(({ fields }) => fields.length === fewest);
  return closest
    .slice(0, fewest === 1 ? undefined : 1)
    .map(({ name, fields }) => `The rule ${name} needs ${list.format(fields.map(needed))}.`)
    .join(' ');
}

const list = new Intl.ListFormat('en-GB');

/** Such as `source to be "aws.tag", not "aws.s3"`. */
function needed({ field, expected, actual }: Mismatch): string {
  const values = either.format(expected.map(described));
  const found = Array.isArray(actual) && actual.length > 0 ? listed(actual) : shown(actual);
  return `${field} to ${values}${actual === undefined ? '' : `, not ${found}`}`;
}

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' });

function described(matcher: Matcher): string {
  if (typeof matcher !== 'object' || matcher === null) return `be ${JSON.stringify(matcher)}`;
  if ('prefix' in matcher) return `begin with ${JSON.stringify(matcher.prefix)}`;
  return matcher.exists ? 'exist' : 'be absent';
}
