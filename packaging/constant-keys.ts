/**
 * Writes the keys of the AWS SDK's schemas as what they are: `{ [_h]: … }`, with `const _h = "http";` above it, becomes
 * `{ "http": … }`. esbuild must suppose that a computed key does something when it is computed, and so keeps the schemas of all
 * operations of a service; a literal lets it drop those that a function never calls, a sixth of a bundle with Amazon MSK.
 *
 * @param source a module; one without such keys stays as it is
 */
export function withConstantKeys(source: string): string {
  const constants = new Map(
    Array.from(source.matchAll(/^const (\w+) = ("[\w.:-]+");$/gm), ([, name = '', value = '']) => [name, value]),
  );
  return source.replaceAll(/\[(\w+)\]:/g, (key, name: string) => {
    const value = constants.get(name);
    // As a literal, this one key would set the object's prototype.
    return value === undefined || value === '"__proto__"' ? key : `${value}:`;
  });
}
