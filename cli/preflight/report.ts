import { isCommand } from '../../shared/command.ts';
import type { Mechanism, Scheme } from '../../shared/login.ts';
import { type Check, checkIds, checks } from '../../shared/prerequisites/checks.ts';
import type { Findings } from '../../shared/prerequisites/findings.ts';
import type { Change } from '../../shared/prerequisites/plan-changes.ts';
import type { Cost } from './cost.ts';
import type { Owner } from './owner.ts';

/** `text`: what is wrong, or why the check could not be made. `remedy`: the commands in it. */
export interface CheckResult {
  id: Check;
  title: string;
  result: 'met' | 'unmet' | 'unknown';
  text?: string;
  remedy?: string;
}

/** The way to log in that a run does not take. Its checks do not count. */
export interface OtherWay {
  mechanism: Mechanism;
  /** Those that only this way needs, and those of both ways that this one does not meet for a reason of its own. */
  checks: CheckResult[];
}

/** What preflight says about one cluster: the JSON document of `--json`. */
export interface Report {
  clusterArn: string;
  /** What is known about it, such as `Apache Kafka 3.6.0`. */
  cluster: string;
  /** null: a check could not be made. */
  ready: boolean | null;
  target: { projectId: string; workspace: string; connectionName: string };
  /** How Atlas would log in, and why, as half a sentence; null: that is unknown. */
  mechanism: Mechanism | null;
  because: string | null;
  /** What both ways to log in need, then what only this one needs. */
  checks: CheckResult[];
  /** null: it was not looked at. */
  otherWay: OtherWay | null;
  /** What a run would change, in its order; null: that is unknown. */
  plan: Change[] | null;
  notes: string[];
  cost: Cost | null;
  owner: Owner | null;
}

/** The checks that preflight makes only if there is something to check. */
const optional = new Set<Check>(['registry', 'topics', 'streamsRoleTag']);

/**
 * The results of all checks that an authentication scheme needs, first those that every scheme needs. One that was not made says why:
 * because of the one that it needs.
 *
 * @param scheme undefined: only what every scheme needs
 */
export const resultsOf = (findings: Found, scheme: Scheme | undefined): CheckResult[] =>
  [...checkIds.filter((id) => schemeOfCheck(id) === undefined), ...checkIds.filter((id) => isAbout(scheme, id))]
    .filter((id) => findings.of(id) !== undefined || !optional.has(id))
    .map((id) => ({ id, title: checks[id].title, ...resultOf(id, findings) }));

type Found = Pick<Findings, 'of'>;

/** Whether a check is only about this authentication scheme. */
export const isAbout = (scheme: Scheme | undefined, id: Check): boolean =>
  scheme !== undefined && schemeOfCheck(id) === scheme;

const schemeOfCheck = (id: Check): Scheme | undefined => (checks[id] as { scheme?: Scheme }).scheme;

function resultOf(id: Check, findings: Found): Pick<CheckResult, 'result' | 'text' | 'remedy'> {
  const found = findings.of(id);
  if (!found) return { result: 'unknown', text: whyNotMade(id, findings) };
  if (found.unknown !== undefined) return { result: 'unknown', text: found.unknown };
  if (found.unmet.length === 0) return { result: 'met' };
  return unmet(found.unmet.join('\n'));
}

/** @param text the complaints, each with its remedy */
export function unmet(text: string): Pick<CheckResult, 'result' | 'text' | 'remedy'> {
  const commands = text
    .split('\n')
    .filter(isCommand)
    .map((line) => line.trim());
  return { result: 'unmet', text, ...(commands.length > 0 && { remedy: commands.join('\n') }) };
}

/** The checks may need each other, such as the Region and the workspace, which are read together. */
function whyNotMade(id: Check, findings: Found): string {
  const seen = new Set<Check>();
  let needed = needOf(id);
  while (needed && !findings.of(needed) && !seen.has(needed)) {
    seen.add(needed);
    needed = needOf(needed);
  }
  const { unknown } = (needed && findings.of(needed)) ?? {};
  return unknown ?? (needed ? `Needed first: ${checks[needed].title}.` : 'Needed first: what is missing above.');
}

const needOf = (id: Check): Check | undefined => (checks[id] as { needs?: Check }).needs;

/** Ready if everything is met; not if anything is unmet; else unknown. */
export function isReady(results: CheckResult[]): boolean | null {
  if (results.some(({ result }) => result === 'unmet')) return false;
  return results.some(({ result }) => result === 'unknown') ? null : true;
}
