import * as z from 'zod/mini';

/** What a run has done with a resource. */
export const Result = z.enum(['created', 'updated', 'removed', 'adopted', 'kept', 'unchanged', 'absent']);
export type Result = z.infer<typeof Result>;

/** The results that have changed something. */
const changes = new Set<Result>(['created', 'updated', 'removed']);

const resources = {
  multiVpcConnectivity: 'Multi-VPC private connectivity of the cluster',
  scramSecretAssociation: 'Association of the SCRAM secret with the cluster',
  policyStatement: 'Statement for Atlas in the cluster policy',
  privateLink: 'Private link',
  connection: 'Kafka connection',
} as const;
type Resource = keyof typeof resources;

/** One resource in the output of a run. `note` says which one, or why. */
export const Outcome = z.object({
  resource: z.enum(Object.keys(resources) as [Resource, ...Resource[]]),
  result: Result,
  note: z.optional(z.string()),
});
export type Outcome = z.infer<typeof Outcome>;

export const isChange = ({ result }: Outcome): boolean => changes.has(result);

/** For a tag, which may hold neither commas nor parentheses: "kept - used by streams/invoices". */
export const briefly = ({ result, note }: Pick<Outcome, 'result' | 'note'>): string =>
  note ? `${result} - ${note}` : result;

/** One line for a person, such as "Private link: created". */
export const sentenceOf = ({ resource, result, note }: Outcome): string =>
  `${resources[resource]}: ${result}${note ? ` (${note})` : ''}`;
