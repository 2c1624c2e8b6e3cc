import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { BadRequestException, GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import type { MskOptions } from '../../../emulators/msk/msk.ts';
import { isLike } from '../../../emulators/policy-elements.ts';
import { startMsk } from '../../fixtures/emulators.ts';

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-2';
const otherArn = arn.replace('orders', 'payments');
const topics = arn.replace(':cluster/orders/', ':topic/orders/');

/** The real form of a statement for Amazon Data Firehose. */
const firehose = {
  Sid: 'Firehose',
  Effect: 'Allow',
  Principal: { Service: 'firehose.amazonaws.com' },
  Action: 'kafka:CreateVpcConnection',
  Resource: arn,
};
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const text = (document: unknown) => JSON.stringify(document);
/** A policy whose one statement differs from that of Firehose; undefined removes an element. */
const withElements = (elements: object) => text(policy({ ...firehose, ...elements }));

async function putter(t: TestContext, options: Partial<MskOptions> = {}) {
  const { msk, kafka } = await startMsk(t, options);
  msk.addCluster({ arn });
  const put = (Policy: string) => kafka.send(new PutClusterPolicyCommand({ ClusterArn: arn, Policy }));
  const get = () => kafka.send(new GetClusterPolicyCommand({ ClusterArn: arn }));
  return { put, get };
}

async function assertRefused(sent: Promise<unknown>, reason: string | RegExp): Promise<void> {
  await assert.rejects(sent, (error) => {
    assert.ok(error instanceof BadRequestException, String(error));
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.equal(error.InvalidParameter, 'policy');
    const [, rest = assert.fail(error.message)] = /^The cluster policy is not valid\. (.+)$/s.exec(error.message) ?? [];
    if (typeof reason === 'string') assert.equal(rest, reason);
    else assert.match(rest, reason);
    return true;
  });
}

describe('PutClusterPolicy refuses a policy', () => {
  const refused: [what: string, text: string, reason: RegExp][] = [
    ['that is not JSON', '{', /not valid JSON/],
    ['that is a list', '[]', /JSON object/],
    ['with another Version', text({ ...policy(firehose), Version: '2012-10-18' }), /^Version must be/],
    ['with a Version that is a number', text({ ...policy(firehose), Version: 20121017 }), /^Version must be/],
    ['with an Id that is not a string', text({ ...policy(firehose), Id: 1 }), /^Id must be/],
    ['with an unknown element', text({ ...policy(firehose), Comment: 'x' }), /^Unknown element "Comment"/],
    ['with an element in another case', text({ version: '2012-10-17', Statement: firehose }), /element "version"/],
    ['without a Statement', text({ Version: '2012-10-17' }), /^Statement must be/],
    ['with no statement in Statement', text(policy()), /^Statement must be/],
    ['with a Statement that is not an object', text({ Version: '2012-10-17', Statement: ['x'] }), /^Statement must be/],
    ['with a key twice', text(policy(firehose)).replace('{', '{"Version":"2012-10-17",'), /"Version" occurs twice/],
    [
      'with a key twice in a condition, once escaped',
      withElements({ Condition: { Bool: { x: 'true' } } }).replace('"x":', '"x":"false","\\u0078":'),
      /"x" occurs twice/,
    ],
    ['with a Sid twice', text(policy(firehose, firehose)), /Sids .* unique/],
    ['with an unknown element in a statement', withElements({ Resources: '*' }), /^Unknown element "Resources"/],
    ['with a Sid of other characters', withElements({ Sid: 'Fire hose' }), /^Sid must/],
    ['with a Sid that is a number', withElements({ Sid: 1 }), /^Sid must/],
    ['without an Effect', withElements({ Effect: undefined }), /^Effect must be/],
    ['with an Effect in lower case', withElements({ Effect: 'allow' }), /^Effect must be/],
    ['without an Action', withElements({ Action: undefined }), /either Action or NotAction/],
    ['with both Action and NotAction', withElements({ NotAction: 'kafka:*' }), /either Action or NotAction/],
    ['with no action in Action', withElements({ Action: [] }), /^Action must/],
    ['with an action without a colon', withElements({ Action: 'kafka' }), /^Action must .*"kafka"/],
    ['with an action without a name', withElements({ Action: ['kafka:'] }), /^Action must/],
    ['with a wildcard for a service', withElements({ Action: '*:Get' }), /^Action must/],
    ['with an action that is not a string', withElements({ Action: [5] }), /^Action must/],
    ['without a Principal', withElements({ Principal: undefined }), /either Principal or NotPrincipal/],
    ['with both Principal and NotPrincipal', withElements({ NotPrincipal: '*' }), /either Principal or NotPrincipal/],
    [
      'with NotPrincipal in an Allow',
      withElements({ Principal: undefined, NotPrincipal: '*' }),
      /^NotPrincipal must .*Deny/,
    ],
    ['with an account id as Principal', withElements({ Principal: '210987654321' }), /^Principal must/],
    ['with an empty Principal', withElements({ Principal: {} }), /^Principal must/],
    ['with no principal in AWS', withElements({ Principal: { AWS: [] } }), /^Principal must/],
    ['with an account id that is a number', withElements({ Principal: { AWS: 210987654321 } }), /^Principal must/],
    ['with an unknown kind of principal', withElements({ Principal: { Aws: '*' } }), /^Principal must/],
    ['with a canonical user', withElements({ Principal: { CanonicalUser: 'a'.repeat(64) } }), /^Principal must/],
    ['without a Resource', withElements({ Resource: undefined }), /either Resource or NotResource/],
    ['with no resource in Resource', withElements({ Resource: [] }), /^Resource must/],
    ['with a resource that is not a string', withElements({ Resource: { arn } }), /^Resource must/],
    ['with a Condition that is not an object', withElements({ Condition: [] }), /^Condition must/],
    ['with an empty Condition', withElements({ Condition: {} }), /^Condition must/],
    ['with an unknown operator', withElements({ Condition: { StringMatches: { a: 'b' } } }), /"StringMatches"/],
    ['with IfExists after Null', withElements({ Condition: { NullIfExists: { a: 'true' } } }), /"NullIfExists"/],
    ['with an operator without keys', withElements({ Condition: { StringEquals: {} } }), /^Condition must/],
    ['with an operator that has a text', withElements({ Condition: { StringEquals: 'a' } }), /^Condition must/],
    ['with a condition without values', withElements({ Condition: { StringEquals: { a: [] } } }), /^Condition must/],
    ['with a condition of null', withElements({ Condition: { StringEquals: { a: null } } }), /^Condition must/],
    ['with a condition of an object', withElements({ Condition: { StringEquals: { a: {} } } }), /^Condition must/],
    ['with an empty condition key', withElements({ Condition: { StringEquals: { '': 'a' } } }), /key ""/],
    [
      'with a condition key with a space',
      withElements({ Condition: { StringEquals: { 'no key': 'a' } } }),
      /key "no key"/,
    ],
    ['that is empty', '', /1 to 20480 characters; this one has 0/],
    ['that is too long', text(policy(firehose)).padEnd(20_481), /1 to 20480 characters; this one has 20481/],
  ];
  for (const [what, refusedText, reason] of refused)
    it(what, async (t) => assertRefused((await putter(t)).put(refusedText), reason));

  for (const [what, Resource] of [
    ['another cluster', otherArn],
    ['another cluster beside its own', [arn, otherArn]],
    ['another service', 'arn:aws:s3:::orders'],
    ['a topic of another cluster', `${topics.replace('orders', 'payments')}/clicks`],
    ['a group of another account', `${topics.replace(':topic', ':group').replace('123456789012', '210987654321')}/*`],
    ['a topic without a cluster', 'arn:aws:kafka:us-east-1:123456789012:topic/clicks'],
    ['no ARN', 'orders'],
  ] as const)
    it(`whose Resource is ${what}`, async (t) => {
      const invalid = [Resource].flat().at(-1);
      await assertRefused((await putter(t)).put(withElements({ Resource })), `Invalid cluster arn: "${invalid}"`);
    });

  const deleted = 'arn:aws:iam::210987654321:role/deleted';
  for (const [what, Principal] of [
    ['the unique id of a deleted role', { AWS: 'AROAEXAMPLEDELETED01' }],
    ['the unique id of a deleted user beside an account', { AWS: ['210987654321', 'AIDACKCEVSQ6C2EXAMPLE'] }],
    ['a role that was deleted', { AWS: deleted }],
    ['an account id of 11 digits', { AWS: '21098765432' }],
    ['an ARN with a wildcard', { AWS: 'arn:aws:iam::210987654321:role/*' }],
    ['garbage', { AWS: 'atlas' }],
    ['a group', { AWS: 'arn:aws:iam::210987654321:group/admins' }],
    ['a service that is not one', { Service: 'firehose' }],
    ['an identity provider that is not one', { Federated: 'me' }],
  ] as const)
    it(`whose principal is ${what}`, async (t) => {
      const { put } = await putter(t, { deletedPrincipals: [deleted] });
      await assertRefused(put(withElements({ Principal })), 'The IAM Principal was not found.');
      const denied = { Effect: 'Deny', Principal: undefined, NotPrincipal: Principal };
      await assertRefused(put(withElements(denied)), 'The IAM Principal was not found.');
    });
});

describe('PutClusterPolicy accepts a policy', () => {
  const accepted: [what: string, document: object][] = [
    ['with white space, up to 20,480 characters', policy(firehose)],
    ['without a Version, which is that of 2008', { Statement: [firehose] }],
    ['with an Id, and one statement that is not in a list', { Id: 'Any text, ü', Statement: firehose }],
    ['with two statements without a Sid', policy({ ...firehose, Sid: undefined }, { ...firehose, Sid: undefined })],
    ['with topics, groups and transactional ids', policy({ ...firehose, Resource: [arn, `${topics}/*`] })],
    [
      'with all topics, and one group of any cluster of that name',
      policy({
        ...firehose,
        Resource: [
          'arn:aws:kafka:us-east-1:123456789012:topic/*',
          'arn:aws:kafka:us-east-1:123456789012:group/orders/*',
          'arn:aws:kafka:us-east-1:123456789012:group/orders/*/readers',
          `${topics}/clicks`,
        ],
      }),
    ],
    [
      'with a condition on a tag whose key has a space',
      policy({ ...firehose, Condition: { StringEquals: { 'aws:PrincipalTag/cost center': 'a' } } }),
    ],
    ['about every resource', policy({ ...firehose, Resource: '*' })],
    [
      'with a pattern that matches the cluster',
      policy({ ...firehose, Resource: 'arn:aws:kafka:*:*:cluster/orders/*' }),
    ],
    [
      'with principals of all kinds',
      policy({
        ...firehose,
        Principal: {
          AWS: [
            '*',
            '210987654321',
            'arn:aws:iam::210987654321:root',
            'arn:aws:iam::210987654321:role/service/reader',
            'arn:aws:iam::210987654321:user/reader',
            'arn:aws:sts::210987654321:assumed-role/reader/session',
          ],
          Service: ['firehose.amazonaws.com', 'kafka.amazonaws.com'],
          Federated: ['cognito-identity.amazonaws.com', 'arn:aws:iam::210987654321:saml-provider/adfs'],
        },
      }),
    ],
    [
      'with Not… elements in a Deny',
      policy({
        Effect: 'Deny',
        NotPrincipal: { AWS: 'arn:aws:iam::123456789012:role/admin' },
        NotAction: ['kafka:Get*', 'kafka:Describe?luster'],
        NotResource: otherArn,
      }),
    ],
    [
      'with conditions of all kinds',
      policy({
        ...firehose,
        Condition: {
          'ForAnyValue:StringNotEqualsIgnoreCaseIfExists': { 'aws:PrincipalOrgPaths': ['a', 'b'] },
          NumericLessThanEquals: { 'aws:MultiFactorAuthAge': 3600 },
          DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' },
          ArnNotLikeIfExists: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/x' },
          NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
          Bool: { 'aws:SecureTransport': true },
          Null: { 'aws:SourceVpce': 'false' },
        },
      }),
    ],
  ];
  for (const [what, document] of accepted)
    it(what, async (t) => {
      const { put, get } = await putter(t);
      await put(text(document).padEnd(20_480));
      assert.deepEqual(JSON.parse((await get()).Policy ?? ''), JSON.parse(text(document)));
    });
});

describe("Atlas's account", () => {
  const atlas = '821274765805';
  const allow = {
    Sid: 'Atlas',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${atlas}:root` },
    Action: ['kafka:CreateVpcConnection', 'kafka:GetBootstrapBrokers', 'kafka:Describe*'],
    Resource: arn,
  };
  const deny = { Effect: 'Deny', Principal: '*', Action: 'kafka:*', Resource: '*' };
  const { Principal: _p, Action: _a, Resource: _r, ...bareDeny } = deny;
  const perimeter = { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };

  const cases: [expected: 'may' | 'may not', what: string, ...statements: object[]][] = [
    ['may', 'its account is allowed', allow],
    ['may', 'its account is allowed by its id', { ...allow, Principal: { AWS: ['210987654321', atlas] } }],
    ['may', 'everybody is allowed', { ...allow, Principal: { AWS: '*' } }],
    [
      'may not',
      'the Allow has a condition',
      { ...allow, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } },
    ],
    [
      'may not',
      'the Allow has a condition that does hold',
      {
        ...allow,
        Condition: { Bool: { 'aws:SecureTransport': 'true' } },
      },
    ],
    ['may not', 'everybody is denied', allow, deny],
    ['may not', 'everybody is denied one of the actions', allow, { ...deny, Action: 'KAFKA:describecluster' }],
    ['may', 'everybody is denied other actions', allow, { ...deny, Action: 'kafka:Delete*' }],
    ['may not', 'its account is denied', allow, { ...deny, Principal: { AWS: atlas } }],
    ['may', 'another account is denied', allow, { ...deny, Principal: { AWS: '210987654321' } }],
    ['may', 'a service is denied', allow, { ...deny, Principal: { Service: 'firehose.amazonaws.com' } }],
    [
      'may not',
      'all but another account are denied',
      allow,
      {
        ...deny,
        Principal: undefined,
        NotPrincipal: { AWS: 'arn:aws:iam::123456789012:root' },
      },
    ],
    [
      'may not',
      'all but the root of its account are denied',
      allow,
      {
        ...deny,
        Principal: undefined,
        NotPrincipal: { AWS: `arn:aws:iam::${atlas}:root` },
      },
    ],
    ['may', 'all but everybody are denied', allow, { ...deny, Principal: undefined, NotPrincipal: { AWS: '*' } }],
    [
      'may not',
      'all actions but deletion are denied',
      allow,
      {
        ...bareDeny,
        Principal: '*',
        NotAction: 'kafka:Delete*',
        Resource: arn,
      },
    ],
    [
      'may',
      'all actions of other services are denied',
      allow,
      {
        ...bareDeny,
        Principal: '*',
        NotAction: 'kafka:*',
        Resource: arn,
      },
    ],
    [
      'may not',
      'all resources but the topics are denied',
      allow,
      {
        ...bareDeny,
        Principal: '*',
        Action: '*',
        NotResource: `${topics}/*`,
      },
    ],
    ['may', 'all other resources are denied', allow, { ...bareDeny, Principal: '*', Action: '*', NotResource: arn }],
    ['may not', 'all outside of an organization are denied', allow, { ...deny, Condition: perimeter }],
    [
      'may',
      'all outside of an organization are denied, except its account',
      allow,
      {
        ...deny,
        Condition: { ...perimeter, StringNotEquals: { 'aws:PrincipalAccount': ['210987654321', atlas] } },
      },
    ],
    [
      'may not',
      'all outside of a VPC endpoint are denied',
      allow,
      {
        ...deny,
        Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } },
      },
    ],
    ['may', 'all without TLS are denied', allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
    [
      'may not',
      'all but the services of AWS are denied',
      allow,
      {
        ...deny,
        Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
      },
    ],
    [
      'may',
      'all calls through a VPC are denied',
      allow,
      { ...deny, Condition: { Null: { 'aws:SourceVpc': 'false' } } },
    ],
    [
      'may not',
      'an address range is denied, which may be that of Atlas',
      allow,
      {
        ...deny,
        Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
      },
    ],
    [
      'may',
      'a role that it does not use is denied',
      allow,
      {
        ...deny,
        Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/legacy-*' } },
      },
    ],
  ];
  for (const [expected, what, ...statements] of cases)
    it(`${expected} connect if ${what}`, async (t) => {
      const { msk } = await startMsk(t);
      msk.addCluster({ arn, vpcConnectivity: { scram: true, iam: false, tls: false }, policy: policy(...statements) });
      assert.equal(msk.mayConnect(arn, atlas, 'scram'), expected === 'may');
    });
});

describe('a wildcard', () => {
  for (const [pattern, value, expected] of [
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['a*c', 'abbc', true],
    ['a*c', 'abbcd', false],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['*?*', 'a', true],
    [`${'*?'.repeat(40)}!`, 'a'.repeat(200), false],
  ] as const)
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${value}`, () =>
      assert.equal(isLike(pattern, value), expected));
});
