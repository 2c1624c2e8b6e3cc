import { regionOf } from '../msk/arn.ts';

/**
 * The tag by which a secret's owner lets Atlas have its user and password. It is a condition in the roles of the functions that read
 * SCRAM secrets, so that no tag of a cluster and no input can send the password of another user.
 */
export const allowTag = { key: 'atlas-streaming', value: 'allow' } as const;

/** The AWS CLI's command that sets the tag. */
export const allowCommand = (secretArn: string): string =>
  `aws secretsmanager tag-resource --region ${regionOf(secretArn)} --secret-id ${secretArn} --tags Key=${allowTag.key},Value=${allowTag.value}`;
