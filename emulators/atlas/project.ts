import type { z } from 'zod';
import { parseArn } from '../arn.ts';
import type { Clock } from '../clock.ts';
import { type AccessRoleSeed, AccessRoles } from './access-roles.ts';
import type { AtlasBehaviour } from './behaviour.ts';
import { validationError } from './body.ts';
import { Connection } from './connection.ts';
import { atlasError } from './error.ts';
import { PrivateLink } from './private-link.ts';
import type { ProcessorSeed, StreamProcessor } from './processor.ts';
import { RateLimit } from './rate-limit.ts';
import {
  type ConnectionSettings,
  type ConnectionUpdate,
  hasMechanism,
  isIam,
  mechanismMissing,
  objectIdPattern,
  type PrivateLinkRequest,
} from './schemas/request.ts';
import { Workspace, type WorkspaceSeed } from './workspace.ts';

export interface ProjectSeed {
  id: string;
  /** The account from which Atlas connects, as in `accountDetails`. */
  awsAccountId: string;
  /** The Regions where the project has an Atlas cluster or a network peering. A private link needs one. Default: `us-east-1`. */
  awsRegions?: string[];
  /**
   * The Regions for which `accountDetails` answers. Default: `awsRegions`. Not known: whether a Region without a cluster is ever among
   * them. The rule for private links is younger than the endpoint.
   */
  accountRegions?: string[];
  workspaces: WorkspaceSeed[];
  /** The roles in AWS that were registered. Default: none. */
  awsRoles?: AccessRoleSeed[];
}

/** One Atlas project: its roles in AWS, its private links, its stream processing workspaces, and the rules for changing them. */
export class Project {
  readonly id: string;
  readonly awsAccountId: string;
  readonly awsRegions: string[];
  readonly accountRegions: string[];
  readonly workspaces: Workspace[];
  readonly accessRoles: AccessRoles;
  readonly rateLimit: RateLimit;
  readonly #clock: Clock;
  readonly #behaviour: AtlasBehaviour;
  readonly #links: PrivateLink[] = [];

  constructor(seed: ProjectSeed, clock: Clock, behaviour: AtlasBehaviour) {
    this.id = seed.id;
    this.awsAccountId = seed.awsAccountId;
    this.awsRegions = seed.awsRegions ?? ['us-east-1'];
    this.accountRegions = seed.accountRegions ?? this.awsRegions;
    this.workspaces = seed.workspaces.map((it) => new Workspace(it, clock, behaviour));
    this.accessRoles = new AccessRoles(seed.awsRoles, clock, behaviour);
    this.rateLimit = new RateLimit(clock);
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  /** Includes links that are being deleted. Documented by MongoDB's CloudFormation resources. */
  get links(): PrivateLink[] {
    return this.#links.filter(({ state }) => state !== 'DELETED');
  }

  /** What LIST shows. */
  get shownLinks(): PrivateLink[] {
    return this.links.filter((it) => this.#isShown(it));
  }

  link(id: string): PrivateLink {
    return this.links.find((it) => it.id === id) ?? this.#linkNotFound(id);
  }

  /** What GET shows. */
  shownLink(id: string): PrivateLink {
    return this.shownLinks.find((it) => it.id === id) ?? this.#linkNotFound(id);
  }

  /** Adds a stream processor that was there all along. Default: it is STARTED. */
  addProcessor(workspaceName: string, seed: ProcessorSeed): StreamProcessor {
    return this.workspace(workspaceName).addProcessor(seed);
  }

  processor(workspaceName: string, name: string): StreamProcessor {
    return this.workspace(workspaceName).processor(name);
  }

  /** How many records all stream processors have written to their sinks, deleted ones included. */
  get recordsWritten(): number {
    const all = this.workspaces.flatMap(({ processors, deletedProcessors }) => [...processors, ...deletedProcessors]);
    return all.reduce((sum, { recordsWritten }) => sum + recordsWritten, 0);
  }

  get mayReadLogs(): boolean {
    return this.#behaviour.mayReadLogs;
  }

  /** Documented: an id is 24 hexadecimal digits. Assumed: 400 for any other. */
  #linkNotFound(id: string): never {
    if (!objectIdPattern.test(id)) throw validationError(`connectionId: ${id} is not 24 hexadecimal digits`);
    const detail = `No private link connection with ID ${id} exists.`;
    throw atlasError(404, 'STREAM_PRIVATE_LINK_NOT_FOUND', detail, { parameters: [id] });
  }

  createLink(request: z.infer<typeof PrivateLinkRequest>): PrivateLink {
    if (!this.awsRegions.includes(parseArn(request.arn).region)) {
      throw validationError(
        'You must have an Atlas Cluster on AWS or AWS Network Peering configured to create a Private Link connection',
      );
    }
    if (this.links.some((it) => !it.isBeingDeleted && it.request.arn === request.arn)) {
      const detail = `A private link connection to ${request.arn} already exists.`;
      throw atlasError(400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS', detail, { parameters: [request.arn] });
    }
    const { linkMinutes, linkFails, mayConnect } = this.#behaviour;
    const link = new PrivateLink(request, this.#clock, {
      minutes: linkMinutes,
      failure: linkFails,
      mayConnect: (scheme) => mayConnect(request.arn, this.awsAccountId, scheme),
    });
    this.#links.push(link);
    return link;
  }

  deleteLink(id: string): void {
    const link = this.link(id);
    const users = this.workspaces.flatMap((workspace) => this.connections(workspace.name));
    if (users.some((connection) => connection.link === link)) {
      const detail = `Private Link with connection ID ${id} is in use.`;
      throw atlasError(400, 'STREAM_PRIVATE_LINK_IN_USE', detail, { parameters: [id] });
    }
    link.delete();
  }

  workspace(name: string): Workspace {
    const workspace = this.workspaces.find((it) => it.name === name);
    if (workspace) return workspace;
    const detail = `Streams tenant for project ${this.id} and name ${name} not found.`;
    throw atlasError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME', detail, { parameters: [this.id, name] });
  }

  /** Saves what is stored of a workspace's connections now. @returns a function that restores it */
  saveConnections(workspaceName: string): () => void {
    const workspace = this.workspace(workspaceName);
    const connections = [...workspace.connections];
    const restorers = connections.map((connection) => connection.save());
    return () => {
      workspace.connections = connections;
      for (const restore of restorers) restore();
    };
  }

  connections(workspaceName: string): Connection[] {
    return this.workspace(workspaceName).connections.filter(({ state }) => state !== 'DELETED');
  }

  /** What LIST shows. */
  shownConnections(workspaceName: string): Connection[] {
    return this.connections(workspaceName).filter((it) => this.#isShown(it));
  }

  /** What LIST shows, with connections of other types. */
  describeConnections(workspaceName: string): object[] {
    const all = [...this.shownConnections(workspaceName), ...this.workspace(workspaceName).clusterConnections];
    return all.map((it) => it.describe());
  }

  /** What GET shows, with connections of other types. */
  describeConnection(workspaceName: string, name: string): object {
    const ofCluster = this.workspace(workspaceName).clusterConnections.find((it) => it.name === name);
    return (ofCluster ?? this.shownConnection(workspaceName, name)).describe();
  }

  connection(workspaceName: string, name: string): Connection {
    const connection = this.connections(workspaceName).find(({ settings }) => settings.name === name);
    return connection ?? this.#connectionNotFound(workspaceName, name);
  }

  /** What GET shows. */
  shownConnection(workspaceName: string, name: string): Connection {
    const connection = this.shownConnections(workspaceName).find(({ settings }) => settings.name === name);
    return connection ?? this.#connectionNotFound(workspaceName, name);
  }

  #isShown({ createdAt }: { createdAt: Date }): boolean {
    return this.#clock.minutesSince(createdAt) * 60 >= this.#behaviour.shownAfterSeconds;
  }

  #connectionNotFound(workspaceName: string, name: string): never {
    const detail = `Connection ${name} for project ${this.id} and tenant ${workspaceName} not found.`;
    const parameters = [name, this.id, workspaceName];
    throw atlasError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME', detail, { parameters });
  }

  createConnection(workspaceName: string, request: ConnectionSettings): Connection {
    const workspace = this.workspace(workspaceName);
    if (this.connections(workspaceName).some(({ settings }) => settings.name === request.name)) {
      const detail = `A connection with the name ${request.name} already exists.`;
      throw atlasError(409, 'STREAM_CONNECTION_NAME_ALREADY_EXISTS', detail, { parameters: [request.name] });
    }
    const { connectionMinutes: minutes, connectionFails: fails } = this.#behaviour;
    const link = this.#linkOf(request);
    this.#checkLogin(request, link);
    const outcome = { minutes, fails, deletionMinutes: () => this.#behaviour.connectionDeletionMinutes };
    const connection = new Connection(request, link, workspace.dataProcessRegion.region, this.#clock, outcome);
    workspace.connections.push(connection);
    return connection;
  }

  updateConnection(workspaceName: string, name: string, update: z.infer<typeof ConnectionUpdate>): Connection {
    const connection = this.connection(workspaceName, name);
    const { type, connectionId } = connection.settings.networking.access;
    const access = update.networking?.access;
    if (access && (access.type !== type || access.connectionId !== connectionId)) {
      throw atlasError(
        400,
        'STREAM_NETWORKING_CANNOT_BE_MODIFIED',
        'The networking of a connection cannot be modified.',
      );
    }
    const settings = connection.settingsAfter(update);
    if (!hasMechanism(settings)) throw validationError(`authentication.mechanism: ${mechanismMissing}`);
    if (update.authentication) this.#checkLogin(settings, connection.link);
    this.#refuseUsed(workspaceName, name);
    connection.update(update);
    return connection;
  }

  deleteConnection(workspaceName: string, name: string): void {
    const connection = this.connection(workspaceName, name);
    if (connection.state === 'PENDING') {
      const detail = `Stream Kafka connection ${name} is currently deploying. Please retry the request later.`;
      throw atlasError(409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', detail, { parameters: [name] });
    }
    this.#refuseUsed(workspaceName, name);
    connection.delete();
  }

  /**
   * Recorded in MongoDB's CI, for DELETE. Assumed for PATCH, and that a processor holds its connections in every state but CREATED, STOPPED,
   * FAILED and DROPPED.
   */
  #refuseUsed(workspaceName: string, name: string): void {
    const { processors } = this.workspace(workspaceName);
    if (!processors.some((it) => it.holdsConnections && it.uses(name))) return;
    const detail = `Stream connection with name ${name} in stream workspace ${workspaceName} has active processors, and cannot be changed.`;
    throw atlasError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS', detail, { parameters: [name, workspaceName] });
  }

  /**
   * Reported: Atlas wants a role that is authorized in the project (mongodb/agent-skills: "IAM role ARN not found"). Documented: a private
   * link with the scheme TLS has no SCRAM. Assumed: Atlas refuses any login that the scheme of the private link does not have.
   */
  #checkLogin({ authentication: { mechanism, aws } }: ConnectionSettings, link: PrivateLink | undefined): void {
    if (aws) this.accessRoles.checkAuthorized(aws.roleArn);
    const fits =
      link === undefined || (link.scheme === 'TLS' ? mechanism === '' : (link.scheme === 'IAM') === isIam(mechanism));
    if (!fits)
      throw validationError(
        `authentication.mechanism: "${mechanism}" does not fit the private link, whose authenticationScheme is ${link.scheme}`,
      );
  }

  #linkOf({ networking: { access } }: ConnectionSettings): PrivateLink | undefined {
    if (access.type !== 'PRIVATE_LINK') return undefined;
    const link = this.links.find((it) => it.id === access.connectionId && !it.isBeingDeleted);
    if (!link)
      throw validationError(`networking.access.connectionId: no private link has the ID ${access.connectionId}`);
    return link;
  }
}
