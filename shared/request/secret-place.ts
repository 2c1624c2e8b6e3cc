import { InvalidRequest } from '../errors.ts';
import type { ClusterArn } from '../msk/arn.ts';
import { shown } from './redaction.ts';

/**
 * MSK associates only a secret of the cluster's own account and Region.
 *
 * @throws InvalidRequest
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-limitations.html
 */
export function refuseSecretElsewhere(secretArn: string, { region, accountId }: ClusterArn): void {
  const [, , , secretRegion, secretAccountId] = secretArn.split(':');
  const complaint =
    secretRegion !== region
      ? `is in Region ${secretRegion}; it must be in ${region}`
      : secretAccountId !== accountId
        ? `is in account ${secretAccountId}; it must be in account ${accountId}`
        : undefined;
  if (complaint)
    throw new InvalidRequest(
      `secretArn ${complaint}, the cluster's, because MSK associates no other secret. It is ${shown(secretArn)}. Store the user and password in a secret there, for example "arn:aws:secretsmanager:${region}:${accountId}:secret:AmazonMSK_orders-a1B2c3".`,
    );
}

const ofNoUse = 'secretArn is for a SCRAM mechanism, but ';

/**
 * Refuses a secret for a connection that uses none.
 *
 * @param why such as `mechanism in the input is "AWS_MSK_IAM"`
 * @throws InvalidRequest
 */
export function refuseSecretOfNoUse(why: string): never {
  throw new InvalidRequest(
    `${ofNoUse}${why}, which uses no secret; leave secretArn out, or ask for the mechanism "SCRAM-512".`,
  );
}

/** Whether a message is that refusal. */
export const saysSecretIsOfNoUse = (message: string): boolean => message.startsWith(ofNoUse);
