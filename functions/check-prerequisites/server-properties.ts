/**
 * Parses the Java properties that MSK accepts: `key=value`, `key: value`, comments with `#` or `!`. The last value of a key counts.
 */
export const parseProperties = (text: string): Map<string, string> =>
  new Map(
    text
      .split(/\r?\n/)
      .map((line) => /^\s*([^#!=:\s][^=:\s]*)\s*[=:\s]\s*(.*?)\s*$/.exec(line))
      .filter((match) => match !== null)
      .map(([, key = '', value = '']) => [key, value]),
  );
