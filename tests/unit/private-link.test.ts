import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkToRemove, livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import { privateLink, privateLinkId } from '../fixtures/atlas.ts';
import { clusterArn } from '../fixtures/request.ts';

describe("the cluster's private link", () => {
  it('is the one with its ARN that is not being deleted', () => {
    const links = [
      privateLink({ _id: '1'.repeat(24), arn: undefined }),
      privateLink({ _id: '2'.repeat(24), arn: `${clusterArn}0` }),
      ...['DELETE_REQUESTED', 'DELETING', 'DELETED'].map((state) => privateLink({ _id: '3'.repeat(24), state })),
      privateLink({ state: 'WORKING' }),
    ];
    assert.equal(livePrivateLink(links, clusterArn)?._id, privateLinkId);
    assert.equal(livePrivateLink(links.slice(0, -1), clusterArn), undefined);
  });

  it('is the working one if an earlier attempt has left a FAILED one', () => {
    const failed = privateLink({ _id: '4'.repeat(24), state: 'FAILED' });
    assert.equal(livePrivateLink([failed, privateLink()], clusterArn)?._id, privateLinkId);
    assert.equal(livePrivateLink([failed], clusterArn)?._id, failed._id);
  });
});

describe('the private link that identifies our connection for a removal', () => {
  const other = privateLink({ _id: '2'.repeat(24), arn: `${clusterArn}0` });
  const deleting = privateLink({ _id: '3'.repeat(24), state: 'DELETING' });

  it("is the cluster's live one, else the one being deleted, whatever is recorded", () => {
    assert.equal(linkToRemove([other, deleting, privateLink()], clusterArn, '3'.repeat(24)), privateLinkId);
    assert.equal(linkToRemove([other, deleting], clusterArn, '2'.repeat(24)), '3'.repeat(24));
  });

  it('is the recorded one only if Atlas no longer lists it', () => {
    assert.equal(linkToRemove([other], clusterArn, privateLinkId), privateLinkId);
    assert.equal(linkToRemove([other], clusterArn, other._id), undefined);
    assert.equal(linkToRemove([other], clusterArn, null), undefined);
  });
});

describe("a private link's state", () => {
  it('is ready if it is DONE', () =>
    assert.deepEqual(privateLinkState(privateLink()), { id: privateLinkId, state: 'DONE', isReady: true }));

  for (const state of ['IDLE', 'WORKING', 'SOMETHING_NEW', undefined])
    it(`is in progress if it is ${state}`, () =>
      assert.deepEqual(privateLinkState(privateLink({ state })), {
        id: privateLinkId,
        state: state ?? 'IDLE',
        isReady: false,
      }));

  it("ends the run if it is FAILED, with Atlas's errorMessage", () => {
    const failed = (errorMessage?: string | null) => () =>
      privateLinkState(privateLink({ state: 'FAILED', errorMessage }));
    const message = /6a7941d3c0eb9e7a17722d71 \(The policy lacks the principal\.\)\. .*start the execution again/;
    assert.throws(failed('The policy lacks the principal.'), { name: 'PrivateLinkFailed', message });
    assert.throws(failed(null), { name: 'PrivateLinkFailed', message: /it gave no reason/ });
  });

  it('ends the run if it is being deleted', () =>
    assert.throws(() => privateLinkState(privateLink({ state: 'DELETING' })), {
      name: 'PrivateLinkFailed',
      message: /is being deleted \(DELETING\)/,
    }));

  it('ends the run if the link has another authentication scheme', () => {
    assert.throws(() => privateLinkState(privateLink({ authenticationScheme: 'IAM' })), {
      name: 'PrivateLinkFailed',
      message: /authentication scheme IAM; a SCRAM connection needs SASL_SCRAM/,
    });
    assert.equal(privateLinkState(privateLink({ authenticationScheme: 'SASL_SCRAM' })).isReady, true);
  });
});
