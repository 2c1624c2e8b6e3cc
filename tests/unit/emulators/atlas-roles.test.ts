import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { atlasAwsAccountArn } from '../../../emulators/atlas/access-roles.ts';
import { faultInAnswer } from '../../../emulators/atlas/contract.ts';
import { endpoints } from '../../../emulators/atlas/endpoints.ts';
import { accessRole, accessRoles, roleArn } from '../../fixtures/atlas.ts';
import {
  connections,
  links,
  msk,
  refusal,
  roles,
  start,
  startWithIam,
  startWithLink,
} from '../../fixtures/atlas-emulator.ts';
import { projectId } from '../../fixtures/emulators.ts';

const aws = { providerName: 'AWS' };
const authorization = { ...aws, iamAssumedRoleArn: roleArn };

describe('the roles of a project', () => {
  test('are registered, authorized and removed by a Project Owner', async (t) => {
    const { own, clock } = await start(t);
    const created = await own('POST', roles, aws);
    assert.equal(created.status, 200);
    const { roleId, atlasAssumedRoleExternalId, ...others } = created.body;
    assert.match(String(roleId), /^[a-f0-9]{24}$/);
    assert.match(String(atlasAssumedRoleExternalId), /^[a-f0-9-]{36}$/);
    assert.deepEqual(others, {
      providerName: 'AWS',
      atlasAWSAccountArn: atlasAwsAccountArn,
      createdDate: '2026-11-23T12:00:00Z',
      authorizedDate: null,
      featureUsages: [],
    });
    clock.advance(5);
    const path = `${roles}/${roleId}`;
    const authorized = await own('PATCH', path, authorization);
    const expected = { ...created.body, iamAssumedRoleArn: roleArn, authorizedDate: '2026-11-23T12:05:00Z' };
    assert.deepEqual([authorized.status, authorized.body], [200, expected]);
    assert.deepEqual((await own('GET', path)).body, expected);
    const listed = { awsIamRoles: [expected], azureServicePrincipals: [], gcpServiceAccounts: [] };
    assert.deepEqual((await own('GET')).body, listed);
    const removed = await own('DELETE', `${roles}/AWS/${roleId}`);
    assert.deepEqual([removed.status, removed.body], [204, {}]);
    assert.deepEqual(refusal(await own('GET', path)), [404, 'CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND']);
  });

  test('have the shape of those in the other tests', () => {
    const endpoint = endpoints.find(({ operation }) => operation === 'listGroupCloudProviderAccess') ?? assert.fail();
    assert.equal(faultInAnswer(endpoint, JSON.stringify(accessRoles(accessRole()))), undefined);
    const unauthorized = accessRole({ authorizedDate: null, iamAssumedRoleArn: undefined });
    assert.equal(faultInAnswer(endpoint, JSON.stringify(accessRoles(unauthorized))), undefined);
  });

  test('are read, and not changed, with the key or the service account of a deployment', async (t) => {
    const { call, own } = await start(t);
    const { roleId } = (await own('POST', roles, aws)).body;
    const version = '2023-01-01';
    assert.equal((await call(roles, { version })).status, 200);
    assert.equal((await call(`${roles}/${roleId}`, { version })).status, 200);
    for (const [method, path, body] of [
      ['POST', roles, aws],
      ['PATCH', `${roles}/${roleId}`, authorization],
      ['DELETE', `${roles}/AWS/${roleId}`],
    ] as const)
      assert.deepEqual(refusal(await call(path, { method, body, version })), [403, 'USER_UNAUTHORIZED'], method);
  });

  test('are not authorized if the role in AWS does not let Atlas in', async (t) => {
    const asked: unknown[] = [];
    const mayAssume = (...question: unknown[]) => asked.push(question) > 1;
    const { own } = await start(t, { behaviour: { mayAssume } });
    const { roleId, atlasAWSAccountArn, atlasAssumedRoleExternalId } = (await own('POST', roles, aws)).body;
    const refused = await own('PATCH', `${roles}/${roleId}`, authorization);
    assert.deepEqual(refusal(refused), [400, 'CANNOT_ASSUME_ROLE']);
    assert.deepEqual(refused.body.parameters, [roleArn]);
    assert.equal((await own('GET', `${roles}/${roleId}`)).body.authorizedDate, null);
    assert.equal((await own('PATCH', `${roles}/${roleId}`, authorization)).status, 200);
    assert.deepEqual(asked[0], [roleArn, atlasAWSAccountArn, atlasAssumedRoleExternalId]);
  });

  test('are refused if the request is not one of the API', async (t) => {
    const { own, call } = await start(t);
    const { roleId } = (await own('POST', roles, aws)).body;
    for (const [method, path, body] of [
      ['POST', roles, {}],
      ['POST', roles, { ...aws, iamAssumedRoleArn: roleArn }],
      ['PATCH', `${roles}/${roleId}`, aws],
      ['PATCH', `${roles}/${roleId}`, { ...authorization, iamAssumedRoleArn: 'orders' }],
      ['PATCH', `${roles}/orders`, authorization],
      ['DELETE', `${roles}/AZURE/${roleId}`, undefined],
      ['DELETE', `${roles}/aws/${roleId}`, undefined],
    ] as const)
      assert.deepEqual(refusal(await own(method, path, body)), [400, 'VALIDATION_ERROR'], `${method} ${path}`);
    assert.equal((await own('DELETE', `${roles}/AWS/${'0'.repeat(24)}`)).status, 404);
    assert.deepEqual(refusal(await call(`${roles}?pageNum=1`, { version: '2023-01-01' })), [
      400,
      'INVALID_QUERY_PARAMETER',
    ]);
  });
});

describe('a private link', () => {
  test('has the scheme that was asked for, or else SASL_SCRAM, and the domain that belongs to it', async (t) => {
    const { call, post, clock } = await start(t);
    for (const [name, given, scheme, label] of [
      ['a', {}, 'SASL_SCRAM', 'scram'],
      ['b', { authenticationScheme: 'IAM' }, 'IAM', 'iam'],
      ['c', { authenticationScheme: 'TLS' }, 'TLS', 'tls'],
    ] as const) {
      const { _id } = (await post(links, { ...msk, arn: msk.arn.replace('orders', name), ...given })).body;
      clock.advance(32);
      const { authenticationScheme, dnsDomain } = (await call(`${links}/${_id}`)).body;
      assert.deepEqual([authenticationScheme, String(dnsDomain).split('.')[0]], [scheme, label]);
    }
  });
});

describe('a connection by AWS_MSK_IAM', () => {
  test('becomes READY, and is shown with its role and without a user', async (t) => {
    const { call, post, clock, request } = await startWithIam(t);
    const created = await post(connections, request);
    assert.equal(created.status, 200);
    assert.deepEqual(created.body.authentication, { mechanism: 'AWS_MSK_IAM', aws: { roleArn } });
    clock.advance(26);
    assert.equal((await call(`${connections}/orders`)).body.state, 'READY');
  });

  test('becomes FAILED if its brokers or its protocol are not those of the link', async (t) => {
    const { call, post, clock, request, ofScram } = await startWithIam(t);
    await post(connections, { ...request, name: 'brokers', bootstrapServers: ofScram.bootstrapServers });
    await post(connections, { ...request, name: 'protocol', security: { protocol: 'SASL_PLAINTEXT' } });
    clock.advance(26);
    for (const name of ['brokers', 'protocol'])
      assert.equal((await call(`${connections}/${name}`)).body.state, 'FAILED', name);
  });

  test('is refused unless its role is authorized in the project', async (t) => {
    const { own, post, patch, clock, call, request } = await startWithIam(t);
    const notFound = [400, 'CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND'];
    const other = { mechanism: 'AWS_MSK_IAM', aws: { roleArn: `${roleArn}-2` } };
    assert.deepEqual(refusal(await post(connections, { ...request, authentication: other })), notFound);
    await post(connections, request);
    clock.advance(26);
    assert.deepEqual(refusal(await patch(`${connections}/orders`, { authentication: other })), notFound);
    const { roleId } = (await own('POST', roles, aws)).body;
    await own('PATCH', `${roles}/${roleId}`, { ...aws, iamAssumedRoleArn: other.aws.roleArn });
    assert.equal((await patch(`${connections}/orders`, { authentication: other })).status, 200);
    assert.deepEqual((await call(`${connections}/orders`)).body.authentication, other);
    assert.equal((await own('DELETE', `${roles}/AWS/${roleId}`)).status, 204);
    assert.equal((await call(`${connections}/orders`)).body.state, 'READY');
    assert.deepEqual(refusal(await patch(`${connections}/orders`, { authentication: other })), notFound);
  });

  test('is refused with a user or a password, without a role, and with the role beside another mechanism', async (t) => {
    const { post, patch, request, ofScram } = await startWithIam(t);
    await post(connections, request);
    for (const authentication of [
      { ...request.authentication, username: 'alice' },
      { ...request.authentication, password: 'wonderland' },
      { mechanism: 'AWS_MSK_IAM' },
      { mechanism: 'AWS_MSK_IAM', aws: {} },
      { mechanism: 'AWS_MSK_IAM', aws: { roleArn: 'streams' } },
      { ...ofScram.authentication, aws: { roleArn } },
    ]) {
      const what = JSON.stringify(authentication);
      const created = await post(connections, { ...request, name: 'wrong', authentication });
      assert.deepEqual(refusal(created), [400, 'VALIDATION_ERROR'], what);
      assert.deepEqual(
        refusal(await patch(`${connections}/orders`, { authentication })),
        [400, 'VALIDATION_ERROR'],
        what,
      );
    }
  });

  test('is refused over a private link of another scheme, and so is any other login over a private link for IAM', async (t) => {
    const overIam = await startWithIam(t);
    await overIam.post(connections, overIam.request);
    const scram = { authentication: overIam.ofScram.authentication };
    const path = `${connections}/orders`;
    const awsRoles = [{ roleArn }];
    const projects = [{ id: projectId, awsAccountId: '1', workspaces: [{ name: 'analytics' }], awsRoles }];
    const overScram = await startWithLink(t, { projects });
    await overScram.post(connections, overScram.request);
    const iam = { authentication: overIam.request.authentication };
    const overTls = await startWithLink(t, { projects }, { authenticationScheme: 'TLS' });
    for (const answer of [
      await overIam.post(connections, { ...overIam.request, ...scram, name: 'other' }),
      await overIam.patch(path, scram),
      await overScram.post(connections, { ...overScram.request, ...iam, name: 'other' }),
      await overScram.patch(path, iam),
      await overTls.post(connections, overTls.request),
    ]) {
      assert.deepEqual(refusal(answer), [400, 'VALIDATION_ERROR']);
      assert.match(String(answer.body.detail), /does not fit the private link, whose authenticationScheme is/);
    }
  });

  test('keeps nothing of the old login when an update changes the mechanism', async (t) => {
    const { call, post, patch, request, atlas } = await startWithIam(t);
    const { networking: _, ...open } = request;
    await post(connections, open);
    const path = `${connections}/orders`;
    const authentication = { mechanism: 'SCRAM-512', username: 'alice' };
    assert.equal((await patch(path, { authentication: { ...authentication, password: 'x' } })).status, 200);
    assert.deepEqual((await call(path)).body.authentication, authentication);
    assert.equal((await patch(path, { authentication: request.authentication })).status, 200);
    const { settings } = atlas.projects.get(projectId)?.connection('analytics', 'orders') ?? assert.fail();
    assert.deepEqual(settings.authentication, request.authentication);
  });
});
