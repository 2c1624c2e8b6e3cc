import type { Clock } from '../clock.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from '../emulator.ts';
import { type ApiKey, AtlasAuth, type ServiceAccount } from './auth.ts';
import { type AtlasBehaviour, usualBehaviour } from './behaviour.ts';
import { faultInAnswer, mediaTypeOf, versionOf } from './contract.ts';
import type { Context, Endpoint, Labels } from './endpoint.ts';
import { atlasError, notEmulated } from './error.ts';
import { checkAccept, checkContentType } from './negotiation.ts';
import { Project, type ProjectSeed } from './project.ts';
import { checkQuery } from './query.ts';
import { endpointOf, type Methods } from './routing.ts';
import { objectIdPattern } from './schemas/request.ts';

export interface AtlasOptions {
  clock: Clock;
  projects: ProjectSeed[];
  apiKeys?: ApiKey[];
  serviceAccounts?: ServiceAccount[];
  behaviour?: Partial<AtlasBehaviour>;
}

/** The Streams part of the Atlas Admin API, and the roles of a project in AWS, with authentication, API versions and the rate limit. */
export class AtlasEmulator implements Service {
  readonly name = 'atlas';
  readonly auth: AtlasAuth;
  readonly behaviour: AtlasBehaviour;
  readonly projects: Map<string, Project>;
  readonly #clock: Clock;

  constructor({ clock, projects, apiKeys = [], serviceAccounts = [], behaviour }: AtlasOptions) {
    this.#clock = clock;
    this.auth = new AtlasAuth(apiKeys, serviceAccounts, clock);
    this.behaviour = { ...usualBehaviour, ...behaviour };
    this.projects = new Map(projects.map((seed) => [seed.id, new Project(seed, clock, this.behaviour)]));
  }

  route(request: Request): Route {
    if (request.method === 'POST' && request.path === '/api/oauth/token') {
      return {
        operation: 'createToken',
        authenticate: () => this.auth.authenticateClient(request),
        apply: (clientId) => this.auth.issueToken(clientId, request),
      };
    }
    if (request.method === 'POST' && request.path === '/api/oauth/revoke') {
      return {
        operation: 'revokeToken',
        authenticate: () => this.auth.authenticateClient(request),
        apply: (clientId) => this.auth.revokeToken(clientId, request),
      };
    }
    const found = endpointOf(request.method, request.path);
    if (found) {
      const { endpoint = refuseMethod(request, found.methods), labels } = found;
      return {
        operation: endpoint.operation,
        authenticate: () => this.auth.authenticate(request),
        apply: (caller) => this.#apply(endpoint, labels, request, caller),
      };
    }
    throw atlasError(404, 'RESOURCE_NOT_FOUND', `Cannot find resource ${request.path}.`, {
      parameters: [request.path],
    });
  }

  async #apply(endpoint: Endpoint, labels: Labels, request: Request, caller: string): Promise<Answer> {
    const { blockedAddress, workspaceWriteSeconds } = this.behaviour;
    if (blockedAddress) {
      const detail = `IP address ${blockedAddress} is not allowed to access this resource.`;
      throw atlasError(403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST', detail, { parameters: [blockedAddress] });
    }
    const { groupId } = labels;
    if (!objectIdPattern.test(groupId)) {
      const detail = `An invalid group ID ${groupId} was specified.`;
      throw atlasError(400, 'INVALID_GROUP_ID', detail, { parameters: [groupId] });
    }
    const project = this.projects.get(groupId);
    if (!project) {
      throw atlasError(404, 'GROUP_NOT_FOUND', `No group with ID ${groupId} exists.`, { parameters: [groupId] });
    }
    if (endpoint.needsProjectOwner && !this.auth.isProjectOwner(caller)) {
      throw atlasError(403, 'USER_UNAUTHORIZED', 'Current user is not authorized to perform this action.');
    }
    if (endpoint.writesWorkspace && workspaceWriteSeconds > 0) {
      const restore = project.saveConnections(labels.tenantName);
      await this.#clock.wait(workspaceWriteSeconds);
      restore();
    }
    const answer = this.#answer(endpoint, { project, labels, request });
    return { ...answer, headers: { ...answer.headers, ...project.rateLimit.headers } };
  }

  #answer(endpoint: Endpoint, context: Context): Answer {
    try {
      return answerOf(endpoint, context);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }
}

/** @throws Refusal; Error if the answer does not have the shape of Atlas's answers, which is a bug of the emulator */
function answerOf(endpoint: Endpoint, context: Context): Answer {
  const { project, request } = context;
  project.rateLimit.take(request.path);
  const version = versionOf(endpoint);
  checkAccept(request, version, endpoint.format);
  checkContentType(request, version);
  checkQuery(request, endpoint.parameters);
  const indent = request.query.get('pretty') === 'true' ? 2 : 0;
  const answer = endpoint.answer(context);
  const body = Array.isArray(answer) ? linesOf(answer) : (JSON.stringify(answer, null, indent) ?? '');
  const fault = faultInAnswer(endpoint, body);
  if (fault) throw new Error(fault);
  if (answer === undefined) return { status: endpoint.status ?? 204, body };
  const mediaType = mediaTypeOf(endpoint);
  const contentType = endpoint.format === 'gzip' ? mediaType : `${mediaType};charset=utf-8`;
  return { status: endpoint.status ?? 200, headers: { 'content-type': contentType }, body };
}

const linesOf = (objects: object[]): string => objects.map((it) => `${JSON.stringify(it)}\n`).join('');

function refuseMethod({ method, path }: Request, methods: Methods): never {
  if (methods.has(method)) throw notEmulated(`${method} ${path}`);
  const allow = [...methods.keys()].join(', ');
  throw atlasError(405, 'METHOD_NOT_ALLOWED', `${path} has no method ${method}.`, { headers: { allow } });
}
