/**
 * In US dollars, us-east-1, without the free tier.
 *
 * @see https://aws.amazon.com/step-functions/pricing/
 * @see https://aws.amazon.com/lambda/pricing/ (arm64)
 */
const perTransition = 0.025 / 1000;
const perRequest = 0.2 / 1_000_000;
const perGbSecond = 0.0000133334;

/** As in serverless.yml. */
const memoryGb = 0.25;

export interface Use {
  transitions: number;
  /** Invocations of functions. */
  invocations: number;
  lambdaMs: number;
}

export const dollars = ({ transitions, invocations, lambdaMs }: Use): number =>
  transitions * perTransition + invocations * perRequest + (lambdaMs / 1000) * memoryGb * perGbSecond;
