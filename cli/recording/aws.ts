import type { AwsClient } from '../aws-access.ts';
import type { ObservedExchange } from './observed.ts';

/** What an HTTP answer has, as the AWS SDK's handler returns it. */
interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: unknown;
}

interface HttpRequest {
  method: string;
  path: string;
  query?: Record<string, unknown>;
}

type Handler = (args: { request: unknown }) => Promise<{ response: unknown }>;

/** The part of a client's stack that is used here. The SDK's own type differs from service to service. */
interface Stack {
  add(
    middleware: (next: Handler, context: { clientName?: string; commandName?: string }) => Handler,
    options: { step: 'deserialize'; priority: 'low'; name: string; override: boolean },
  ): void;
}

/** The name of each service, as the emulators have it. */
const services: Record<string, string> = {
  KafkaClient: 'kafka',
  SecretsManagerClient: 'secretsmanager',
  DynamoDBClient: 'dynamodb',
};

/** Passes on every answer that a client gets, also those after which the SDK tries again. A call without an answer is left out. */
export function observeAws(client: AwsClient, observe: (exchange: ObservedExchange) => void): void {
  (client.middlewareStack as unknown as Stack).add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const { method, path, query } = args.request as HttpRequest;
        const response = result.response as HttpResponse;
        const bytes = await bytesOf(response.body);
        // The SDK reads it after this.
        response.body = bytes;
        const operation = commandName.replace(/Command$/, '');
        observe({
          service: services[clientName] ?? clientName,
          operation,
          method,
          path,
          query: Object.keys(query ?? {}),
          status: response.statusCode,
          header: (name) => response.headers[name],
          body: withoutSecret(operation, bytes.toString()),
        });
        return result;
      },
    // The last step before the request is sent.
    { step: 'deserialize', priority: 'low', name: 'observeAws', override: true },
  );
}

/** Only this operation answers with a secret. Only the names of its fields are kept. */
function withoutSecret(operation: string, body: string): string {
  if (operation !== 'GetSecretValue') return body;
  try {
    const { SecretString, SecretBinary, ...others } = JSON.parse(body);
    return JSON.stringify({
      ...others,
      ...(SecretString !== undefined && { SecretString: '' }),
      ...(SecretBinary !== undefined && { SecretBinary: '' }),
    });
  } catch {
    return '';
  }
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
