import { Metrics } from '@aws-lambda-powertools/metrics';

/** CloudWatch metrics in the embedded metric format: log lines, so no call and no permission is needed. */
export const metrics = new Metrics();

/** Publishes the metrics that were added, if any, with keys that find their line in the log. */
export function publishMetrics(keys: Record<string, string>): void {
  if (!metrics.hasStoredMetrics()) return;
  for (const [key, value] of Object.entries(keys)) metrics.addMetadata(key, value);
  metrics.publishStoredMetrics();
}
