import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KafkaClient } from '@aws-sdk/client-kafka';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { howToLogIn } from '../packaging/aws-credentials.ts';
import { AwsRefused, AwsThrottled, AwsUnavailable } from '../shared/errors.ts';
import { quoted } from '../shared/foreign-text.ts';
import { MskClient } from '../shared/msk/client.ts';
import { shown } from '../shared/request/redaction.ts';
import { SecretsClient } from '../shared/secrets/client.ts';
import { NoAccess } from './exit.ts';

/** AWS, for a person's command. */
export interface Aws {
  kafka: KafkaClient;
  msk: MskClient;
  secrets: SecretsClient;
  dynamodb: DynamoDBClient;
}

/** A client of the SDK. */
export type AwsClient = KafkaClient | SecretsManagerClient | DynamoDBClient;

/** Without an answer, a call ends after about seven seconds: a person waits for it. */
const requestOptions = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 3_500, throwOnRequestTimeout: true },
};

/**
 * AWS with the SDK's usual credentials: environment, profile, SSO, role of the machine.
 *
 * @param onClient gets each client of the SDK before its first request, for example to record its answers
 * @throws NoAccess if there are none, or they have expired
 */
export async function awsAccess(region: string, onClient: (client: AwsClient) => void = () => {}): Promise<Aws> {
  const options = { region, ...requestOptions };
  const kafka = new KafkaClient(options);
  const credentials = await kafka.config.credentials().catch((error: Error) => {
    const profile = process.env.AWS_PROFILE;
    const remedy = profile
      ? `AWS_PROFILE is ${shown(profile)}: check that this profile exists, and log in, for example with "aws sso login".`
      : howToLogIn;
    throw new NoAccess(`The AWS SDK finds no usable credentials (${quoted(error.message)}). ${remedy}`);
  });
  const shared = { ...options, credentials };
  const signal = new AbortController().signal;
  const secretsManager = new SecretsManagerClient(shared);
  const dynamodb = new DynamoDBClient(shared);
  for (const client of [kafka, secretsManager, dynamodb]) onClient(client);
  return {
    kafka,
    msk: new MskClient({ kafka, signal }),
    secrets: new SecretsClient({ secretsManager, signal }),
    dynamodb,
  };
}

/** What AWS answers to credentials that it does not know, or no longer accepts. Source: AWS's "Common Errors" of each service. */
const unknownCredentials =
  /^(UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken\w*|AuthFailure)$/;

/**
 * Why AWS gave no answer to a question, for a person.
 *
 * @returns `isForAll`: whether every other call would fail as well; undefined if the error is another one
 */
export function whyNoAnswer(error: unknown): { sentence: string; isForAll: boolean } | undefined {
  if (error instanceof AwsThrottled) return { sentence: `${error.message} Try again later.`, isForAll: false };
  if (error instanceof AwsUnavailable)
    return {
      sentence: `${error.message} Check the network of this machine and the Region, and try again.`,
      isForAll: true,
    };
  if (!(error instanceof AwsRefused)) return undefined;
  if (/^ExpiredToken/.test(error.code))
    return {
      sentence: 'The AWS credentials have expired. Log in again, for example with "aws sso login".',
      isForAll: true,
    };
  if (unknownCredentials.test(error.code))
    return {
      sentence: `AWS does not accept the credentials (${error.code}). Check AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.`,
      isForAll: true,
    };
  if (/AccessDenied|Forbidden/.test(error.code))
    return {
      sentence: `The AWS credentials lack ${error.action}, or a policy denies it (${quoted(error.said)}).`,
      isForAll: false,
    };
  // The SDK gives this name to an answer without an error code of AWS, such as the page of a proxy.
  if (/^Unknown/.test(error.code))
    return {
      sentence: `${error.message} This is not an answer of AWS. Check the network of this machine, its proxy, and AWS_ENDPOINT_URL.`,
      isForAll: true,
    };
  return undefined;
}
