import * as z from 'zod/mini';

/** With the user and password of a SCRAM secret. MSK supports only SCRAM-SHA-512; an older page of Atlas names PLAIN. */
const scramMechanisms = ['SCRAM-512', 'PLAIN'] as const;

/** How a connection of Atlas may log in to a cluster, in Atlas's words. AWS_MSK_IAM: as a role, without a password. */
export const mechanisms = [...scramMechanisms, 'AWS_MSK_IAM'] as const;
export type Mechanism = (typeof mechanisms)[number];

/** Atlas's name of a private link's `authenticationScheme`. A link has one, for good. */
export type Scheme = 'SASL_SCRAM' | 'IAM';

/** MSK's name of the authentication of clients, for a person. */
export const authenticationOf: Record<Scheme, string> = { SASL_SCRAM: 'SASL/SCRAM', IAM: 'IAM' };

/** The scheme that a mechanism needs: MSK's brokers have other names and ports for each scheme. */
export const schemeOf = (mechanism: Mechanism): Scheme => (mechanism === 'AWS_MSK_IAM' ? 'IAM' : 'SASL_SCRAM');

export const ScramLogin = z.object({ mechanism: z.enum(scramMechanisms), secretArn: z.string() });

/** How the connection logs in to the cluster: with a SCRAM secret, or as the role that Atlas assumes. Nothing in it is secret. */
export const Login = z.discriminatedUnion('mechanism', [
  ScramLogin,
  z.object({ mechanism: z.literal('AWS_MSK_IAM'), roleArn: z.string() }),
]);
export type Login = z.infer<typeof Login>;
