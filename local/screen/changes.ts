import type { PolicyDocument, Statement } from '../../emulators/msk/policy.ts';
import { atlasSids } from '../../shared/msk/policy.ts';

/** What differs between the resources before and after a run: for the text and for the page. */

type Kind = 'unchanged' | 'added' | 'changed' | 'removed';

export interface Change {
  key: string;
  kind: Kind;
  before: string | undefined;
  after: string | undefined;
}

type Values = Record<string, string | undefined>;

/** One for each key that has a value, in the order of the new values. */
export const changesBetween = (before: Values, after: Values): Change[] =>
  Object.keys({ ...after, ...before })
    .map((key) => ({ key, kind: kindOf(before[key], after[key]), before: before[key], after: after[key] }))
    .filter(({ before, after }) => before !== undefined || after !== undefined);

export const sortedChanges = (before: Values, after: Values): Change[] =>
  changesBetween(before, after).toSorted((a, b) => a.key.localeCompare(b.key));

function kindOf(before: string | undefined, after: string | undefined): Kind {
  if (before === after) return 'unchanged';
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}

/** The new value of a change, after the old one if there are both. */
export const shownValue = ({ kind, before = '', after = '' }: Change): string =>
  ({ unchanged: after, added: after, removed: before, changed: `${before} → ${after}` })[kind];

/** The attributes of a record as `privateLink.id`. An empty list of them if there is no record. */
export const flat = (item: object | null, prefix = ''): Record<string, string> =>
  Object.fromEntries(
    Object.entries(item ?? {}).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flat(value, `${prefix}${name}.`))
        : [[`${prefix}${name}`, String(value)]],
    ),
  );

export interface StatementChange {
  statement: Statement;
  /** `foreign`: another party has added it during the run. */
  kind: 'unchanged' | 'removed' | 'added' | 'foreign';
}

/** The statements of both policies: first those that stay, then the removed ones, then the new ones. */
export function policyChanges(before: PolicyDocument | null, after: PolicyDocument | null): StatementChange[] {
  const [old, now] = [statementsOf(before), statementsOf(after)];
  const ours = after ? atlasSids(JSON.stringify(after)) : [];
  const isOurs = ({ Sid }: Statement) => Sid !== undefined && ours.includes(Sid);
  return [
    ...old.filter(isIn(now)).map((statement) => ({ statement, kind: 'unchanged' as const })),
    ...old.filter((it) => !isIn(now)(it)).map((statement) => ({ statement, kind: 'removed' as const })),
    ...now
      .filter((it) => !isIn(old)(it))
      .map((statement) => ({ statement, kind: isOurs(statement) ? ('added' as const) : ('foreign' as const) })),
  ];
}

const statementsOf = (policy: PolicyDocument | null): Statement[] => (policy ? [policy.Statement].flat() : []);

const isIn = (all: Statement[]) => (one: Statement) => all.some((it) => JSON.stringify(it) === JSON.stringify(one));

/** What names a statement: its Sid or, without one, its Effect and Principal. */
export const labelOf = ({ Sid, Effect, Principal }: Statement): string =>
  Sid === undefined ? `"Effect": "${Effect}", "Principal": ${JSON.stringify(Principal)}` : `"Sid": "${Sid}"`;

/** JSON with short objects and lists in one line. */
export function compactJson(value: unknown, width: number, indent = ''): string {
  const oneLine = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  if (oneLine.length + indent.length <= width || typeof value !== 'object' || value === null) return oneLine;
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${compactJson(item, width, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}"${key}": ${compactJson(item, width, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

/** The first eight characters of a UUID are enough for a reader. The JSON output has all of them. */
export const shortIds = (line: string): string => line.replace(/([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '$1…');
