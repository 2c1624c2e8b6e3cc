import type { Request } from '../request/request.ts';
import type { Planned } from './plan-changes.ts';

/**
 * What a person should know about a plan; '' if there is nothing.
 *
 * @param planned undefined if nothing was planned
 */
export function noteOn({ dryRun, targetChange }: Request, planned: Planned | undefined): string {
  const { adopted = [], denials, possibleDenials } = planned ?? {};
  return [
    dryRun &&
      adopted.length > 0 &&
      `A run would use ${adopted.join(' and ')}, which this deployment did not create; a disconnect leaves ${adopted.length > 1 ? 'both' : 'it'}.`,
    dryRun && denials && `A run would verify the connection, and end in PolicyRefused. ${denials}`,
    dryRun && possibleDenials,
    targetChange && `${targetChange}. A run verifies the connected target and changes no other.`,
  ]
    .filter(Boolean)
    .join(' ');
}
