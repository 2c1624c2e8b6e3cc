import { validationError } from './body.ts';
import { type Endpoint, taking } from './endpoint.ts';
import { atlasError } from './error.ts';
import {
  accessReference,
  apiReference,
  cliRecordings,
  documented,
  recorded,
  reported,
  terraformTests,
} from './knowledge.ts';
import { processorEndpoints } from './processor-endpoints.ts';
import type { Project } from './project.ts';
import { badQuery, page, pageParameters } from './query.ts';
import * as answers from './schemas/answer.ts';
import {
  AccessRoleRequest,
  AccessRoleUpdate,
  ConnectionRequest,
  ConnectionUpdate,
  PrivateLinkRequest,
} from './schemas/request.ts';
import type { Workspace } from './workspace.ts';

/** The first path that matches is used, so fixed paths come before those with a workspace's name. */
export const endpoints: Endpoint[] = [
  ...processorEndpoints,
  {
    operation: 'getGroupStreamAccountDetails',
    route: 'GET /streams/accountDetails',
    known: documented(`${apiReference}; for a Region without a cluster, the 404 is assumed`),
    version: '2024-11-13',
    parameters: ['cloudProvider', 'regionName'],
    shape: answers.AccountDetails,
    answer: ({ project, request }) => accountDetails(project, request.query),
  },
  {
    operation: 'listGroupStreamPrivateLinkConnections',
    route: 'GET /streams/privateLinkConnections',
    known: recorded(cliRecordings),
    parameters: pageParameters,
    shape: answers.pageOf(answers.PrivateLink),
    answer: ({ project, request }) =>
      page(
        request,
        project.shownLinks.map((link) => link.describe()),
      ),
  },
  {
    operation: 'createGroupStreamPrivateLinkConnection',
    route: 'POST /streams/privateLinkConnections',
    known: recorded(`${cliRecordings} (to Azure); to MSK documented`),
    shape: answers.PrivateLinkCreated,
    ...taking(PrivateLinkRequest, (link, { project }) => project.createLink(link).created()),
  },
  {
    operation: 'getGroupStreamPrivateLinkConnection',
    route: 'GET /streams/privateLinkConnections/{connectionId}',
    known: recorded(
      `${cliRecordings}; the states as MongoDB's Terraform provider and CloudFormation resources know them`,
    ),
    shape: answers.PrivateLink,
    answer: ({ project, labels }) => project.shownLink(labels.connectionId).describe(),
  },
  {
    operation: 'deleteGroupStreamPrivateLinkConnection',
    route: 'DELETE /streams/privateLinkConnections/{connectionId}',
    known: recorded(cliRecordings),
    status: 202,
    shape: answers.Empty,
    answer: ({ project, labels }) => {
      project.deleteLink(labels.connectionId);
      return {};
    },
  },
  {
    operation: 'listGroupStreamWorkspaces',
    route: 'GET /streams',
    known: recorded(cliRecordings),
    parameters: pageParameters,
    shape: answers.pageOf(answers.Workspace),
    answer: ({ project, request }) =>
      page(
        request,
        project.workspaces.map((workspace) => describeWorkspace(project, workspace)),
      ),
  },
  {
    operation: 'getGroupStreamWorkspace',
    route: 'GET /streams/{tenantName}',
    known: recorded(cliRecordings),
    parameters: ['includeConnections'],
    shape: answers.Workspace,
    answer: ({ project, labels, request }) => {
      const connections = project.describeConnections(labels.tenantName);
      const included = request.query.get('includeConnections') === 'true' ? { connections } : {};
      return { ...included, ...describeWorkspace(project, project.workspace(labels.tenantName)) };
    },
  },
  {
    operation: 'listGroupStreamConnections',
    route: 'GET /streams/{tenantName}/connections',
    known: recorded(cliRecordings),
    parameters: pageParameters,
    shape: answers.pageOf(answers.Connection),
    answer: ({ project, labels, request }) => page(request, project.describeConnections(labels.tenantName)),
  },
  {
    operation: 'createGroupStreamConnection',
    route: 'POST /streams/{tenantName}/connections',
    known: recorded(`${cliRecordings} (public); over a private link documented`),
    writesWorkspace: true,
    shape: answers.Connection,
    ...taking(ConnectionRequest, (connection, { project, labels }) =>
      project.createConnection(labels.tenantName, connection).describe(),
    ),
  },
  {
    operation: 'getGroupStreamConnection',
    route: 'GET /streams/{tenantName}/connections/{connectionName}',
    known: recorded(cliRecordings),
    shape: answers.Connection,
    answer: ({ project, labels }) => project.describeConnection(labels.tenantName, labels.connectionName),
  },
  {
    operation: 'updateGroupStreamConnection',
    route: 'PATCH /streams/{tenantName}/connections/{connectionName}',
    known: recorded(`${cliRecordings}; that a name cannot change is assumed`),
    writesWorkspace: true,
    shape: answers.ConnectionUpdated,
    ...taking(ConnectionUpdate, ({ headers: _, ...update }, { project, labels: { tenantName, connectionName } }) => {
      if (update.name !== undefined && update.name !== connectionName)
        throw validationError(`name: it must be ${connectionName}, as in the path`);
      // Unlike other answers, this one has no state.
      return { ...project.updateConnection(tenantName, connectionName, update).describe(), state: undefined };
    }),
  },
  {
    operation: 'deleteGroupStreamConnection',
    route: 'DELETE /streams/{tenantName}/connections/{connectionName}',
    known: reported(`${terraformTests}; the answer is recorded`),
    writesWorkspace: true,
    status: 202,
    shape: answers.Empty,
    answer: ({ project, labels }) => {
      project.deleteConnection(labels.tenantName, labels.connectionName);
      return {};
    },
  },
  {
    operation: 'listGroupCloudProviderAccess',
    route: 'GET /cloudProviderAccess',
    known: documented(`${accessReference}; the pages of older versions require Project Owner`),
    version: '2023-01-01',
    shape: answers.AccessRoles,
    answer: ({ project }) => ({
      awsIamRoles: project.accessRoles.all.map((role) => role.describe()),
      azureServicePrincipals: [],
      gcpServiceAccounts: [],
    }),
  },
  {
    operation: 'createGroupCloudProviderAccess',
    route: 'POST /cloudProviderAccess',
    known: documented(accessReference),
    version: '2023-01-01',
    needsProjectOwner: true,
    shape: answers.AccessRole,
    ...taking(AccessRoleRequest, (_, { project }) => project.accessRoles.create().describe()),
  },
  {
    operation: 'getGroupCloudProviderAccess',
    route: 'GET /cloudProviderAccess/{roleId}',
    known: documented(accessReference),
    version: '2023-01-01',
    shape: answers.AccessRole,
    answer: ({ project, labels }) => project.accessRoles.get(labels.roleId).describe(),
  },
  {
    operation: 'authorizeGroupCloudProviderAccessRole',
    route: 'PATCH /cloudProviderAccess/{roleId}',
    known: documented(`${accessReference}; that a role may be authorized again with another ARN is assumed`),
    version: '2023-01-01',
    needsProjectOwner: true,
    shape: answers.AccessRole,
    ...taking(AccessRoleUpdate, ({ iamAssumedRoleArn }, { project, labels }) =>
      project.accessRoles.authorize(labels.roleId, iamAssumedRoleArn).describe(),
    ),
  },
  {
    operation: 'deauthorizeGroupCloudProviderAccessRole',
    route: 'DELETE /cloudProviderAccess/{cloudProvider}/{roleId}',
    known: documented(
      `${accessReference}; that a role may be in use by a connection is assumed, because its featureUsages know no Stream Processing`,
    ),
    version: '2023-01-01',
    needsProjectOwner: true,
    shape: answers.Nothing,
    answer: ({ project, labels }) => project.accessRoles.remove(labels.cloudProvider, labels.roleId),
  },
];

/** What Atlas has as well. Documented: the API reference. */
export const notEmulatedRoutes = [
  'PATCH /streams/privateLinkConnections/{connectionId}',
  'POST /streams',
  'PATCH /streams/{tenantName}',
  'DELETE /streams/{tenantName}',
  'PATCH /streams/{tenantName}/processor/{processorName}',
  'GET /streams/{tenantName}/connections/{connectionName}/failoverConnections',
  'POST /streams/{tenantName}/connections/{connectionName}/failoverConnections',
];

/** Documented: account and VPC belong to a project and a Region. Assumed: 404 if the project has nothing in the Region. */
function accountDetails(project: Project, query: URLSearchParams): object {
  const cloudProvider = query.get('cloudProvider');
  if (cloudProvider !== 'aws') throw badQuery('cloudProvider');
  const region = query.get('regionName') ?? '';
  if (!/^[A-Z]+(_[A-Z0-9]+)+$/.test(region)) throw badQuery('regionName');
  if (!project.accountRegions.includes(region.toLowerCase().replaceAll('_', '-'))) {
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

function describeWorkspace(project: Project, { id, name, dataProcessRegion, tier, maxTier }: Workspace): object {
  const host = `${dataProcessRegion.region.replaceAll('_', '-').toLowerCase()}.a.query.mongodb.net`;
  return {
    _id: id,
    dataProcessRegion,
    failoverRegions: [],
    groupId: project.id,
    hostnames: [`atlas-stream-${id}-${id.slice(-6)}.${host}`],
    name,
    streamConfig: { tier, maxTierSize: maxTier },
  };
}
