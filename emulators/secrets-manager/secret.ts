import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { type Answer, Refusal } from '../emulator.ts';

export interface Version {
  id: string;
  secretString: string;
  createdAt: Date;
}

/** A secret and its versions. The last version is the current one. */
export interface Secret {
  name: string;
  arn: string;
  kmsKeyId: string | undefined;
  /** A test may change them. */
  tags: Record<string, string>;
  /** When it was scheduled for deletion. A test may set it. */
  deletedAt: Date | undefined;
  versions: Version[];
}

export function describe(secret: Secret): DescribeSecretResponse {
  const labelled = secret.versions.filter((version) => stages(secret, version).length > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    KmsKeyId: secret.kmsKeyId,
    Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
    ...(secret.deletedAt && { DeletedDate: secret.deletedAt }),
    CreatedDate: secret.versions[0]?.createdAt,
    LastChangedDate: secret.versions.at(-1)?.createdAt,
    VersionIdsToStages: Object.fromEntries(labelled.map((version) => [version.id, stages(secret, version)])),
  };
}

export function stages({ versions }: Secret, version: Version): string[] {
  if (version === versions.at(-1)) return ['AWSCURRENT'];
  return version === versions.at(-2) ? ['AWSPREVIOUS'] : [];
}

/** An error of Secrets Manager: always HTTP 400, with the error's name in `__type`. */
export function secretsManagerError(name: string, message: string): Refusal {
  return new Refusal(message, answer(JSON.stringify({ __type: name, Message: message }), 400));
}

export function answer(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}
