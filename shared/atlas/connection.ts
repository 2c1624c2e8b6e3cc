import * as z from 'zod/mini';
import { ConnectionFailed } from '../errors.ts';
import { notCreated, Result } from '../outcomes.ts';
import { Ownership } from '../registry/record.ts';
import { failsAgain, replacedBy } from '../replaced-by.ts';
import type { Connection, KafkaConnectionRequest } from './types.ts';

/** A connection on its way to READY, as CreateConnection and CheckConnection pass it on. */
export const ConnectionProgress = z.object({
  /** Atlas's ObjectId, if Atlas shows one. */
  id: z.optional(z.string()),
  name: z.string(),
  state: z.string(),
  isReady: z.boolean(),
  /** Whether CreateConnection must write it again. */
  isIncomplete: z.boolean(),
  deadline: z.string(),
  pollSeconds: z.number(),
  result: Result,
  ownership: Ownership,
  bootstrapServers: z.string(),
  /** The version of the SCRAM secret that Atlas certainly has, or ''. */
  secretVersionId: z.string(),
  /** How often this run has written the connection again. */
  rewrites: z.number(),
  /** What a person should know about it. */
  note: z.optional(z.string()),
});

/**
 * Why an existing connection cannot become the one that is wanted, or undefined if it can: Atlas never changes the type and the
 * networking of a connection.
 */
export function whyNotOurs(
  { name, type, networking }: Connection,
  privateLinkId: string | undefined,
): string | undefined {
  const { type: access, connectionId } = networking?.access ?? {};
  if (type !== 'Kafka') return `connection "${name}" exists and is of type ${type}, not Kafka`;
  if (access !== 'PRIVATE_LINK')
    return `connection "${name}" exists with ${access ?? 'PUBLIC'} networking, not PRIVATE_LINK`;
  if (!privateLinkId || connectionId !== privateLinkId)
    return `connection "${name}" exists and goes through private link ${connectionId ?? 'UNKNOWN'}, which is not the one to this cluster`;
  return undefined;
}

/**
 * The fields in which an existing connection differs from the wanted one. Atlas never returns the password, so it cannot be
 * compared. Of `config`, only the keys that the request has are compared: Atlas may show others, such as its defaults.
 */
export function differences(existing: Connection, wanted: KafkaConnectionRequest): string[] {
  const { authentication, security, config } = existing;
  return [
    !sameBootstrapServers(existing.bootstrapServers ?? '', wanted.bootstrapServers) && 'bootstrapServers',
    authentication?.mechanism !== wanted.authentication.mechanism && 'authentication.mechanism',
    authentication?.username !== wanted.authentication.username && 'authentication.username',
    security?.protocol !== wanted.security.protocol && 'security.protocol',
    !hasConfig(config ?? {}, wanted.config ?? {}) && 'config',
  ].filter((field) => typeof field === 'string');
}

/** How a person calls the fields that `differences` names. */
const spoken: Record<string, string> = {
  bootstrapServers: 'brokers',
  'authentication.mechanism': 'mechanism',
  'authentication.username': 'user',
  'security.protocol': 'protocol',
};

/** The fields that `differences` names, for a person, such as "brokers, user". */
export const spokenList = (different: string[]): string => different.map((field) => spoken[field] ?? field).join(', ');

/** What a person should know about a connection that we have not created. @param different the fields that a run would change */
export const noteOnAdopted = (different: string[]): string =>
  different.length > 0
    ? `${notCreated}: runs never change its ${spokenList(different)}, and send it no rotated password. To change that, start a run with "claim": true`
    : `${notCreated}: runs never change it, and send it no rotated password`;

/**
 * Whether both strings lead to the same brokers. For a large cluster MSK names only some brokers, in changing order, so the
 * listener's domain must match, and the port of every broker that both name.
 */
export function sameBootstrapServers(one: string, other: string): boolean {
  const [a, b] = [brokers(one), brokers(other)];
  const domains = (servers: Map<string, string>) => [...new Set([...servers.keys()].map(domain))].sort().join();
  return domains(a) === domains(b) && [...a].every(([host, port]) => (b.get(host) ?? port) === port);
}

const brokers = (servers: string) =>
  new Map(servers.split(',').map((server) => server.trim().split(':') as [host: string, port: string]));

/** `b-1.scram.demo.abc123.c2.kafka.us-east-1.amazonaws.com` → the same without the broker's own label. */
const domain = (host: string) => host.replace(/^b-\d+\./, '');

const hasConfig = (existing: Record<string, unknown>, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([key, value]) => existing[key] === value);

/**
 * Reads a connection's state. READY is ready. An absent or unknown state counts as in progress.
 *
 * @param ownership decides what a person has to do about a connection that is FAILED
 * @param hint what else to check then
 * @throws ConnectionFailed if it is FAILED or is being deleted; Atlas gives no reason
 */
export function connectionState(
  { name, state }: Connection,
  ownership: Ownership,
  clusterArn: string,
  hint: string,
): { state: string; isReady: boolean } {
  if (state === 'FAILED')
    throw new ConnectionFailed(
      `Atlas reports connection "${name}" as FAILED, without a reason. Check the Kafka ACLs of the SCRAM user, the user and password in the SCRAM secret, and the connection's bootstrap servers. ${hint}\n${
        ownership === 'created'
          ? replacedBy('what is wrong there', clusterArn)
          : `This deployment did not create the connection. Its owner must correct it, or delete it, in Atlas. Then start a new execution. ${failsAgain}`
      }`,
    );
  if (state === 'DELETING')
    throw new ConnectionFailed(`Connection "${name}" is being deleted. Start a new execution when it is gone.`);
  return { state: state ?? 'PENDING', isReady: state === 'READY' };
}
