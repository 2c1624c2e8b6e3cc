import { randomUUID } from 'node:crypto';
import {
  DescribeSecretRequest$,
  DescribeSecretResponse$,
  GetSecretValueRequest$,
  type GetSecretValueResponse,
  GetSecretValueResponse$,
  type ListSecretsRequest,
  ListSecretsRequest$,
  ListSecretsResponse$,
  PutSecretValueRequest$,
  PutSecretValueResponse$,
  TagResourceRequest$,
  UntagResourceRequest$,
} from '@aws-sdk/client-secrets-manager';
import { keyArnOf } from '../arn.ts';
import { type Authorize, accessDeniedMessage, encode, signedBy, wrongType } from '../aws.ts';
import type { Clock } from '../clock.ts';
import type { Answer, Request, Route, Service } from '../emulator.ts';
import { Pages } from '../pages.ts';
import { listedSecrets, pageRules } from './list.ts';
import { answer, describe, type Secret, secretsManagerError, stages, type Version } from './secret.ts';
import { checkTagKeys, type SecretTag, withTags } from './tags.ts';

export interface SecretSeed {
  /** MSK accepts only names that begin with `AmazonMSK_`. */
  name: string;
  secretString: string;
  arn?: string;
  /** The customer managed key. Without it, the key is `aws/secretsmanager`, which MSK refuses. */
  kmsKeyId?: string | undefined;
  tags?: Record<string, string>;
}

export interface SecretsManagerOptions {
  clock: Clock;
  /** Default: us-east-1. */
  region?: string;
  authorize?: Authorize | undefined;
}

/** The operations, and what each takes. */
const takes = {
  GetSecretValue: GetSecretValueRequest$,
  DescribeSecret: DescribeSecretRequest$,
  PutSecretValue: PutSecretValueRequest$,
  ListSecrets: ListSecretsRequest$,
  TagResource: TagResourceRequest$,
  UntagResource: UntagResourceRequest$,
};

/** What the operations on one secret take. */
interface Input {
  SecretId?: string;
  VersionId?: string;
  VersionStage?: string;
  ClientRequestToken?: string;
  SecretString?: string;
  VersionStages?: string[];
  Tags?: SecretTag[];
  TagKeys?: string[];
}

/** Documented: "Secrets Manager removes unlabeled versions when there are more than 100, but not versions created less than 24 hours ago." */
const maxVersions = 100;
const versionsLastMs = 24 * 3_600_000;

/**
 * The part of Secrets Manager that the functions use: reading and writing a secret's value; and, for people, listing and tagging secrets.
 * Over awsJson1.1. Documented.
 */
export class SecretsManagerEmulator implements Service {
  readonly name = 'secretsmanager';
  readonly #clock: Clock;
  readonly #region: string | undefined;
  readonly #authorize: Authorize;
  readonly #secrets: Secret[] = [];
  readonly #pages: Pages;

  constructor({ clock, region, authorize = () => true }: SecretsManagerOptions) {
    this.#clock = clock;
    this.#region = region;
    this.#authorize = authorize;
    this.#pages = new Pages(clock, pageRules);
  }

  addSecret({ name, secretString, kmsKeyId, arn, tags = {} }: SecretSeed): Secret {
    const secret: Secret = {
      name,
      arn: arn ?? `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-${randomUUID().slice(0, 6)}`,
      kmsKeyId,
      tags,
      deletedAt: undefined,
      versions: [this.#version(secretString)],
    };
    this.#secrets.push(secret);
    return secret;
  }

  /** Gives the secret a new current version. @returns its id */
  rotate(secretId: string, secretString: string): string {
    const version = this.#version(secretString);
    this.#existing(secretId).versions.push(version);
    return version.id;
  }

  /** Finds a secret by its ARN or its name. */
  secret(secretId: string): Secret | undefined {
    return this.#secrets.find(({ arn, name }) => arn === secretId || name === secretId);
  }

  route(request: Request): Route {
    const target = String(request.headers['x-amz-target']);
    const operation = target.replace(/^secretsmanager\./, '');
    return {
      operation,
      authenticate: () => signedBy(request, 'secretsmanager', secretsManagerError, this.#region),
      apply: (caller) => this.#apply(operation, caller, inputOf(request, operation)),
    };
  }

  #apply(operation: string, caller: string, input: Input): Answer {
    if (operation === 'ListSecrets') return this.#list(caller, input as ListSecretsRequest);
    const secretId = checkedId(input.SecretId);
    const found = this.secret(secretId);
    const resource = found?.arn ?? secretId;
    const action = `secretsmanager:${operation}`;
    // A secret that does not exist has no tags, so IAM denies what a condition on a tag allows.
    const tagKeys = input.TagKeys ?? input.Tags?.map(({ Key = '' }) => Key);
    if (!this.#authorize(caller, action, resource, { resourceTags: found?.tags, tagKeys })) {
      throw secretsManagerError('AccessDeniedException', accessDeniedMessage(caller, action, resource));
    }
    const secret = this.#existing(secretId);
    if (operation === 'DescribeSecret') return answer(encode(DescribeSecretResponse$, describe(secret)));
    if (secret.deletedAt) {
      // Documented: the error's name. Reported: its text.
      const message = "You can't perform this operation on the secret because it was marked for deletion.";
      throw secretsManagerError('InvalidRequestException', message);
    }
    if (operation === 'TagResource') return this.#setTags(secret, withTags(secret.tags, input.Tags));
    if (operation === 'UntagResource') {
      const keys = checkTagKeys(input.TagKeys);
      return this.#setTags(
        secret,
        Object.fromEntries(Object.entries(secret.tags).filter(([key]) => !keys.includes(key))),
      );
    }
    const keyActions = operation === 'PutSecretValue' ? ['kms:GenerateDataKey', 'kms:Decrypt'] : ['kms:Decrypt'];
    const keyArn = secret.kmsKeyId && keyArnOf(secret.kmsKeyId, secret.arn);
    for (const keyAction of keyArn ? keyActions : [])
      if (!this.#authorize(caller, keyAction, keyArn, { secretArn: secret.arn }))
        throw secretsManagerError('AccessDeniedException', 'Access to KMS is not allowed');
    if (operation === 'PutSecretValue') return this.#put(secret, input);
    return answer(encode(GetSecretValueResponse$, value(secret, input)));
  }

  /** Documented in the service authorization reference: only `*` can allow ListSecrets, which has no resource. */
  #list(caller: string, input: ListSecretsRequest): Answer {
    const action = 'secretsmanager:ListSecrets';
    if (!this.#authorize(caller, action, undefined, {}))
      throw secretsManagerError('AccessDeniedException', accessDeniedMessage(caller, action));
    const { MaxResults: size, NextToken: token, ...query } = input;
    const page = this.#pages.page({ size, token }, JSON.stringify(query), () => listedSecrets(this.#secrets, query));
    return answer(encode(ListSecretsResponse$, { SecretList: page.items, NextToken: page.next }));
  }

  #setTags(secret: Secret, tags: Record<string, string>): Answer {
    secret.tags = tags;
    return answer('');
  }

  /**
   * Documented: the ClientRequestToken becomes the id of the version. A second request with it is ignored if its value is the same, and
   * refused otherwise. Staging labels of the caller's choice are not implemented. The texts are assumed.
   */
  #put(secret: Secret, { ClientRequestToken = '', SecretString, VersionStages }: Input) {
    if (ClientRequestToken.length < 32 || ClientRequestToken.length > 64)
      throw secretsManagerError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
    if (!SecretString || VersionStages)
      throw secretsManagerError(
        'InvalidParameterException',
        'The local cloud needs SecretString and no VersionStages.',
      );
    const existing = secret.versions.find(({ id }) => id === ClientRequestToken);
    if (existing && existing.secretString !== SecretString)
      throw secretsManagerError(
        'ResourceExistsException',
        `The operation failed because the version ${ClientRequestToken} already exists.`,
      );
    const now = this.#clock.now();
    const recent = secret.versions.filter(({ createdAt }) => now.getTime() - createdAt.getTime() < versionsLastMs);
    if (!existing && recent.length >= maxVersions)
      throw secretsManagerError('LimitExceededException', "You've reached the quota for secret versions.");
    if (!existing) secret.versions.push({ id: ClientRequestToken, secretString: SecretString, createdAt: now });
    const version = secret.versions.find(({ id }) => id === ClientRequestToken) as Version;
    const { arn: ARN, name: Name } = secret;
    const VersionStagesNow = stages(secret, version);
    return answer(
      encode(PutSecretValueResponse$, { ARN, Name, VersionId: version.id, VersionStages: VersionStagesNow }),
    );
  }

  #existing(secretId: string): Secret {
    const secret = this.secret(secretId);
    if (!secret) {
      throw secretsManagerError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  #version(secretString: string): Version {
    return { id: randomUUID(), secretString, createdAt: this.#clock.now() };
  }
}

function inputOf({ body }: Request, operation: string): Input {
  if (!Object.hasOwn(takes, operation))
    throw secretsManagerError('UnknownOperationException', `The local cloud does not implement ${operation}.`);
  const input = parsed(body);
  const fault = wrongType(takes[operation as keyof typeof takes], input);
  if (fault) throw secretsManagerError('SerializationException', `The request is not valid: ${fault}`);
  return input as Input;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw secretsManagerError('SerializationException', 'The request body is not valid JSON.');
  }
}

/**
 * Documented: the length of a secret's id, and the characters of a name. Reported: the text about a name. Assumed: the other texts,
 * which are those of AWS's common validation.
 */
function checkedId(secretId: string | undefined): string {
  const failure = (found: string, rule: string) =>
    secretsManagerError(
      'ValidationException',
      `1 validation error detected: Value ${found} at 'secretId' failed to satisfy constraint: Member must ${rule}`,
    );
  if (secretId === undefined) throw failure('null', 'not be null');
  if (secretId.length < 1) throw failure("''", 'have length greater than or equal to 1');
  if (secretId.length > 2048) throw failure(`'${secretId}'`, 'have length less than or equal to 2048');
  if (!/^(arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:)?[\w/+=.@!-]+$/.test(secretId)) {
    const rule = 'Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!';
    throw secretsManagerError('ValidationException', `Invalid name. ${rule}`);
  }
  return secretId;
}

function value(secret: Secret, input: Input): GetSecretValueResponse {
  const { VersionId, VersionStage = VersionId ? undefined : 'AWSCURRENT' } = input;
  const version = secret.versions.findLast(
    (it) => (VersionId ?? it.id) === it.id && (!VersionStage || stages(secret, it).includes(VersionStage)),
  );
  if (!version) {
    const target = VersionId ? `VersionId: ${VersionId}` : `staging label: ${VersionStage}`;
    const message = `Secrets Manager can't find the specified secret value for ${target}`;
    throw secretsManagerError('ResourceNotFoundException', message);
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.secretString,
    VersionStages: stages(secret, version),
    CreatedDate: version.createdAt,
  };
}
