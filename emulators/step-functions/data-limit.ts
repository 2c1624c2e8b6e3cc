/**
 * The longest input or output of a task, a state or an execution, in bytes of UTF-8. Documented.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const maxDataBytes = 262_144;

/** Whether a value is longer than the limit, as JSON. */
export const isTooLong = (data: unknown): boolean => Buffer.byteLength(JSON.stringify(data) ?? '') > maxDataBytes;

/** No Retry and no Catch matches this error. Documented; the words are those of public bug reports (awslabs/aws-securityhub-multiaccount-scripts#63). */
export const dataLimitExceeded = (state: string) => ({
  error: 'States.DataLimitExceeded',
  cause: `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
});
