import { InvalidRequest } from '../errors.ts';
import type { Scheme } from '../login.ts';
import { maxProcessorBytes } from './limits.ts';
import { AtlasTransport, type TransportOptions } from './transport.ts';
import {
  Accepted,
  AccountDetails,
  type AwsRole,
  CloudProviderAccess,
  Connection,
  type KafkaConnectionRequest,
  PrivateLink,
  StreamProcessor,
  Workspace,
} from './types.ts';

/**
 * The Streams part of the Atlas Administration API v2, and the roles of a project, as far as we need it. Every method throws as AtlasTransport does. The name of a
 * workspace or connection is the one that was asked for, whatever the answer says: it is shown, and goes into the history.
 */
export class AtlasClient {
  readonly #transport: AtlasTransport;

  constructor(options: TransportOptions) {
    this.#transport = new AtlasTransport(options);
  }

  /** The share of Atlas's requests for the project that was left at the last answer, 0 to 1. */
  get remainingShare(): number {
    return this.#transport.remainingShare;
  }

  /** The time of the last answer by Atlas's own clock, ISO 8601. The ids that Atlas makes hold the same clock's time. */
  get answeredAt(): string | undefined {
    return this.#transport.answeredAt;
  }

  /** The AWS account that Atlas Stream Processing uses for this project and Region. @param region such as US_EAST_1 */
  async accountDetails(projectId: string, region: string) {
    const query = { cloudProvider: 'aws', regionName: region };
    const path = `${streams(projectId)}/accountDetails`;
    return this.#transport.call(AccountDetails, { method: 'GET', path, query, version: '2024-11-13' });
  }

  /** The AWS roles that are registered in the project. Needs the role Project Read Only. */
  async listAwsRoles(projectId: string): Promise<AwsRole[]> {
    const path = `${group(projectId)}/cloudProviderAccess`;
    const call = { method: 'GET', path, version: '2023-01-01' } as const;
    return (await this.#transport.call(CloudProviderAccess, call)).awsIamRoles.filter((role) => role !== null);
  }

  /** All private links of the project, including those that are being deleted. */
  async listPrivateLinks(projectId: string): Promise<PrivateLink[]> {
    return this.#transport.list(PrivateLink, { path: `${streams(projectId)}/privateLinkConnections` });
  }

  /** Requests a private link to an MSK cluster, for one authentication scheme. Not idempotent: list first. The answer has no `state` yet. */
  async createPrivateLink(projectId: string, clusterArn: string, scheme: Scheme): Promise<PrivateLink> {
    const body = { provider: 'AWS', vendor: 'MSK', arn: clusterArn, authenticationScheme: scheme };
    return this.#transport.call(PrivateLink, {
      method: 'POST',
      path: `${streams(projectId)}/privateLinkConnections`,
      body,
    });
  }

  async getPrivateLink(projectId: string, id: string): Promise<PrivateLink> {
    return this.#transport.call(PrivateLink, {
      method: 'GET',
      path: `${streams(projectId)}/privateLinkConnections/${segment(id)}`,
    });
  }

  /** Asks Atlas to delete a private link. It is gone when Atlas no longer lists it. */
  async deletePrivateLink(projectId: string, id: string): Promise<void> {
    await this.#transport.call(Accepted, {
      method: 'DELETE',
      path: `${streams(projectId)}/privateLinkConnections/${segment(id)}`,
    });
  }

  /** All workspaces of the project. */
  async listWorkspaces(projectId: string): Promise<Workspace[]> {
    return this.#transport.list(Workspace, { path: streams(projectId) });
  }

  async getWorkspace(projectId: string, workspace: string): Promise<Workspace> {
    const path = `${streams(projectId)}/${segment(workspace)}`;
    return { ...(await this.#transport.call(Workspace, { method: 'GET', path })), name: workspace };
  }

  /** All connections of a workspace, of every type. */
  async listConnections(projectId: string, workspace: string): Promise<Connection[]> {
    return this.#transport.list(Connection, { path: connections(projectId, workspace) });
  }

  async getConnection(projectId: string, workspace: string, name: string): Promise<Connection> {
    const path = `${connections(projectId, workspace)}/${segment(name)}`;
    return { ...(await this.#transport.call(Connection, { method: 'GET', path })), name };
  }

  async createConnection(projectId: string, workspace: string, body: KafkaConnectionRequest): Promise<Connection> {
    const path = connections(projectId, workspace);
    const isWithoutPassword = body.authentication.mechanism === 'AWS_MSK_IAM';
    const created = await this.#transport.call(Connection, { method: 'POST', path, body, isWithoutPassword });
    return { ...created, name: body.name };
  }

  /** Updates a connection; its networking cannot be changed. */
  async updateConnection(
    projectId: string,
    workspace: string,
    { name, networking: _, ...body }: KafkaConnectionRequest,
  ): Promise<Connection> {
    const path = `${connections(projectId, workspace)}/${segment(name)}`;
    return { ...(await this.#transport.call(Connection, { method: 'PATCH', path, body: { name, ...body } })), name };
  }

  /** Asks Atlas to delete a connection. It is gone when Atlas no longer finds it. */
  async deleteConnection(projectId: string, workspace: string, name: string): Promise<void> {
    const path = `${connections(projectId, workspace)}/${segment(name)}`;
    await this.#transport.call(Accepted, { method: 'DELETE', path });
  }

  /** All stream processors of a workspace, whatever their state. */
  async listStreamProcessors(projectId: string, workspace: string): Promise<StreamProcessor[]> {
    const path = `${streams(projectId)}/${segment(workspace)}/processors`;
    // Pipelines are long.
    return this.#transport.list(StreamProcessor, { ...ofProcessors, path, itemsPerPage: 50 });
  }

  /** A stream processor, with its counts if it runs. */
  async getStreamProcessor(projectId: string, workspace: string, name: string): Promise<StreamProcessor> {
    const path = processor(projectId, workspace, name);
    return { ...(await this.#transport.call(StreamProcessor, { ...ofProcessors, method: 'GET', path })), name };
  }

  /** Creates a stream processor, which does not run yet. Atlas does not connect to anything for it. */
  async createStreamProcessor(
    projectId: string,
    workspace: string,
    body: { name: string; pipeline: object[] },
  ): Promise<void> {
    const path = `${streams(projectId)}/${segment(workspace)}/processor`;
    await this.#transport.call(Accepted, { ...ofProcessors, method: 'POST', path, body });
  }

  /** Asks Atlas to start a stream processor. It runs when it is STARTED, usually after 2 to 5 minutes. @param how without a tier, Atlas chooses it */
  async startStreamProcessor(
    projectId: string,
    workspace: string,
    name: string,
    how: { tier?: string; resumeFromCheckpoint: boolean },
  ): Promise<void> {
    const path = `${processor(projectId, workspace, name)}:startWith`;
    await this.#transport.call(Accepted, { method: 'POST', path, version: '2025-03-12', body: how });
  }

  /** Asks Atlas to stop a stream processor. It has released its connections when it is STOPPED. */
  async stopStreamProcessor(projectId: string, workspace: string, name: string): Promise<void> {
    const path = `${processor(projectId, workspace, name)}:stop`;
    await this.#transport.call(Accepted, { ...ofProcessors, method: 'POST', path });
  }

  async deleteStreamProcessor(projectId: string, workspace: string, name: string): Promise<void> {
    const path = processor(projectId, workspace, name);
    await this.#transport.call(Accepted, { ...ofProcessors, method: 'DELETE', path });
  }

  /**
   * The operational log of a stream processor, without the secrets in use. Atlas shows a line up to five minutes late.
   *
   * @param times both ISO 8601
   * @returns at most its last 1 MB
   */
  async operationalLogs(
    projectId: string,
    workspace: string,
    processorName: string,
    { from, to }: { from: string; to: string },
  ): Promise<string> {
    const path = `${streams(projectId)}/${segment(workspace)}:downloadOperationalLogs`;
    const query = { spName: processorName, startDate: epochSeconds(from), endDate: epochSeconds(to) };
    return this.#transport.download({ ...operationalLog, path, query });
  }
}

/** @throws InvalidRequest if it would make the path that of something else: URL leaves out ".", and ".." with the segment before it */
function segment(name: string): string {
  if (!/^\.{0,2}$/.test(name)) return encodeURIComponent(name);
  throw new InvalidRequest(
    `${JSON.stringify(name)} cannot be a name in a request to Atlas: it must not be empty, "." or "..". Correct workspace and connectionName in the input or in the tags.`,
  );
}

const ofProcessors = { version: '2024-05-30', maxBytes: maxProcessorBytes } as const;
const operationalLog = { method: 'GET', version: '2025-03-12', accept: 'gzip', maxBytes: 5_000_000 } as const;

const epochSeconds = (time: string) => String(Math.floor(Date.parse(time) / 1000));

const group = (projectId: string) => `/api/atlas/v2/groups/${segment(projectId)}`;
const streams = (projectId: string) => `${group(projectId)}/streams`;
const connections = (projectId: string, workspace: string) => `${streams(projectId)}/${segment(workspace)}/connections`;
const processor = (projectId: string, workspace: string, name: string) =>
  `${streams(projectId)}/${segment(workspace)}/processor/${segment(name)}`;
