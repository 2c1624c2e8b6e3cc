import { getProperties } from 'properties-file';

/**
 * Parses a configuration's server.properties by Java's rules, as Kafka does: the last value of a key counts, and it may end in
 * blanks.
 *
 * @returns undefined if it has a malformed `\uXXXX`, which Java refuses
 * @see https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
 */
export function parseProperties(text: string): Map<string, string> | undefined {
  try {
    return new Map(Object.entries(getProperties(text)));
  } catch {
    return undefined;
  }
}
