/**
 * Every error that a function throws on purpose. Their names are the contract with the state machines: Lambda reports
 * `name` as `errorType`, and `Retry` and `Catch` match on it. The names are literals, so that minifying keeps them.
 * A message is written for the person who reads it in the Step Functions console: what failed, what AWS or Atlas said,
 * what to do. It never holds a secret.
 */

// Retried by the machine: passes by itself.

/** Atlas answered 429, or has no room for another access token. */
export class AtlasThrottled extends Error {
  override readonly name = 'AtlasThrottled' as const;
}

/** Atlas gave no usable answer (5xx, time-out, reset, cut short), or is still busy with an earlier change. */
export class AtlasUnavailable extends Error {
  override readonly name = 'AtlasUnavailable' as const;
}

/** AWS gave no usable answer (5xx, conflict, time-out, reset), after the SDK's own attempts. */
export class AwsUnavailable extends Error {
  override readonly name: 'AwsUnavailable' | 'AwsThrottled' = 'AwsUnavailable';
}

/** AWS throttled a call, after the SDK's own attempts: whoever handles AwsUnavailable handles this, and an alarm counts it. */
export class AwsThrottled extends AwsUnavailable {
  override readonly name = 'AwsThrottled' as const;
}

/** Somebody else changed the cluster or its policy between our read and our write. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict' as const;
}

/** The function ran into its own time-out. */
export class FunctionTimedOut extends Error {
  override readonly name = 'FunctionTimedOut' as const;
}

// Not retried: the machine goes back to where it waits for the cluster.

/** MSK takes no change now, because the cluster has left ACTIVE. */
export class ClusterBusy extends Error {
  override readonly name = 'ClusterBusy' as const;
}

// Not retried: needs a person.

/** The input, or a tag that stands in for it, is wrong. Nothing was changed. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest' as const;
}

/** The cluster, its secret or the workspace lacks something; the message lists everything, each with its remedy. */
export class PrerequisitesNotMet extends Error {
  override readonly name = 'PrerequisitesNotMet' as const;
}

/** The cluster is FAILED, DELETING or gone. */
export class ClusterUnusable extends Error {
  override readonly name = 'ClusterUnusable' as const;
}

/** MSK accepted the connectivity update and then failed it. */
export class ClusterUpdateFailed extends Error {
  override readonly name = 'ClusterUpdateFailed' as const;
}

/** The cluster policy cannot take our statement. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused' as const;
}

/** Atlas's private link is FAILED, going away, or of another authentication scheme. */
export class PrivateLinkFailed extends Error {
  override readonly name = 'PrivateLinkFailed' as const;
}

/** A connection of that name exists and cannot become the one that is wanted. */
export class ConnectionRefused extends Error {
  override readonly name = 'ConnectionRefused' as const;
}

/** Running stream processors use the connection, and Atlas changes or deletes none that is in use. */
export class ConnectionInUse extends Error {
  override readonly name = 'ConnectionInUse' as const;
}

/** Atlas's Kafka connection is FAILED or going away. */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed' as const;
}

/** A wait has passed its deadline. */
export class WaitTimedOut extends Error {
  override readonly name = 'WaitTimedOut' as const;
}

/** Atlas refused a call for good (4xx). */
export class AtlasRefused extends Error {
  override readonly name = 'AtlasRefused' as const;
  readonly status: number;
  /** Atlas's `errorCode`, or '' where the answer had none. */
  readonly errorCode: string;

  constructor(message: string, { status, errorCode }: { status: number; errorCode: string }) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/** AWS refused a call for good (4xx). */
export class AwsRefused extends Error {
  override readonly name = 'AwsRefused' as const;
  /** The name of the SDK's exception, such as NotFoundException. */
  readonly code: string;
  /** What AWS said, unchanged. */
  readonly said: string;

  constructor(message: string, { code, said, cause }: { code: string; said: string; cause?: unknown }) {
    super(message, { cause });
    this.code = code;
    this.said = said;
  }
}

/** The deployment itself is wrong: its settings, its credentials secret, or functions and machine of two versions. */
export class DeploymentMisconfigured extends Error {
  override readonly name = 'DeploymentMisconfigured' as const;
}
