import * as z from 'zod/mini';
import { ConnectionFailed } from '../errors.ts';
import { type Login, type Mechanism, schemeOf } from '../login.ts';
import { notCreated, Result } from '../outcomes.ts';
import { Ownership } from '../registry/record.ts';
import { failsAgain, replacedBy } from '../replaced-by.ts';
import type { Authentication, Connection, KafkaConnectionRequest } from './types.ts';

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
  /** The version of the SCRAM secret that Atlas certainly has, or ''; also '' without a secret. */
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

/** The body of the connection that is wanted. */
export const connectionOver = (
  privateLinkId: string,
  {
    name,
    config,
    ...settings
  }: {
    name: string;
    bootstrapServers: string;
    authentication: Authentication;
    config: Record<string, string> | null;
  },
): KafkaConnectionRequest => ({
  name,
  type: 'Kafka',
  ...settings,
  security: { protocol: 'SASL_SSL' },
  networking: { access: { type: 'PRIVATE_LINK', connectionId: privateLinkId } },
  ...(config && { config }),
});

/**
 * The fields in which an existing connection differs from the wanted one. Atlas never returns the password, so it cannot be
 * compared. Of `config`, only the keys that the request has are compared: Atlas may show others, such as its defaults.
 */
export function differences(existing: Connection, wanted: KafkaConnectionRequest): string[] {
  const { authentication, security, config } = existing;
  const login = wanted.authentication;
  return [
    !sameBootstrapServers(existing.bootstrapServers ?? '', wanted.bootstrapServers) && 'bootstrapServers',
    authentication?.mechanism !== login.mechanism && 'authentication.mechanism',
    'username' in login && authentication?.username !== login.username && 'authentication.username',
    'aws' in login && authentication?.aws?.roleArn !== login.aws.roleArn && 'authentication.aws.roleArn',
    security?.protocol !== wanted.security.protocol && 'security.protocol',
    !hasConfig(config ?? {}, wanted.config ?? {}) && 'config',
  ].filter((field) => typeof field === 'string');
}

/** How a person calls the fields that `differences` names. */
const spoken: Record<string, string> = {
  bootstrapServers: 'brokers',
  'authentication.mechanism': 'mechanism',
  'authentication.username': 'user',
  'authentication.aws.roleArn': 'role',
  'security.protocol': 'protocol',
};

/** The fields that `differences` names, for a person, such as "brokers, user". */
export const spokenList = (different: string[]): string => different.map((field) => spoken[field] ?? field).join(', ');

/** What a person should know about a connection that we have not created. @param different the fields that a run would change */
export function noteOnAdopted(different: string[], mechanism: Mechanism): string {
  const andNoPassword = schemeOf(mechanism) === 'IAM' ? '' : ', and send it no rotated password';
  return different.length > 0
    ? `${notCreated}: runs never change its ${spokenList(different)}${andNoPassword}. To change that, start a run with "claim": true`
    : `${notCreated}: runs never change it${andNoPassword}`;
}

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
 * @param login decides what to check if it is FAILED
 * @param ownership decides what a person has to do then
 * @param hint what else to check
 * @throws ConnectionFailed if it is FAILED or is being deleted; Atlas gives no reason
 */
export function connectionState(
  { name, state }: Connection,
  login: Login,
  ownership: Ownership,
  clusterArn: string,
  hint: string,
): { state: string; isReady: boolean } {
  if (state === 'FAILED')
    throw new ConnectionFailed(
      `Atlas reports connection "${name}" as FAILED, without a reason. Check ${suspectsOf(login)}, and the connection's bootstrap servers. ${hint}\n${
        ownership === 'created'
          ? replacedBy('what is wrong there', login.mechanism, clusterArn)
          : `This deployment did not create the connection. Its owner must correct it, or delete it, in Atlas. Then start a new execution. ${failsAgain}`
      }`,
    );
  if (state === 'DELETING')
    throw new ConnectionFailed(`Connection "${name}" is being deleted. Start a new execution when it is gone.`);
  return { state: state ?? 'PENDING', isReady: state === 'READY' };
}

const suspectsOf = (login: Login): string =>
  login.mechanism === 'AWS_MSK_IAM'
    ? `that the role ${login.roleArn} trusts Atlas and may connect to this cluster (kafka-cluster:Connect), that no policy of the organization denies that`
    : 'the Kafka ACLs of the SCRAM user, the user and password in the SCRAM secret';
