/**
 * Every error that a function throws on purpose. The names are the contract with the state machines: Lambda reports `name` as
 * `errorType`, and `Retry` and `Catch` match on it. They are literals, so that minifying keeps them. The base class says how the
 * machine reacts; statemachine/definition.ts and RecordFailure derive from it.
 *
 * A message is written for the person who reads it in the Step Functions console: what failed, what AWS or Atlas said, what to
 * do. It never holds a secret.
 */

/** Passes by itself: the machine retries. */
export abstract class TransientError extends Error {}

/** Passes by itself, but slowly: the machine retries after longer pauses. */
export abstract class ThrottlingError extends TransientError {}

/** The machine catches it and continues at another state. */
export abstract class RedirectError extends Error {}

/** Needs a person: the machine fails. */
export abstract class NeedsPersonError extends Error {}

/** Atlas answered 429, or issues no further access token for now. */
export class AtlasThrottled extends ThrottlingError {
  override readonly name = 'AtlasThrottled' as const;
}

/** AWS throttled a call, after the SDK's own attempts. */
export class AwsThrottled extends ThrottlingError {
  override readonly name = 'AwsThrottled' as const;
}

/** Atlas gave no usable answer (5xx, time-out, reset, cut short), or is still busy with an earlier change. */
export class AtlasUnavailable extends TransientError {
  override readonly name = 'AtlasUnavailable' as const;
}

/** AWS gave no usable answer (5xx, conflict, time-out, reset), after the SDK's own attempts. */
export class AwsUnavailable extends TransientError {
  override readonly name = 'AwsUnavailable' as const;
}

/** Another writer changed the cluster or its policy between our read and our write. */
export class VersionConflict extends TransientError {
  override readonly name = 'VersionConflict' as const;
}

/** The function ran into its own time-out. */
export class FunctionTimedOut extends TransientError {
  override readonly name = 'FunctionTimedOut' as const;
}

/** MSK accepts no change now, because the cluster has left ACTIVE. The machine waits for the cluster again. */
export class ClusterBusy extends RedirectError {
  override readonly name = 'ClusterBusy' as const;
}

/** The cluster's tag has changed while the run was at work, and asks for something else now. */
export class NoLongerWanted extends RedirectError {
  override readonly name = 'NoLongerWanted' as const;
}

/** Running stream processors use the connection, and this run may stop them: it does that first. */
export class ProcessorsRunning extends RedirectError {
  override readonly name = 'ProcessorsRunning' as const;
}

/** Another execution holds the cluster by now. This one changes nothing more, writes neither registry nor tags, and sends no message. */
export class ClaimLost extends NeedsPersonError {
  override readonly name = 'ClaimLost' as const;
}

/**
 * A setting asks for another target than the one that the cluster is connected to. The cluster stays connected as it is, so this
 * counts as no failure. It is reported once.
 */
export class TargetChanged extends NeedsPersonError {
  override readonly name = 'TargetChanged' as const;
}

/** Atlas names another AWS account than at the first connect. */
export class PrincipalChanged extends NeedsPersonError {
  override readonly name = 'PrincipalChanged' as const;
}

/** Atlas names an AWS account that the setting atlasAwsAccountIds does not list. */
export class PrincipalNotAllowed extends NeedsPersonError {
  override readonly name = 'PrincipalNotAllowed' as const;
}

/** The input, or a tag that is used instead of it, is wrong. Nothing was changed. */
export class InvalidRequest extends NeedsPersonError {
  override readonly name = 'InvalidRequest' as const;
}

/** The cluster, its secret or the workspace lacks something; the message lists everything, each with its remedy. */
export class PrerequisitesNotMet extends NeedsPersonError {
  override readonly name = 'PrerequisitesNotMet' as const;
}

/** The cluster is FAILED, DELETING or gone. */
export class ClusterUnusable extends NeedsPersonError {
  override readonly name = 'ClusterUnusable' as const;
}

/** MSK accepted the connectivity update and then failed it. */
export class ClusterUpdateFailed extends NeedsPersonError {
  override readonly name = 'ClusterUpdateFailed' as const;
}

/** Our statement cannot be added to the cluster policy or removed from it, or another statement overrides it. */
export class PolicyRefused extends NeedsPersonError {
  override readonly name = 'PolicyRefused' as const;
}

/** Atlas's private link is FAILED, is being deleted, or has another authentication scheme. */
export class PrivateLinkFailed extends NeedsPersonError {
  override readonly name = 'PrivateLinkFailed' as const;
}

/** A connection of that name exists and cannot be changed into the one that is needed. */
export class ConnectionRefused extends NeedsPersonError {
  override readonly name = 'ConnectionRefused' as const;
}

/** Running stream processors use the connection, and Atlas neither changes nor deletes a connection in use. */
export class ConnectionInUse extends NeedsPersonError {
  override readonly name = 'ConnectionInUse' as const;
}

/** A stream processor that a run has stopped did not start again. */
export class ProcessorsNotStarted extends NeedsPersonError {
  override readonly name = 'ProcessorsNotStarted' as const;
}

/** The probe, a temporary stream processor, could not read the topic through the connection. */
export class ProbeFailed extends NeedsPersonError {
  override readonly name = 'ProbeFailed' as const;
}

/** Atlas's Kafka connection is FAILED or is being deleted. */
export class ConnectionFailed extends NeedsPersonError {
  override readonly name = 'ConnectionFailed' as const;
}

/** A wait has passed its deadline. */
export class WaitTimedOut extends NeedsPersonError {
  override readonly name = 'WaitTimedOut' as const;
}

/** The deployment itself is wrong: its settings, its credentials secret, or functions and machine of two versions. */
export class DeploymentMisconfigured extends NeedsPersonError {
  override readonly name = 'DeploymentMisconfigured' as const;
}

/** Atlas refused a call permanently (4xx). */
export class AtlasRefused extends NeedsPersonError {
  override readonly name: 'AtlasRefused' | 'AtlasCredentialsRefused' = 'AtlasRefused';
  readonly status: number;
  /** Atlas's `errorCode`, or '' if the answer had none. */
  readonly errorCode: string;

  constructor(message: string, { status, errorCode }: { status: number; errorCode: string }) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/**
 * Atlas refused the API key or the service account itself: it is unknown, expired, lacks the role, does not see the deployment's own
 * project, or calls from an address that isn't on its access list. No cluster can be connected until a person fixes it, so all such failures of an hour are one message.
 */
export class AtlasCredentialsRefused extends AtlasRefused {
  override readonly name = 'AtlasCredentialsRefused' as const;
}

/** AWS refused a call permanently (4xx). */
export class AwsRefused extends NeedsPersonError {
  override readonly name = 'AwsRefused' as const;
  /** The name of the SDK's exception, such as NotFoundException. */
  readonly code: string;
  /** What AWS said, without secrets, cut to 1,000 characters. */
  readonly said: string;
  /** The IAM action that was refused, such as `kafka:GetClusterPolicy`, or ''. */
  readonly action: string;

  constructor(
    message: string,
    { code, said, action = '', cause }: { code: string; said: string; action?: string; cause?: unknown },
  ) {
    super(message, { cause });
    this.action = action;
    this.code = code;
    this.said = said;
  }
}
