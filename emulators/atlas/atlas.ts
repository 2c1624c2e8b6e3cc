import type { Clock } from '../clock.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from '../emulator.ts';
import { pathTemplate } from '../path-template.ts';
import { type ApiKey, AtlasAuth, type ServiceAccount } from './auth.ts';
import { type Context, type Endpoint, endpoints, type Labels } from './endpoints.ts';
import { atlasError } from './error.ts';
import { type AtlasBehaviour, Project, type ProjectSeed } from './project.ts';

export interface AtlasOptions {
  clock: Clock;
  projects: ProjectSeed[];
  apiKeys?: ApiKey[];
  serviceAccounts?: ServiceAccount[];
  behaviour?: Partial<AtlasBehaviour>;
}

const routes = endpoints.map((endpoint) => {
  const [method, path] = endpoint.route.split(' ');
  return { endpoint, method, match: pathTemplate(`/api/atlas/v2/groups/{groupId}${path}`) };
});

/** The Streams part of the Atlas Admin API, with authentication, API versions and the rate limit. */
export class AtlasEmulator implements Service {
  readonly name = 'atlas';
  readonly auth: AtlasAuth;
  readonly behaviour: AtlasBehaviour;
  readonly projects: Map<string, Project>;
  readonly #clock: Clock;

  constructor({ clock, projects, apiKeys = [], serviceAccounts = [], behaviour }: AtlasOptions) {
    this.#clock = clock;
    this.auth = new AtlasAuth(apiKeys, serviceAccounts, clock);
    this.behaviour = {
      linkMinutes: 32,
      connectionMinutes: 26,
      linkFails: undefined,
      connectionFails: false,
      mayConnect: () => true,
      workspaceWriteSeconds: 0,
      shownAfterSeconds: 0,
      blockedAddress: undefined,
      ...behaviour,
    };
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
    for (const { endpoint, method, match } of routes) {
      const labels = method === request.method && match(request.path);
      if (!labels) continue;
      return {
        operation: endpoint.operation,
        authenticate: () => this.auth.authenticate(request),
        apply: () => this.#apply(endpoint, labels as Labels, request),
      };
    }
    throw atlasError(404, 'RESOURCE_NOT_FOUND', `Cannot find resource ${request.path}.`, {
      parameters: [request.path],
    });
  }

  async #apply(endpoint: Endpoint, labels: Labels, request: Request): Promise<Answer> {
    const { blockedAddress, workspaceWriteSeconds } = this.behaviour;
    if (blockedAddress) {
      const detail = `IP address ${blockedAddress} is not allowed to access this resource.`;
      throw atlasError(403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST', detail, { parameters: [blockedAddress] });
    }
    const { groupId } = labels;
    const project = this.projects.get(groupId);
    if (!project) {
      throw atlasError(404, 'GROUP_NOT_FOUND', `No group with ID ${groupId} exists.`, { parameters: [groupId] });
    }
    if (endpoint.writesWorkspace && workspaceWriteSeconds > 0) {
      const restore = project.saveConnections(labels.tenantName);
      await this.#clock.wait(workspaceWriteSeconds);
      restore();
    }
    const answer = this.#answer(endpoint, { project, labels, request });
    return { ...answer, headers: { ...answer.headers, ...project.rateLimit.headers } };
  }

  #answer({ version = '2023-02-01', status = 200, answer }: Endpoint, context: Context): Answer {
    try {
      context.project.rateLimit.take(context.request.path);
      checkAccept(context.request.headers.accept, version);
      const contentType = `application/vnd.atlas.${version}+json;charset=utf-8`;
      return { status, headers: { 'content-type': contentType }, body: JSON.stringify(answer(context)) };
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }
}

/** Documented: 406 if the client names no date, or one before the endpoint's version. */
function checkAccept(accept: string | undefined, version: string): void {
  const date = /application\/vnd\.atlas\.(\d{4}-\d{2}-\d{2})\+json/.exec(accept ?? '')?.[1];
  if (!date || date < version) throw atlasError(406, 'INVALID_VERSION_DATE', 'Invalid accept header or version date.');
}
