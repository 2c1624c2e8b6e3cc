import { Metrics } from '@aws-lambda-powertools/metrics';

/** CloudWatch metrics in the embedded metric format: lines of the log, so that no call and no permission is needed. */
export const metrics = new Metrics();

/** Publishes what has been added, if anything, with keys by which its line is found among those of the log. */
export function publishMetrics(keys: Record<string, string>): void {
  if (!metrics.hasStoredMetrics()) return;
  for (const [key, value] of Object.entries(keys)) metrics.addMetadata(key, value);
  metrics.publishStoredMetrics();
}
