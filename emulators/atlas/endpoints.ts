import type { Request } from '../emulator.ts';
import { ConnectionRequest, ConnectionUpdate, PrivateLinkRequest, parseBody } from './body.ts';
import { atlasError } from './error.ts';
import type { Project, Workspace } from './project.ts';

export type Labels = Record<'groupId' | 'connectionId' | 'tenantName' | 'connectionName', string>;

export interface Context {
  project: Project;
  labels: Labels;
  request: Request;
}

export interface Endpoint {
  /** Atlas's operationId. */
  operation: string;
  /** Method, and path after the project. */
  route: string;
  /** The date of the only version. Default: 2023-02-01. */
  version?: string;
  /** Whether the endpoint changes the document that holds all connections of a workspace. */
  writesWorkspace?: boolean;
  /** Default: 200, which Atlas answers even if it has created something. Recorded. */
  status?: number;
  answer(context: Context): object;
}

/** The first endpoint that matches is used, so fixed paths come before those with a workspace's name. */
export const endpoints: Endpoint[] = [
  {
    operation: 'getGroupStreamAccountDetails',
    route: 'GET /streams/accountDetails',
    version: '2024-11-13',
    answer: ({ project, request }) => accountDetails(project, request.query),
  },
  {
    operation: 'listGroupStreamPrivateLinkConnections',
    route: 'GET /streams/privateLinkConnections',
    answer: ({ project, request }) =>
      page(
        request,
        project.shownLinks.map((link) => link.describe()),
      ),
  },
  {
    operation: 'createGroupStreamPrivateLinkConnection',
    route: 'POST /streams/privateLinkConnections',
    answer: ({ project, request }) => project.createLink(parseBody(PrivateLinkRequest, request.body)).created(),
  },
  {
    operation: 'getGroupStreamPrivateLinkConnection',
    route: 'GET /streams/privateLinkConnections/{connectionId}',
    answer: ({ project, labels }) => project.shownLink(labels.connectionId).describe(),
  },
  {
    operation: 'deleteGroupStreamPrivateLinkConnection',
    route: 'DELETE /streams/privateLinkConnections/{connectionId}',
    status: 202,
    answer: ({ project, labels }) => {
      project.deleteLink(labels.connectionId);
      return {};
    },
  },
  {
    operation: 'listGroupStreamWorkspaces',
    route: 'GET /streams',
    answer: ({ project, request }) =>
      page(
        request,
        project.workspaces.map((workspace) => describeWorkspace(project, workspace)),
      ),
  },
  {
    operation: 'getGroupStreamWorkspace',
    route: 'GET /streams/{tenantName}',
    answer: ({ project, labels, request }) => {
      const connections = project.shownConnections(labels.tenantName).map((connection) => connection.describe());
      const included = request.query.get('includeConnections') === 'true' ? { connections } : {};
      return { ...included, ...describeWorkspace(project, project.workspace(labels.tenantName)) };
    },
  },
  {
    operation: 'listGroupStreamConnections',
    route: 'GET /streams/{tenantName}/connections',
    answer: ({ project, labels, request }) =>
      page(
        request,
        project.shownConnections(labels.tenantName).map((connection) => connection.describe()),
      ),
  },
  {
    operation: 'getGroupStreamProcessors',
    route: 'GET /streams/{tenantName}/processors',
    version: '2024-05-30',
    answer: ({ project, labels, request }) => page(request, project.workspace(labels.tenantName).processors),
  },
  {
    operation: 'createGroupStreamConnection',
    route: 'POST /streams/{tenantName}/connections',
    writesWorkspace: true,
    answer: ({ project, labels, request }) =>
      project.createConnection(labels.tenantName, parseBody(ConnectionRequest, request.body)).describe(),
  },
  {
    operation: 'getGroupStreamConnection',
    route: 'GET /streams/{tenantName}/connections/{connectionName}',
    answer: ({ project, labels }) => project.shownConnection(labels.tenantName, labels.connectionName).describe(),
  },
  {
    operation: 'updateGroupStreamConnection',
    route: 'PATCH /streams/{tenantName}/connections/{connectionName}',
    writesWorkspace: true,
    answer: ({ project, labels, request }) => {
      const update = parseBody(ConnectionUpdate, request.body);
      const connection = project.updateConnection(labels.tenantName, labels.connectionName, update);
      // Unlike other answers, this one has no state.
      return { ...connection.describe(), state: undefined };
    },
  },
  {
    operation: 'deleteGroupStreamConnection',
    route: 'DELETE /streams/{tenantName}/connections/{connectionName}',
    writesWorkspace: true,
    status: 202,
    answer: ({ project, labels }) => {
      project.deleteConnection(labels.tenantName, labels.connectionName);
      return {};
    },
  },
];

/** Documented: account and VPC belong to a project and a Region. Assumed: 404 if the project has no cluster in the Region. */
function accountDetails(project: Project, query: URLSearchParams): object {
  const cloudProvider = query.get('cloudProvider');
  if (cloudProvider !== 'aws') throw badQuery('cloudProvider');
  const region = query.get('regionName') ?? '';
  if (!/^[A-Z]+(_[A-Z0-9]+)+$/.test(region)) throw badQuery('regionName');
  if (!project.awsRegions.includes(region.toLowerCase().replaceAll('_', '-'))) {
    const resource = `streams account details for region ${region}`;
    throw atlasError(404, 'RESOURCE_NOT_FOUND', `Cannot find resource ${resource}.`, { parameters: [resource] });
  }
  return {
    awsAccountId: project.awsAccountId,
    cidrBlock: '192.168.248.0/21',
    cloudProvider,
    vpcId: `vpc-0${project.id.slice(0, 16)}`,
  };
}

function describeWorkspace(project: Project, { id, name, dataProcessRegion }: Workspace): object {
  const host = `${dataProcessRegion.region.replaceAll('_', '-').toLowerCase()}.a.query.mongodb.net`;
  return {
    _id: id,
    dataProcessRegion,
    failoverRegions: [],
    groupId: project.id,
    hostnames: [`atlas-stream-${id}-${id.slice(-6)}.${host}`],
    name,
    streamConfig: { tier: 'SP30' },
  };
}

/** One page of a list. Documented: `pageNum` from 1, `itemsPerPage` from 1 to 500. */
function page({ headers, path, query }: Request, items: object[]): object {
  const pageNum = pageParameter(query, 'pageNum', 1, Number.MAX_SAFE_INTEGER);
  const itemsPerPage = pageParameter(query, 'itemsPerPage', 100, 500);
  const start = (pageNum - 1) * itemsPerPage;
  const href = (page: number) => `http://${headers.host}${path}?pageNum=${page}&itemsPerPage=${itemsPerPage}`;
  const next = start + itemsPerPage < items.length ? [{ href: href(pageNum + 1), rel: 'next' }] : [];
  return {
    links: [{ href: href(pageNum), rel: 'self' }, ...next],
    results: items.slice(start, start + itemsPerPage),
    totalCount: items.length,
  };
}

function pageParameter(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const value = Number(query.get(name) ?? fallback);
  if (!Number.isInteger(value) || value < 1 || value > max) throw badQuery(name);
  return value;
}

function badQuery(parameter: string) {
  const detail = `Invalid query parameter ${parameter} specified.`;
  return atlasError(400, 'INVALID_QUERY_PARAMETER', detail, { parameters: [parameter] });
}
