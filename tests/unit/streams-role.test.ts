import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Findings } from '../../shared/prerequisites/findings.ts';
import { checkStreamsRole, checkStreamsRoleTag, type StreamsRole } from '../../shared/prerequisites/streams-role.ts';
import { type Answer, apiError, fakeAtlas, ok } from '../fixtures/atlas.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { clusterArn, projectId, request, roleArn } from '../fixtures/request.ts';

const trustedArn = 'arn:aws:iam::222233334444:root';
const externalId = '2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f';
const roleId = '6565a1b2c3d4e5f6a7b8c9d0';

const byStack: StreamsRole = { arn: roleArn, trustedArn, externalIds: [externalId], requiresTag: false };
const ofUser: StreamsRole = { ...byStack, trustedArn: null, externalIds: [] };

/** A role as Atlas lists it. */
const listed = (overrides: object = {}) => ({
  roleId,
  providerName: 'AWS',
  atlasAWSAccountArn: trustedArn,
  atlasAssumedRoleExternalId: externalId,
  createdDate: '2026-11-01T12:00:00Z',
  authorizedDate: '2026-11-01T13:00:00Z',
  iamAssumedRoleArn: roleArn,
  featureUsages: [],
  ...overrides,
});
const roles = (...awsIamRoles: object[]) => ok({ awsIamRoles, azureServicePrincipals: [] });
const waiting = { iamAssumedRoleArn: undefined, authorizedDate: undefined };

async function complaints(t: TestContext, answer: Answer, role: StreamsRole | undefined = byStack) {
  const { atlas, requests } = await fakeAtlas(t, { 'GET /cloudProviderAccess': answer });
  const findings = new Findings();
  const unchecked = await checkStreamsRole(request(), role, atlas, findings);
  return { unmet: findings.of('streamsRole')?.unmet, unchecked, requests };
}

const authorize = (id: string) =>
  `atlas cloudProviders accessRoles aws authorize ${id} --projectId ${projectId} --iamAssumedRoleArn ${roleArn}`;
const create = `atlas cloudProviders accessRoles aws create --projectId ${projectId}`;

describe('the check of the streams role', () => {
  it('is met by a role that is authorized and lets the project in, with one request', async (t) => {
    const { unmet, requests } = await complaints(t, roles(listed({ iamAssumedRoleArn: `${roleArn}2` }), listed()));
    assert.deepEqual(unmet, []);
    assert.equal(requests.length, 1);
  });

  it("is met by an authorized role of the user's own, whose trust policy is theirs", async (t) =>
    assert.deepEqual((await complaints(t, roles(listed()), ofUser)).unmet, []));

  const mistrusted: [what: string, overrides: object, says: RegExp][] = [
    [
      'another external id',
      { atlasAssumedRoleExternalId: externalId.replace('2', '3') },
      /the setting streamsRoleExternalIds lacks 3f6c1f2e-/,
    ],
    [
      'another principal',
      { atlasAWSAccountArn: trustedArn.replace('2222', '9999') },
      /the setting streamsRoleTrustedArn is arn:aws:iam::222233334444:root, but must be arn:aws:iam::999933334444:root/,
    ],
  ];
  for (const [what, overrides, says] of mistrusted)
    it(`says which setting lacks which value if the project has ${what}`, async (t) => {
      const { unmet } = await complaints(t, roles(listed(overrides)));
      assert.match(unmet?.join() ?? '', says);
    });

  for (const [what, entry, role] of [
    ['registered by its external id', listed(waiting), byStack],
    ['named, but not authorized', listed({ authorizedDate: undefined }), ofUser],
  ] as const)
    it(`prints the command that authorizes a role that is ${what}`, async (t) => {
      const { unmet } = await complaints(t, roles(entry), role);
      const [message = ''] = unmet ?? [];
      assert.match(message, /registered there, but not authorized/);
      assert.ok(message.endsWith(`\n  ${authorize(roleId)}`), message);
      assertCopyable(message);
    });

  for (const [what, entries, role, setUp] of [
    ['nothing', [], byStack, /streamsRoleExternalIds, set streamsRoleTrustedArn/],
    ['the role of another deployment', [listed({ iamAssumedRoleArn: `${roleArn}2` })], byStack, /and deploy/],
    ['an odd entry', [listed({ ...waiting, roleId: '$(id)' })], byStack, /and deploy/],
    [
      'the role of another deployment',
      [listed({ iamAssumedRoleArn: `${roleArn}2` })],
      ofUser,
      /trust policy of the role/,
    ],
  ] as const)
    it(`prints all steps if the project has ${what}`, async (t) => {
      const { unmet } = await complaints(t, roles(...entries), role);
      const [message = ''] = unmet ?? [];
      assert.match(message, /is not registered in Atlas project/);
      assert.match(message, setUp);
      assert.ok(message.includes(`\n     ${create}\n`), message);
      assert.ok(message.endsWith(`\n     ${authorize('ROLE_ID')}`), message);
      assert.doesNotMatch(message, /\$\(id\)/);
      assertCopyable(message);
    });

  const otherId = externalId.replace('2', '3');
  const otherArn = trustedArn.replace('2222', '9999');
  for (const [what, entry, role, first] of [
    [
      'another external id',
      { atlasAssumedRoleExternalId: otherId },
      byStack,
      `Add ${otherId} to the setting streamsRoleExternalIds, and deploy.`,
    ],
    [
      'another external id and principal',
      { atlasAssumedRoleExternalId: otherId, atlasAWSAccountArn: otherArn },
      byStack,
      `Add ${otherId} to the setting streamsRoleExternalIds, set streamsRoleTrustedArn to ${otherArn}, and deploy.`,
    ],
    [
      "a role of the user's own",
      {},
      ofUser,
      `Let the trust policy of the role allow sts:AssumeRole to ${trustedArn}, if sts:ExternalId is ${externalId}.`,
    ],
  ] as const)
    it(`names the role that waits for an authorization, in place of a second one: with ${what}`, async (t) => {
      const { unmet } = await complaints(t, roles(listed({ ...waiting, ...entry })), role);
      const [message = ''] = unmet ?? [];
      const id = 'atlasAssumedRoleExternalId' in entry ? otherId : externalId;
      assert.ok(
        message.includes(`The project has a role that is not authorized yet: ${roleId}, external id ${id}.`),
        message,
      );
      assert.ok(message.includes(`\n  1. ${first}\n  2. Authorize the role:\n     ${authorize(roleId)}\n`), message);
      assert.ok(
        message.endsWith(`If this role is meant for something else, register another one:\n  ${create}`),
        message,
      );
      assert.doesNotMatch(message, /ROLE_ID/);
      assertCopyable(message);
    });

  it('says how a deployment without a streams role gets one, and asks Atlas nothing', async (t) => {
    const findings = new Findings();
    const { atlas, requests } = await fakeAtlas(t, {});
    await checkStreamsRole(request(), undefined, atlas, findings);
    const [message = ''] = findings.of('streamsRole')?.unmet ?? [];
    assert.match(message, /this deployment has none yet/);
    assert.ok(message.includes(create) && message.endsWith(authorize('ROLE_ID')), message);
    assert.equal(requests.length, 0);
  });

  it('does not stop a run whose Atlas credentials may not read the list, and says what was not checked', async (t) => {
    const { unmet, unchecked } = await complaints(t, apiError(403, 'USER_UNAUTHORIZED'));
    assert.deepEqual(unmet, []);
    assert.match(unchecked ?? '', /was not checked, because Atlas does not let the deployment's credentials read/);
    assert.doesNotMatch(unchecked ?? '', /Give the API key/);
  });

  it('throws another refusal', async (t) => {
    await assert.rejects(complaints(t, apiError(400, 'VALIDATION_ERROR')), { name: 'AtlasRefused' });
  });
});

describe('the check of the tag that the streams role requires', () => {
  for (const [triggerTag, isMet] of [
    ['connect', true],
    ['disconnect', false],
    [null, false],
  ] as const)
    it(`is ${isMet ? 'met' : 'not met'} if the tag is ${triggerTag}`, () => {
      const findings = new Findings();
      checkStreamsRoleTag(clusterArn, { triggerTag }, findings);
      const unmet = findings.of('streamsRoleTag')?.unmet;
      if (isMet) assert.deepEqual(unmet, []);
      else assert.match(unmet?.join() ?? '', /\n {2}aws kafka tag-resource .* --tags atlas-streaming=connect$/);
    });
});
