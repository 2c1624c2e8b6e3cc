import { type ProbeTier, probeGroupOf, probeNameOf, probeTierFor } from '../atlas/probe.ts';
import type { Request } from '../request/request.ts';
import type { Change } from './plan-changes.ts';

/** Of ten minutes. docs/cost.md has the prices. */
const costs: Record<ProbeTier, string> = { SP2: 'about a cent', SP5: 'about two cents', SP10: 'about three cents' };

/**
 * What a run would do to prove that data can flow. It changes neither the cluster nor the connection.
 *
 * @param topics as MSK has described them
 */
export function planProbe(
  { probe, topics: [topic], clusterArn, workspace }: Pick<Request, 'probe' | 'topics' | 'clusterArn' | 'workspace'>,
  topics: { name: string; partitions: number | null }[],
): Change[] {
  if (!probe || topic === undefined) return [];
  const tier = probeTierFor(topics.find(({ name }) => name === topic)?.partitions ?? null);
  return [
    {
      state: 'StartProbe',
      change: `Prove that data can flow: create the stream processor "${probeNameOf(clusterArn)}" in workspace "${workspace}", let it read topic "${topic}" on tier ${tier}, and delete it. This usually takes 5 to 10 minutes and costs ${costs[tier]}. No record is passed on. Its consumer group, whose name starts with ${probeGroupOf(clusterArn)}, stays without members until Kafka removes it.`,
    },
  ];
}
