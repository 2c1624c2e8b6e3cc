import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AtlasBehaviour } from './behaviour.ts';
import { validationError } from './body.ts';
import { atlasError } from './error.ts';
import { objectId } from './object-id.ts';
import { objectIdPattern } from './schemas/request.ts';

/** A role in AWS that Atlas may assume, as a person has registered it in the project ("Cloud Provider Access"). */
export interface AccessRoleSeed {
  roleId?: string;
  /** The account or user in AWS by which Atlas assumes the role. */
  atlasAWSAccountArn?: string;
  externalId?: string;
  /** The ARN of the role in AWS. Only an authorized role has one. */
  roleArn?: string;
  /** Whether it is authorized. Default: if it has an ARN. */
  authorized?: boolean;
}

/** Documented: MongoDB Atlas documentation, "Set Up Unified AWS Access", in its trust policy. */
export const atlasAwsAccountArn = 'arn:aws:iam::536727724300:root';

/** One role of a project. */
class AccessRole {
  readonly roleId: string;
  readonly atlasAWSAccountArn: string;
  readonly externalId: string;
  readonly #createdAt: Date;
  #roleArn: string | undefined;
  #authorizedAt: Date | undefined;

  constructor(seed: AccessRoleSeed, now: Date) {
    this.roleId = seed.roleId ?? objectId(now);
    this.atlasAWSAccountArn = seed.atlasAWSAccountArn ?? atlasAwsAccountArn;
    this.externalId = seed.externalId ?? randomUUID();
    this.#createdAt = now;
    this.#roleArn = seed.roleArn;
    if (seed.authorized ?? seed.roleArn !== undefined) this.#authorizedAt = now;
  }

  isFor(roleArn: string): boolean {
    return this.#authorizedAt !== undefined && this.#roleArn === roleArn;
  }

  authorize(roleArn: string, now: Date): void {
    this.#roleArn = roleArn;
    this.#authorizedAt = now;
  }

  /** Reported (mongodb/go-client-mongodb-atlas): a date that is null. Assumed: the features that use a role are those that the API reference lists, and Stream Processing is not among them. */
  describe(): object {
    return {
      providerName: 'AWS',
      roleId: this.roleId,
      atlasAWSAccountArn: this.atlasAWSAccountArn,
      atlasAssumedRoleExternalId: this.externalId,
      iamAssumedRoleArn: this.#roleArn,
      createdDate: timeOf(this.#createdAt),
      authorizedDate: this.#authorizedAt ? timeOf(this.#authorizedAt) : null,
      featureUsages: [],
    };
  }
}

/** The roles of a project in AWS. */
export class AccessRoles {
  readonly #clock: Clock;
  readonly #behaviour: AtlasBehaviour;
  #roles: AccessRole[];

  constructor(seeds: AccessRoleSeed[] = [], clock: Clock, behaviour: AtlasBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#roles = seeds.map((seed) => new AccessRole(seed, clock.now()));
  }

  get all(): readonly AccessRole[] {
    return this.#roles;
  }

  /** @throws Refusal 404 */
  get(roleId: string): AccessRole {
    if (!objectIdPattern.test(roleId)) throw validationError(`roleId: ${roleId} is not 24 hexadecimal digits`);
    return this.#roles.find((it) => it.roleId === roleId) ?? notFound(404, roleId);
  }

  create(): AccessRole {
    const role = new AccessRole({}, this.#clock.now());
    this.#roles.push(role);
    return role;
  }

  /** Reported: status and text of the refusal. @throws Refusal 400 if the role in AWS does not let Atlas in */
  authorize(roleId: string, roleArn: string): AccessRole {
    const role = this.get(roleId);
    if (!this.#behaviour.mayAssume(roleArn, role.atlasAWSAccountArn, role.externalId)) {
      const detail = `Atlas cannot assume the specified role (${roleArn}).`;
      throw atlasError(400, 'CANNOT_ASSUME_ROLE', detail, { parameters: [roleArn] });
    }
    role.authorize(roleArn, this.#clock.now());
    return role;
  }

  remove(cloudProvider: string, roleId: string): undefined {
    if (cloudProvider !== 'AWS') throw validationError(`cloudProvider: the local Atlas has roles on AWS only`);
    const role = this.get(roleId);
    this.#roles = this.#roles.filter((it) => it !== role);
  }

  /** @throws Refusal 400 if no authorized role of the project has this ARN */
  checkAuthorized(roleArn: string): void {
    if (!this.#roles.some((it) => it.isFor(roleArn))) notFound(400, roleArn);
  }
}

/** Reported (mongodb/agent-skills): the text about an ARN, without what follows it. */
function notFound(status: number, role: string): never {
  const detail = `IAM role ${role.startsWith('arn:') ? 'ARN ' : ''}not found: ${role}.`;
  throw atlasError(status, 'CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND', detail, { parameters: [role] });
}

/** Recorded: without milliseconds, as in the output of the Atlas CLI. */
const timeOf = (date: Date): string => date.toISOString().replace(/\.\d+/, '');
