/** What identity-based policies and cluster policies share. */

/** Whether a value matches a pattern with IAM's wildcards, `*` and `?`. No regular expression: one with many wildcards takes hours. */
export function isLike(pattern: string, value: string): boolean {
  /** For each length: whether that much of the value matches the part of the pattern that was read. */
  let matches = [true, ...Array<boolean>(value.length).fill(false)];
  for (const character of pattern.split('')) {
    const longer = [character === '*' && matches[0] === true];
    for (let length = 1; length <= value.length; length++)
      longer.push(
        character === '*'
          ? longer[length - 1] === true || matches[length] === true
          : matches[length - 1] === true && (character === '?' || character === value[length - 1]),
      );
    matches = longer;
  }
  return matches[value.length] === true;
}

/** The values of an element, which may be one value, a list, or missing. */
export function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
