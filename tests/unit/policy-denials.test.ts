import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PolicyRefused } from '../../shared/errors.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { denialsOf } from '../../shared/msk/policy-denials.ts';
import { firehoseStatement, policyOf } from '../fixtures/cluster-policy.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

const wanted = atlasStatement(clusterArn, principalArn);
const account = '123456789012';
const deny = { Sid: 'DenyAll', Effect: 'Deny', Principal: '*', Action: 'kafka:*', Resource: '*' };
const { Principal: _p, Action: _a, Resource: _r, ...bare } = deny;
const denials = (...statements: object[]) => denialsOf(JSON.stringify(policyOf(wanted, ...statements)), wanted);
const orgOnly = { StringNotEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };

describe('a Deny shuts Atlas out', () => {
  const certain: Record<string, object> = {
    'for everybody': {},
    'for everybody, as an object': { Principal: { AWS: '*' } },
    'for the account by its id': { Principal: { AWS: account } },
    'for the root of the account, in a list': { Principal: { AWS: ['210987654321', principalArn] } },
    'for everybody beside a service': { Principal: { AWS: '*', Service: 'firehose.amazonaws.com' } },
    'by NotPrincipal that names others': { Principal: undefined, NotPrincipal: { AWS: '210987654321' } },
    'by NotPrincipal that names a service': { Principal: undefined, NotPrincipal: { Service: 'x.amazonaws.com' } },
    'of one of its actions': { Action: ['kafka:DeleteCluster', 'KAFKA:createvpcCONNECTION'] },
    'by a wildcard in the action': { Action: 'kafka:Describe?luster*' },
    'by NotAction that names others': { Action: undefined, NotAction: ['kafka:DeleteCluster', 'kafka-cluster:*'] },
    'on this cluster': { Resource: clusterArn },
    'on a pattern that matches this cluster': { Resource: ['arn:aws:s3:::x', 'arn:aws:kafka:*:*:cluster/orders/*'] },
    'by NotResource that names another': { Resource: undefined, NotResource: `${clusterArn}0` },
    'with an empty condition': { Condition: {} },
    'under the condition that it is the account': { Condition: { StringEquals: { 'aws:PrincipalAccount': account } } },
    'under the condition that it is one of some accounts': {
      Condition: { StringEqualsIfExists: { 'AWS:PrincipalAccount': ['210987654321', account] } },
    },
  };
  for (const [what, elements] of Object.entries(certain))
    it(what, () => {
      const { certain: found, possible } = denials(firehoseStatement(clusterArn), { ...deny, ...elements });
      assert.equal(found.length, 1);
      assert.match(
        found[0] ?? '',
        /^In the cluster policy, statement "DenyAll" denies Atlas's account 123456789012 kafka:/,
      );
      assert.equal(possible, undefined);
    });

  it('and the message names the actions, the remedy and the place', () => {
    const [message] = denials({ ...deny, Sid: undefined, Action: 'kafka:Describe*' }).certain;
    assert.equal(
      message,
      `In the cluster policy, statement 2 (without a Sid) denies Atlas's account 123456789012 kafka:DescribeCluster, kafka:DescribeClusterV2, and a Deny overrides every Allow. Exempt the account by the condition {"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}} in that statement, or remove the statement (MSK console > Properties > Security settings > Edit cluster policy).`,
    );
  });
});

describe('a Deny does not shut Atlas out', () => {
  const none: Record<string, object> = {
    'if it is an Allow': { Effect: 'Allow' },
    'of other actions': { Action: 'kafka:Delete*' },
    'of all actions but those of MSK': { Action: undefined, NotAction: 'kafka:*' },
    'on another cluster': { Resource: `${clusterArn}0` },
    'on all resources but this cluster': { Resource: undefined, NotResource: clusterArn },
    'for another account': { Principal: { AWS: '210987654321' } },
    'for a role of another account': { Principal: { AWS: 'arn:aws:iam::210987654321:role/x' } },
    'for a service': { Principal: { Service: 'firehose.amazonaws.com' } },
    'for a deleted user': { Principal: { AWS: 'AIDACKCEVSQ6C2EXAMPLE' } },
    'for no principal': { Principal: undefined, NotPrincipal: { AWS: '*' } },
    'without TLS, which Atlas uses': { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    'without TLS, with a Boolean': { Condition: { ...orgOnly, BoolIfExists: { 'aws:securetransport': [false] } } },
    'if it exempts the principals of the account': {
      Condition: { ArnNotLike: { 'aws:PrincipalArn': ['arn:aws:iam::210987654321:*', `arn:aws:iam::${account}:*`] } },
    },
    'if it exempts all roles of the account': {
      Condition: { StringNotLikeIfExists: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/*` } },
    },
    'under the condition that it is another account': {
      Condition: { StringEquals: { 'aws:PrincipalAccount': '210987654321' } },
    },
    'if it exempts the account': { Condition: { ...orgOnly, StringNotEquals: { 'aws:PrincipalAccount': account } } },
    'if it exempts the account beside others': {
      Condition: { StringNotEqualsIfExists: { 'AWS:principalaccount': ['210987654321', account] } },
    },
  };
  for (const [what, elements] of Object.entries(none))
    it(what, () => assert.deepEqual(denials({ ...deny, ...elements }), { certain: [], possible: undefined }));

  it('without a policy', () => assert.deepEqual(denialsOf(undefined, wanted), { certain: [], possible: undefined }));
});

describe('a Deny may shut Atlas out', () => {
  const possible: Record<string, [object, RegExp]> = {
    'except one role of its account': [
      { Condition: { ArnNotLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/admin` } } },
      /under the condition \{"ArnNotLike":/,
    ],
    'with TLS and without': [
      { Condition: { Bool: { 'aws:SecureTransport': ['true', 'false'] } } },
      /under the condition \{"Bool":/,
    ],
    'under two conditions': [
      { Condition: { ...orgOnly, StringEquals: { 'aws:PrincipalAccount': account } } },
      /under the condition \{"StringNotEquals":/,
    ],
    'under a condition': [{ Condition: orgOnly }, /under the condition \{"StringNotEquals":\{"aws:PrincipalOrgID":/],
    'unless it exempts another account': [
      { Condition: { StringNotEquals: { 'aws:PrincipalAccount': '210987654321' } } },
      /under the condition/,
    ],
    'for a role of the account': [
      { Principal: { AWS: `arn:aws:iam::${account}:role/atlas` } },
      /for arn:aws:iam::123456789012:role\/atlas/,
    ],
    'by NotPrincipal that names only the account': [
      { Principal: undefined, NotPrincipal: { AWS: principalArn } },
      /unless NotPrincipal names Atlas's role, as it names the account/,
    ],
  };
  for (const [what, [elements, reason]] of Object.entries(possible))
    it(what, () => {
      const found = denials({ ...deny, ...elements });
      assert.deepEqual(found.certain, []);
      assert.match(found.possible ?? '', reason);
      assert.match(found.possible ?? '', /statement "DenyAll" denies kafka:CreateVpcConnection, .*Edit cluster policy/);
    });

  it('and the message names every such statement, and what exempts the account', () => {
    const { possible: message } = denials(
      { ...deny, Action: 'kafka:Get*', Condition: orgOnly },
      {
        ...bare,
        Sid: 'Other',
        Principal: '*',
        Action: 'kafka:GetBootstrapBrokers',
        Resource: '*',
        Condition: { Bool: { 'aws:ViaAWSService': 'false' } },
      },
    );
    assert.equal(
      message,
      `The cluster policy may deny Atlas's account 123456789012 the private link, because a Deny overrides every Allow: statement "DenyAll" denies kafka:GetBootstrapBrokers under the condition {"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}; statement "Other" denies kafka:GetBootstrapBrokers under the condition {"Bool":{"aws:ViaAWSService":"false"}}. To exempt the account, add "StringNotEquals":{"aws:PrincipalAccount":"123456789012"} to the Condition of that statement (MSK console > Properties > Security settings > Edit cluster policy).`,
    );
  });
});

it('names at most ten statements, however many and long they are, on one line', () => {
  const many = Array.from({ length: 60 }, (_, index) => ({ ...deny, Sid: `S${index}\n${'x'.repeat(300)}` }));
  const { certain } = denials(...many);
  const { possible = '' } = denials(...many.map((it) => ({ ...it, Condition: { Bool: { a: 'x'.repeat(1000) } } })));
  assert.equal(certain.length, 10);
  assert.ok([...certain, possible].every((text) => !text.includes('\n')));
  assert.ok(certain.join('').length + possible.length < 15_000);
});

it('is not known if the policy cannot be read', () => {
  assert.throws(() => denialsOf('{', wanted), PolicyRefused);
});
