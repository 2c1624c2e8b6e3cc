import { isCommand } from '../../shared/command.ts';
import type { Scheme } from '../../shared/login.ts';
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

/** What preflight says about one cluster: the JSON document of `--json`. */
export interface Report {
  clusterArn: string;
  /** What is known about it, such as `Apache Kafka 3.6.0`. */
  cluster: string;
  /** null: a check could not be made. */
  ready: boolean | null;
  target: { projectId: string; workspace: string; connectionName: string };
  checks: CheckResult[];
  /** What a run would change, in its order; null: that is unknown. */
  plan: Change[] | null;
  notes: string[];
  cost: Cost | null;
  owner: Owner | null;
}

/** The checks that preflight makes only if there is something to check. */
const optional = new Set<Check>(['registry', 'streamsRoleTag']);

/** The results of all checks that an authentication scheme needs. One that was not made says why: because of the one that it needs. */
export const resultsOf = (findings: Findings, scheme: Scheme): CheckResult[] =>
  checkIds
    .filter((id) => findings.of(id) !== undefined || !(optional.has(id) || isOfOther(scheme, id)))
    .map((id) => ({ id, title: checks[id].title, ...resultOf(id, findings) }));

function resultOf(id: Check, findings: Findings): Pick<CheckResult, 'result' | 'text' | 'remedy'> {
  const found = findings.of(id);
  if (!found) return { result: 'unknown', text: whyNotMade(id, findings) };
  if (found.unknown !== undefined) return { result: 'unknown', text: found.unknown };
  if (found.unmet.length === 0) return { result: 'met' };
  const text = found.unmet.join('\n');
  const commands = text
    .split('\n')
    .filter(isCommand)
    .map((line) => line.trim());
  return { result: 'unmet', text, ...(commands.length > 0 && { remedy: commands.join('\n') }) };
}

/** The checks may need each other, such as the Region and the workspace, which are read together. */
function whyNotMade(id: Check, findings: Findings): string {
  const seen = new Set<Check>();
  let needed = needOf(id);
  while (needed && !findings.of(needed) && !seen.has(needed)) {
    seen.add(needed);
    needed = needOf(needed);
  }
  const { unknown } = (needed && findings.of(needed)) ?? {};
  return unknown ?? (needed ? `Needed first: ${checks[needed].title}.` : 'Needed first: what is missing above.');
}

const isOfOther = (scheme: Scheme, id: Check): boolean =>
  ((checks[id] as { scheme?: Scheme }).scheme ?? scheme) !== scheme;

const needOf = (id: Check): Check | undefined => (checks[id] as { needs?: Check }).needs;

/** Ready if everything is met; not if anything is unmet; else unknown. */
export function isReady(results: CheckResult[]): boolean | null {
  if (results.some(({ result }) => result === 'unmet')) return false;
  return results.some(({ result }) => result === 'unknown') ? null : true;
}
