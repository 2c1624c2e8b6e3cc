import * as z from 'zod/mini';
import { withCommand } from '../command.ts';
import { AwsRefused } from '../errors.ts';
import { quoted } from '../foreign-text.ts';
import { allowCommand, allowTag } from './allow-tag.ts';
import type { SecretsClient } from './client.ts';
import { usePassword } from './in-use.ts';

const ScramSecret = z.object({
  username: z.string().check(z.minLength(1)),
  password: z.string().check(z.minLength(1)),
});

/** The shape that MSK requires of a SCRAM secret. @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html */
const shape = '{"username":"…","password":"…"}';

type ReadSecret =
  | { username: string; password: string; versionId: string; unusable?: never }
  | { username?: never; versionId?: never; unusable: string };

/**
 * Reads the user and password of an MSK SCRAM secret. The caller must not log or return the password.
 *
 * @returns the credentials and their version, or `unusable`: a sentence that says why, and what to do
 * @throws AwsThrottled, AwsUnavailable
 */
export async function readScramSecret(secretArn: string, secrets: SecretsClient): Promise<ReadSecret> {
  try {
    return scramSecretOf(secretArn, await secrets.read(secretArn));
  } catch (error) {
    if (!(error instanceof AwsRefused)) throw error;
    return { unusable: whyUnreadable(secretArn, error) };
  }
}

/** The same for what was read. From here on, the password is blotted out of every error. */
export function scramSecretOf(
  secretArn: string,
  { value, versionId }: { value: unknown; versionId: string },
): ReadSecret {
  const secret = ScramSecret.safeParse(value);
  if (secret.success) {
    usePassword(secret.data.password);
    return { ...secret.data, versionId };
  }
  const fields = secret.error.issues.map(({ path }) => path.join('.')).filter(Boolean);
  const found = fields.length > 0 ? `has no usable ${fields.join(' and ')}` : "isn't a JSON object";
  return { unusable: `The SCRAM secret ${secretArn} ${found}; it must be JSON such as ${shape}.` };
}

/** Why AWS refuses to return or describe a secret, and what to do. */
export const whyUnreadable = (secretArn: string, { code, said }: AwsRefused): string =>
  withCommand(
    `The SCRAM secret ${secretArn} cannot be read (${code}: ${quoted(said)}). It must exist and have the tag ${allowTag.key}=${allowTag.value}, and the policies of the secret and of its KMS key must let this account's roles read it. To set the tag:`,
    allowCommand(secretArn),
  );
