import * as z from 'zod/mini';

/** What a run has done with a resource. */
export const Result = z.enum(['created', 'updated', 'removed', 'adopted', 'kept', 'unchanged', 'absent']);
export type Result = z.infer<typeof Result>;

/** The results that have changed something. */
const changes = new Set<Result>(['created', 'updated', 'removed']);

const resources = {
  multiVpcConnectivity: 'multi-VPC private connectivity of the cluster',
  scramSecretAssociation: 'association of the SCRAM secret with the cluster',
  policyStatement: 'statement for Atlas in the cluster policy',
  privateLink: 'private link',
  connection: 'Kafka connection',
  streamProcessor: 'stream processor',
  statusTags: 'status tags of the cluster',
} as const;
export type Resource = keyof typeof resources;

/** The begin of the note about what we use or keep, and never change. */
export const notCreated = 'not created by this deployment';

/** One resource in the output of a run. `note` says which one, or why. */
export const Outcome = z.object({
  resource: z.enum(Object.keys(resources) as [Resource, ...Resource[]]),
  result: Result,
  note: z.optional(z.string()),
});
export type Outcome = z.infer<typeof Outcome>;

/** What an output says about the status tags and the registry. */
export const writtenUnless = (refusal: string | undefined): string =>
  refusal === undefined ? 'written' : `not written: ${refusal}`;

export const isChange = ({ result }: Outcome): boolean => changes.has(result);

/** For a tag, which may hold neither commas nor parentheses: "kept - used by streams/invoices". */
export const briefly = ({ result, note }: Pick<Outcome, 'result' | 'note'>): string =>
  note ? `${result} - ${note}` : result;

/** One line for a person, such as "Private link: created". */
export const sentenceOf = ({ resource, result, note }: Outcome): string =>
  `${capitalized(resources[resource])}: ${result}${note ? ` (${note})` : ''}`;

/** What costs money from now on: dollars per hour, without traffic. docs/cost.md has the sources. */
const hourlyDollars: Partial<Record<Resource, number>> = { multiVpcConnectivity: 0.0225, privateLink: 0.07 };

/** What a resource costs in a month of 730 hours, in dollars; 0 if it is not billed by the hour. */
export const monthlyDollars = (resource: Resource): number => (hourlyDollars[resource] ?? 0) * 730;

/** A change as a part of a sentence, such as "private link created (billed by the hour, about $51 a month)". */
export const changeOf = ({ resource, result, note }: Outcome): string => {
  const done = resource === 'multiVpcConnectivity' && result !== 'removed' ? 'turned on' : result;
  const dollars = result === 'removed' ? 0 : Math.round(monthlyDollars(resource));
  const notes = [note, dollars > 0 && `billed by the hour, about $${dollars} a month`].filter(Boolean).join('; ');
  return `${resources[resource]} ${done}${notes ? ` (${notes})` : ''}`;
};

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
