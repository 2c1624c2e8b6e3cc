import { devNull } from 'node:os';
import { accessKeyIdOf } from '../deployment/iam.ts';
import type { FunctionConfiguration } from './container.ts';

export interface LocalEndpoints {
  region: string;
  kafkaUrl: string;
  secretsManagerUrl: string;
  dynamoDbUrl: string;
  stepFunctionsUrl: string;
  snsUrl: string;
}

/**
 * The complete `process.env` of a function: its settings, Lambda's own variables, and the addresses of the emulators. Nothing
 * comes from the environment or the AWS profile of the user, so no call can reach the real AWS.
 */
export function lambdaEnvironment(
  { name, functionName, memorySize, environment }: FunctionConfiguration,
  { region, kafkaUrl, secretsManagerUrl, dynamoDbUrl, stepFunctionsUrl, snsUrl }: LocalEndpoints,
): Record<string, string> {
  const endpoints = {
    AWS_ENDPOINT_URL_KAFKA: kafkaUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManagerUrl,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
    AWS_ENDPOINT_URL_SFN: stepFunctionsUrl,
    AWS_ENDPOINT_URL_SNS: snsUrl,
    // For clients of all other services: a port where no server listens.
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  };
  for (const [variable, url] of Object.entries(endpoints)) {
    if (new URL(url).hostname !== '127.0.0.1') throw new Error(`${variable} is ${url}, which is not on loopback.`);
  }
  return {
    ...environment,
    ...endpoints,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyIdOf({ name }),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    // Keeps the SDK from reading ~/.aws.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySize),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    TZ: 'UTC',
  };
}
