/** A tag of the stack: letters, digits, spaces and `_.:/=+-` as Serverless allows, but no `=` in the key, which ends at the first one. */
const tag = '(?!aws:)[A-Za-z0-9_.:/+ -]{1,128}=[A-Za-z0-9_.:/=+@ -]{0,256}';

/**
 * The setting `tags` of a stage. It is not a parameter: CloudFormation itself puts the tags of a stack on its resources. The other ways to
 * deploy have an option for them.
 */
export const tagsSetting = {
  Type: 'String' as const,
  Description:
    'The tags of the stack, which CloudFormation puts on every resource that supports tags, as key=value, separated by commas. The tag STAGE is the name of the stage.',
  Default: '',
  AllowedPattern: `^(${tag}(,${tag})*)?$`,
  ConstraintDescription:
    'must be empty, or tags as key=value, separated by commas, of letters, digits, spaces and "_.:/+-@", with keys that do not start with "aws:", for example "team=streaming,cost-center=42"',
};

/** @param tags the setting, which has been checked */
export const readTags = (tags: string): Record<string, string> => Object.fromEntries(pairsOf(tags));

/** @returns the first key that the setting has twice */
export function doubledKey(tags: string): string | undefined {
  const keys = pairsOf(tags).map(([key]) => key);
  return keys.find((key, index) => keys.indexOf(key) !== index);
}

const pairsOf = (tags: string): [key: string, value: string][] =>
  tags
    .split(',')
    .filter(Boolean)
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
