import type { Filter, ListSecretsRequest, SecretListEntry } from '@aws-sdk/client-secrets-manager';
import type { PageRules } from '../pages.ts';
import { describe, type Secret, secretsManagerError } from './secret.ts';

const maxSize = 100;

/** Documented: a page has 1 to 100 secrets. Assumed: all that fit if the caller says nothing; a token lasts for a day; the texts. */
export const pageRules: PageRules = {
  minSize: 1,
  maxSize,
  defaultSize: maxSize,
  tokenLastsMs: 24 * 3_600_000,
  refuseSize: () => secretsManagerError('InvalidParameterException', `MaxResults must be from 1 to ${maxSize}.`),
  refuseToken: () => secretsManagerError('InvalidNextTokenException', 'The NextToken value is invalid.'),
};

/**
 * Documented: by the time of their creation, and without those that are scheduled for deletion, unless the caller asks for them. Assumed:
 * the newest first, unless the caller says otherwise. Unlike the service, the list is never behind.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
 */
export function listedSecrets(
  secrets: Secret[],
  { IncludePlannedDeletion = false, Filters = [], SortOrder = 'desc', SortBy = 'created-date' }: ListSecretsRequest,
): SecretListEntry[] {
  if (SortBy !== 'created-date') throw notImplemented(`SortBy ${SortBy}`);
  checkSelection(Filters, SortOrder);
  const matching = Filters.map(matcherOf);
  const listed = secrets.filter(
    (secret) => (IncludePlannedDeletion || !secret.deletedAt) && matching.every((matches) => matches(secret)),
  );
  if (SortOrder === 'desc') listed.reverse();
  return listed.map((secret) => {
    const { VersionIdsToStages, ...described } = describe(secret);
    return { ...described, SecretVersionsToStages: VersionIdsToStages };
  });
}

/** Documented: how many filters and values there may be, and the form of a value. */
const limits = { filters: 10, values: 10, value: /^!?[a-zA-Z0-9 :_@/+=.\-!]{0,512}$/ };

/** The texts are assumed. @throws Refusal ValidationException */
function checkSelection(filters: Filter[], sortOrder: string): void {
  const refuse = (member: string, what: string) =>
    secretsManagerError('ValidationException', `1 validation error detected: Value at '${member}' must ${what}`);
  if (sortOrder !== 'asc' && sortOrder !== 'desc') throw refuse('sortOrder', 'be asc or desc');
  if (filters.length > limits.filters) throw refuse('filters', `have at most ${limits.filters} members`);
  for (const { Values = [] } of filters) {
    if (Values.length < 1 || Values.length > limits.values)
      throw refuse('filters.values', `have 1 to ${limits.values} members`);
    if (!Values.every((value) => limits.value.test(value)))
      throw refuse('filters.values', `match ${limits.value.source}`);
  }
}

const textsOf: Record<string, (secret: Secret) => string[]> = {
  name: ({ name }) => [name],
  'tag-key': ({ tags }) => Object.keys(tags),
  'tag-value': ({ tags }) => Object.values(tags),
};

/** Documented: a value matches the beginning of a text, with its case, and "!" before it negates it. Assumed: one of several values is enough. */
function matcherOf({ Key = 'all', Values = [] }: Filter): (secret: Secret) => boolean {
  const texts = Object.hasOwn(textsOf, Key) ? textsOf[Key] : undefined;
  if (!texts) throw notImplemented(`the filter ${Key}`);
  const begins = (secret: Secret, value: string) => texts(secret).some((text) => text.startsWith(value));
  return (secret) =>
    Values.some((value) => (value.startsWith('!') ? !begins(secret, value.slice(1)) : begins(secret, value)));
}

const notImplemented = (what: string) =>
  secretsManagerError('UnknownOperationException', `The local cloud does not implement ${what}.`);
