import { monthlyDollars, type Resource } from '../../shared/outcomes.ts';
import type { Change } from '../../shared/prerequisites/plan-changes.ts';
import { roughly } from '../dollars.ts';

/** What a plan adds to the bills, in dollars per month, without traffic and stream processors. docs/cost.md has the sources. */
export interface Cost {
  monthlyDollars: number;
  parts: { for: string; monthlyDollars: number }[];
}

/** The states that begin something that is billed by the hour. */
const billed: Record<string, { resource: Resource; name: string }> = {
  EnablePrivateConnectivity: { resource: 'multiVpcConnectivity', name: 'AWS for multi-VPC connectivity' },
  RequestPrivateLink: { resource: 'privateLink', name: 'Atlas for the private link' },
};

export function costOf(plan: Change[]): Cost {
  const parts = plan.flatMap(({ state }) => {
    const { resource, name } = billed[state] ?? {};
    return resource && name ? [{ for: name, monthlyDollars: roughly(monthlyDollars(resource)) }] : [];
  });
  return { monthlyDollars: roughly(parts.reduce((sum, part) => sum + part.monthlyDollars, 0)), parts };
}
