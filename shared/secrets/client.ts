import { createHash } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { fromAws } from '../aws.ts';
import { AwsRefused } from '../errors.ts';

/** @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html */
export interface SecretDescription {
  /** The versions and their stages, such as `{"a1b2…": ["AWSCURRENT"]}`. */
  versionStages: Record<string, string[]>;
  tags: Record<string, string>;
  /** Undefined for the default key, `aws/secretsmanager`. */
  kmsKeyId: string | undefined;
  /** Whether the secret is scheduled for deletion. Until then, RestoreSecret brings it back. */
  isDeleted: boolean;
}

/** AWS Secrets Manager, as far as we need it. Every method throws AwsRefused, AwsThrottled or AwsUnavailable. */
export class SecretsClient {
  readonly #secretsManager: SecretsManagerClient;
  readonly #options: { abortSignal: AbortSignal };

  constructor({ secretsManager, signal }: { secretsManager: SecretsManagerClient; signal: AbortSignal }) {
    this.#secretsManager = secretsManager;
    this.#options = { abortSignal: signal };
  }

  /**
   * Reads the current version of a JSON secret.
   *
   * @returns `value`: the parsed JSON, or undefined if it is not JSON. JSON.parse's own error is dropped on purpose: it quotes
   *   the text, which is the secret.
   */
  async read(secretArn: string): Promise<{ value: unknown; versionId: string }> {
    const command = new GetSecretValueCommand({ SecretId: secretArn });
    const { SecretString = '', VersionId = '' } = await fromAws(
      `secretsmanager:GetSecretValue on ${secretArn}`,
      this.#secretsManager.send(command, this.#options),
    );
    return { value: parsed(SecretString), versionId: VersionId };
  }

  /**
   * Writes a new current version of a JSON secret, unless another writer has already written one after the same version: its id is
   * derived from that version, and a version never changes.
   *
   * @param after the version that was read
   * @returns the id of the new version, or undefined if another writer was faster
   * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
   */
  async putVersion(
    secretArn: string,
    { after, value }: { after: string; value: unknown },
  ): Promise<string | undefined> {
    const ClientRequestToken = createHash('sha256').update(after).digest('hex');
    const command = new PutSecretValueCommand({
      SecretId: secretArn,
      SecretString: JSON.stringify(value),
      ClientRequestToken,
    });
    try {
      await fromAws(`secretsmanager:PutSecretValue on ${secretArn}`, this.#secretsManager.send(command, this.#options));
      return ClientRequestToken;
    } catch (error) {
      if (error instanceof AwsRefused && error.code === 'ResourceExistsException') return undefined;
      throw error;
    }
  }

  /** Reads what is known about a secret, without its value. */
  async describe(secretArn: string): Promise<SecretDescription> {
    const command = new DescribeSecretCommand({ SecretId: secretArn });
    const answer = await fromAws(
      `secretsmanager:DescribeSecret on ${secretArn}`,
      this.#secretsManager.send(command, this.#options),
    );
    const { VersionIdsToStages = {}, Tags = [], KmsKeyId, DeletedDate } = answer;
    return {
      versionStages: VersionIdsToStages,
      tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      kmsKeyId: KmsKeyId,
      isDeleted: DeletedDate !== undefined,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
