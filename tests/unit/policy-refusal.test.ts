import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { correctionOf, deletedPrincipals } from '../../shared/msk/policy-refusal.ts';
import { firehoseStatement, policyOf } from '../fixtures/cluster-policy.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const reader = { Sid: 'Reader', Effect: 'Allow', Action: 'kafka:Get*', Resource: clusterArn };
const readBy = (...AWS: string[]) => ({ ...reader, Principal: { AWS } });
const text = (...statements: object[]) => JSON.stringify(policyOf(firehoseStatement(clusterArn), ...statements, ours));

describe('a deleted principal', () => {
  it('is named with its statement and the remedy', () => {
    assert.deepEqual(deletedPrincipals(text(readBy('210987654321', 'AROAEXAMPLEDELETED01'))), [
      'In the cluster policy, statement "Reader" names AROAEXAMPLEDELETED01, the unique id of a user or role that was deleted. MSK changes no policy that has such a principal. Replace the id by the ARN of an existing principal, or remove it (MSK console > Properties > Security settings > Edit cluster policy).',
    ]);
  });

  it('is found in every statement, as a user, role or group, also in NotPrincipal and without a Sid', () => {
    const found = deletedPrincipals(
      text(readBy('AIDACKCEVSQ6C2EXAMPLE', 'AGPACKCEVSQ6C2EXAMPLE'), {
        Effect: 'Deny',
        NotPrincipal: { AWS: 'AROADBQP57FF2AEXAMPLE' },
        Action: 'kafka:Delete*',
        Resource: '*',
      }),
    );
    assert.equal(found.length, 2);
    assert.match(found[0] ?? '', /statement "Reader" names AIDACKCEVSQ6C2EXAMPLE, AGPACKCEVSQ6C2EXAMPLE,/);
    assert.match(found[1] ?? '', /statement 3 \(without a Sid\) names AROADBQP57FF2AEXAMPLE,/);
  });

  it('is not an account, an ARN, everybody, a service, or no text', () => {
    const others = ['210987654321', 'arn:aws:iam::210987654321:role/AROADBQP57FF2AEXAMPLE', '*'];
    const service = { ...reader, Principal: { Service: 'AROADBQP57FF2AEXAMPLE' } };
    assert.deepEqual(deletedPrincipals(text(readBy(...others), service, { ...reader, Principal: { AWS: [5] } })), []);
    assert.deepEqual(deletedPrincipals(undefined), []);
  });
});

describe('the correction of a policy that MSK has refused', () => {
  const principalNotFound = 'The cluster policy is not valid. The IAM Principal was not found.';
  const role = 'arn:aws:iam::210987654321:role/was-here';

  it('names the statements with unique ids if MSK does not find a principal', () => {
    assert.equal(
      correctionOf(text(readBy('AROAEXAMPLEDELETED01'), { ...readBy(role), Sid: 'Other' }), principalNotFound),
      'MSK does not say which statement it means. It can be statement "Reader" (AROAEXAMPLEDELETED01). Replace or remove the principals that no longer exist (MSK console > Properties > Security settings > Edit cluster policy), and start a new execution.',
    );
  });

  it('names the statements with users and roles if there are no unique ids', () => {
    assert.match(
      correctionOf(text(readBy('210987654321', role), { ...readBy(role), Sid: undefined }), principalNotFound),
      /It can be statement "Reader" \(arn:aws:iam::210987654321:role\/was-here\) or statement 3 \(without a Sid\) \(arn/,
    );
  });

  it('names the statements with the resource that MSK repeats', () => {
    const other = clusterArn.replace('orders', 'payments');
    assert.equal(
      correctionOf(
        text({ ...readBy('210987654321'), Resource: [clusterArn, other] }),
        `The cluster policy is not valid. Invalid cluster arn: "${other}"`,
      ),
      'MSK means statement "Reader", whose Resource must be this cluster. Correct it (MSK console > Properties > Security settings > Edit cluster policy), and start a new execution.',
    );
  });

  it('says that MSK names no statement otherwise', () => {
    for (const said of [principalNotFound, 'No.', 'Invalid cluster arn: "arn:aws:kafka:us-east-1:1:cluster/x/1"'])
      assert.equal(
        correctionOf(text(), said),
        'MSK does not say which statement it means. Correct the policy (MSK console > Properties > Security settings > Edit cluster policy), and start a new execution.',
      );
  });
});
