import type * as z from 'zod/mini';
import { logger } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import type { SweepClustersOutput } from './sweep-clusters.ts';

type Result = z.infer<typeof SweepClustersOutput>;

/** Logs the result and counts what a person must see: the schedule ignores the result. @returns the result */
export function report(result: Result): Result {
  const { failed, vanished, isVanishingImplausible } = result;
  if (failed.length > 0) metrics.addMetric('ClustersNotSwept', 'Count', failed.length);
  if (isVanishingImplausible) {
    metrics.addMetric('ClustersVanished', 'Count', vanished.length);
    logger.error(
      'MSK no longer has so many of the recorded clusters that the sweep did nothing about them. If they were deleted, start a disconnect for each. If not, the registry may be that of another account or Region.',
      { vanished },
    );
  }
  logger[failed.length > 0 ? 'warn' : 'info']('swept', { result });
  return result;
}
