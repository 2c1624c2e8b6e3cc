/** What identity-based policies and cluster policies share. */

/** Whether a value matches a pattern with IAM's wildcards, `*` and `?`. No regular expression: one with many wildcards takes hours. */
export function isLike(pattern: string, value: string): boolean {
  let at = 0;
  let position = 0;
  /** The latest `*`, and how much of the value stands before what follows it. */
  let latest: { at: number; position: number } | undefined;
  while (position < value.length) {
    if (pattern[at] === '*') latest = { at: at++, position };
    else if (pattern[at] === '?' || pattern[at] === value[position]) {
      at += 1;
      position += 1;
    } else if (latest) {
      latest.position += 1;
      at = latest.at + 1;
      position = latest.position;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** The values of an element, which may be one value, a list, or missing. */
export function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
