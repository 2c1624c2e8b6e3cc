import { secretsManagerError } from './secret.ts';

export interface SecretTag {
  Key?: string;
  Value?: string;
}

/** Documented. */
const limits = { tags: 50, key: 128, value: 256 };

const invalid = (message: string) => secretsManagerError('InvalidParameterException', message);

/** Documented: a key has 1 to 128 characters. The text is assumed. @throws Refusal InvalidParameterException */
export function checkTagKeys(keys: (string | undefined)[] | undefined): string[] {
  if (!keys) throw invalid('TagKeys is missing.');
  return keys.map((key = '') => {
    if (key.length < 1 || key.length > limits.key) throw invalid(`The tag key '${key}' must have 1 to 128 characters.`);
    return key;
  });
}

/**
 * The tags of a secret after TagResource. Documented: other tags stay; a secret has at most 50; a value has at most 256 characters; and the
 * prefix `aws:` is reserved. The texts are assumed.
 *
 * @throws Refusal InvalidParameterException
 */
export function withTags(before: Record<string, string>, tags: SecretTag[] | undefined): Record<string, string> {
  if (!tags) throw invalid('Tags is missing.');
  const after = { ...before };
  const keys = checkTagKeys(tags.map(({ Key }) => Key));
  for (const [index, key] of keys.entries()) {
    const value = tags[index]?.Value ?? '';
    if (value.length > limits.value)
      throw invalid(`The value of tag '${key}' has more than ${limits.value} characters.`);
    if (/^aws:/i.test(key)) throw invalid(`The tag key '${key}' begins with aws:, which is reserved.`);
    after[key] = value;
  }
  if (Object.keys(after).length > limits.tags) throw invalid(`A secret has at most ${limits.tags} tags.`);
  return after;
}
