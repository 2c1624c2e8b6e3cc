/**
 * Recognises the whole ARN of a Secrets Manager secret, whose name is followed by six characters of AWS's own.
 *
 * @param prefix of the secret's name
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export const secretArnPattern = (prefix: string): RegExp =>
  new RegExp(
    `^arn:aws[a-z-]{0,16}:secretsmanager:[a-z0-9-]{1,32}:\\d{12}:secret:${prefix}[\\w/+=.@-]{1,${512 - prefix.length}}-[A-Za-z0-9]{6}$`,
  );

/** The name in a secret's ARN: without the six characters at its end. */
export const secretNameOf = (secretArn: string): string =>
  secretArn.replace(/^.*:secret:/, '').replace(/-[A-Za-z0-9]{6}$/, '');
