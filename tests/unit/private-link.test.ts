import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { livePrivateLink, privateLinkState, usersOf } from '../../shared/atlas/private-link.ts';
import type { Ownership } from '../../shared/registry/record.ts';
import { connection, fakeAtlas, list, privateLink, privateLinkId, workspaceOf } from '../fixtures/atlas.ts';
import { clusterArn, projectId } from '../fixtures/request.ts';

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

describe('the users of a private link', () => {
  it('are the connections of every workspace that go through it and are not being deleted', async (t) => {
    const { atlas } = await fakeAtlas(t, {
      'GET ': list([workspaceOf(), workspaceOf({ name: 'other' })]),
      'GET /streams/connections': list([connection(), connection({ name: 'deleting', state: 'DELETING' })]),
      'GET /other/connections': list([connection({ networking: undefined }), connection({ name: 'invoices' })]),
    });
    const users = await usersOf(privateLinkId, projectId, atlas);
    assert.deepEqual(
      users.map(({ workspace, connection: { name } }) => [workspace, name]),
      [
        ['streams', 'orders'],
        ['other', 'invoices'],
      ],
    );
  });
});

describe("a private link's state", () => {
  it('is ready if it is DONE', () =>
    assert.deepEqual(privateLinkState(privateLink(), 'SCRAM-512', 'created', clusterArn, ''), {
      id: privateLinkId,
      state: 'DONE',
      isReady: true,
    }));

  for (const state of ['IDLE', 'WORKING', 'SOMETHING_NEW', undefined])
    it(`is in progress if it is ${state}`, () =>
      assert.deepEqual(privateLinkState(privateLink({ state }), 'SCRAM-512', 'created', clusterArn, ''), {
        id: privateLinkId,
        state: state ?? 'IDLE',
        isReady: false,
      }));

  describe('FAILED', () => {
    const failed = (ownership: Ownership, errorMessage?: string | null) => () =>
      privateLinkState(
        privateLink({ state: 'FAILED', errorMessage }),
        'SCRAM-512',
        ownership,
        clusterArn,
        'Look there.',
      );

    it('says what else to check, before what to do', () =>
      assert.throws(failed('created', 'No.'), { message: /: "No"\. Look there\.\nDo this:/ }));

    it("ends the run, with Atlas's errorMessage and how to replace a link of ours", () => {
      const message =
        /6a7941d3c0eb9e7a17722d71: "The policy lacks the principal"\. Look there\.\nDo this:\n {2}1\. Fix .*\n {2}2\. Tag .*=disconnect:\n {5}aws .* --tags atlas-streaming=disconnect\n {2}3\. Wait .*\n {2}4\. Tag .*=connect:\n {5}aws .* --tags atlas-streaming=connect\nA new start before that fails again\.$/;
      assert.throws(failed('created', 'The policy lacks the principal.'), { name: 'PrivateLinkFailed', message });
      assert.throws(failed('created', null), {
        name: 'PrivateLinkFailed',
        message: /: it gave no reason\. Look there\.\nDo this/,
      });
    });

    it('says how to connect by SCRAM instead of IAM', () =>
      assert.throws(() => privateLinkState(privateLink({ state: 'FAILED' }), 'AWS_MSK_IAM', 'created', clusterArn), {
        message: /1\. Fix what Atlas reports\. Or .*:\n {5}aws .*\/mechanism=SCRAM-512\n {2}2\. Tag/,
      }));

    for (const ownership of ['adopted', 'unknown'] as const)
      it(`asks the owner to delete a link that is ${ownership}`, () =>
        assert.throws(failed(ownership, 'No zone.'), {
          name: 'PrivateLinkFailed',
          message:
            /: "No zone"\. Look there\.\nThis deployment did not create the link\. Its owner must delete it in Atlas .*fails again\.$/,
        }));
  });

  it('ends the run if it is being deleted', () =>
    assert.throws(() => privateLinkState(privateLink({ state: 'DELETING' }), 'SCRAM-512', 'created', clusterArn, ''), {
      name: 'PrivateLinkFailed',
      message: /is being deleted \(DELETING\)/,
    }));

  it('is that of a link for IAM if the connection logs in as a role', () => {
    const link = privateLink({ authenticationScheme: 'IAM' });
    assert.ok(privateLinkState(link, 'AWS_MSK_IAM', 'created', clusterArn).isReady);
  });

  for (const [scheme, wayOut] of [
    ['TLS', /scheme TLS(?!.*set the mechanism)/],
    ['SASL_SCRAM', /set the mechanism to SCRAM-512/],
  ] as const)
    it(`ends the run of AWS_MSK_IAM if the link is for ${scheme}`, () => {
      const link = privateLink({ authenticationScheme: scheme });
      assert.throws(() => privateLinkState(link, 'AWS_MSK_IAM', 'adopted', clusterArn), {
        name: 'PrivateLinkFailed',
        message: wayOut,
      });
    });

  it('ends the run if the link has another authentication scheme', () => {
    assert.throws(
      () => privateLinkState(privateLink({ authenticationScheme: 'IAM' }), 'SCRAM-512', 'created', clusterArn, ''),
      {
        name: 'PrivateLinkFailed',
        message:
          /authentication scheme IAM, which never changes\. The mechanism SCRAM-512 needs SASL_SCRAM.*set the mechanism to AWS_MSK_IAM.*owner can delete it.*about 30 minutes/,
      },
    );
    assert.equal(
      privateLinkState(privateLink({ authenticationScheme: 'SASL_SCRAM' }), 'SCRAM-512', 'created', clusterArn, '')
        .isReady,
      true,
    );
  });
});
