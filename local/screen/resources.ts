import { type Change, changesBetween } from './changes.ts';
import type { AccessRoleView, ConnectionView, PrivateLinkView, ProcessorView, Report } from './report.ts';

/** What a reader sees of each private link after a run. A link that existed before has the changed values, too. */
export const linkChanges = ({ before, after }: Report['privateLinks']): Change[][] =>
  after.map((link) => {
    const old = before.find(({ _id }) => _id === link._id) ?? link;
    return changesBetween(linkFields(old), linkFields(link));
  });

/** The same for each connection. */
export const connectionChanges = ({ before, after }: Report['connections']): Change[][] =>
  after.map((connection) => {
    const { workspace, name } = connection;
    const old = before.find((it) => it.workspace === workspace && it.name === name) ?? connection;
    return changesBetween(connectionFields(old), connectionFields(connection));
  });

/** The roles in AWS that are registered in the project. A run never changes them. */
export const roleFields = (roles: AccessRoleView[]): Change[][] =>
  roles.map(({ roleId, iamAssumedRoleArn, atlasAssumedRoleExternalId, authorizedDate }) => {
    const fields = {
      id: roleId,
      role: iamAssumedRoleArn,
      'external id': atlasAssumedRoleExternalId,
      authorized: authorizedDate ?? 'no',
    };
    return changesBetween(fields, fields);
  });

/** The stream processors of the project after a run. */
export const processorFields = (processors: ProcessorView[]): Change[][] =>
  processors.map(({ workspace, name, state, tier, startedFrom }) => {
    const fields = {
      name: `${name}, in workspace ${workspace}`,
      state,
      tier,
      'started from': startedFrom && `its ${startedFrom}`,
    };
    return changesBetween(fields, fields);
  });

const linkFields = ({ _id, state, interfaceEndpointId, dnsDomain, errorMessage }: PrivateLinkView) => ({
  id: _id,
  state,
  error: errorMessage,
  endpoint: interfaceEndpointId,
  domain: dnsDomain,
});

const connectionFields = (connection: ConnectionView) => {
  const { name, workspace, state, bootstrapServers, authentication, security, networking } = connection;
  return {
    name: `${name}, in workspace ${workspace}`,
    state,
    brokers: bootstrapServers.split(',').toSorted().join('\n'),
    login: `${loginOf(authentication)}, ${authentication.mechanism} over ${security.protocol}`,
    through: `${networking.access.type} ${networking.access.connectionId ?? ''}`,
  };
};

const loginOf = ({ aws, username }: ConnectionView['authentication']): string =>
  aws ? `role ${aws.roleArn}` : `user ${username}`;
