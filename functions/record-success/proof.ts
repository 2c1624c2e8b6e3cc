import type * as z from 'zod/mini';
import type { SeenProbe } from '../../shared/atlas/probe-progress.ts';
import { inWords, joined, type ProbeFinding } from '../../shared/atlas/probe-proof.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Changes } from '../../shared/registry/registry.ts';
import type { Request } from '../../shared/request/request.ts';

interface Probed {
  request: Pick<Request, 'isProbeWithoutTopic'> & { recorded: RegistryRecord | null };
  connection: { id?: string | undefined; secretVersionId: string };
  probe?: z.infer<typeof SeenProbe> | undefined;
}

/**
 * What this run, or the one that made the recorded proof, has found out about the flow of data.
 *
 * @param sentence about the connection
 * @param now ISO 8601
 * @returns `detail`: the sentence with it; `finding`: for the output; `changes`: of the record
 */
export function withProof(
  sentence: string,
  { request, connection, probe }: Probed,
  now: string,
): { detail: string; finding?: ProbeFinding; changes: Changes } {
  if (request.isProbeWithoutTopic) {
    const finding = { result: 'notProved', note: 'no topic is named' } as const;
    return { detail: joined(sentence, finding.result, inWords(finding)), finding, changes: {} };
  }
  const { topic, result, partitions, records, note, isSkipped } = probe ?? {};
  // Without a result, this was only the probe of an earlier run.
  if (topic === undefined || result === undefined) return { detail: sentence, changes: {} };
  const proof = request.recorded?.proof;
  if (isSkipped && proof)
    return {
      detail: joined(sentence, proof.result, proof.detail),
      finding: { topic, result: proof.result, note: `${proof.detail}, as a probe found out at ${proof.at}` },
      changes: {},
    };
  const finding: ProbeFinding = {
    topic,
    result,
    ...(partitions !== undefined && { partitions }),
    ...(records !== undefined && { records }),
    ...(note !== undefined && { note }),
  };
  const words = inWords(finding);
  return {
    detail: joined(sentence, result, words),
    finding,
    // What was proved before stays proved, if this run could not find out.
    changes: result === 'notProved' ? {} : { proof: proofOf(topic, result, words, connection, now) },
  };
}

const proofOf = (
  topic: string,
  result: 'read' | 'reachable',
  detail: string,
  { id, secretVersionId }: Probed['connection'],
  at: string,
): NonNullable<RegistryRecord['proof']> => ({
  topic,
  connectionId: id ?? null,
  secretVersionId: secretVersionId || null,
  at,
  result,
  detail,
});
