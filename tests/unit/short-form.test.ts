import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortForm } from '../../shared/short-form.ts';
import { clusterArn } from '../fixtures/request.ts';

const short = (error: string, message: string) => shortForm({ state: 'InspectCluster', error, message }, clusterArn);

describe('the short form of a failure', () => {
  it('is only the sentence if the target has changed, because nothing has failed', () =>
    assert.equal(
      short('TargetChanged', 'The cluster is connected as a, but b. Do this.'),
      'The cluster is connected as a but b',
    ));

  it('is the state, the error and the first sentence of the message', () => {
    assert.equal(
      short('ConnectionInUse', 'Connection "a" is in use by stream processor "b". Stop the processor.'),
      'InspectCluster ConnectionInUse - Connection a is in use by stream processor b',
    );
  });

  it('names the cluster without its ARN: the tag is its own', () => {
    assert.equal(
      short('ClusterUnusable', `Cluster ${clusterArn} is FAILED; it must be ACTIVE.`),
      'InspectCluster ClusterUnusable - Cluster orders is FAILED - it must be ACTIVE',
    );
  });

  it('names a secret without its ARN, and has no command', () => {
    const secret = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-a1B2c3';
    assert.equal(
      short(
        'PrerequisitesNotMet',
        `2 prerequisites are not met:\n1. Secret ${secret} is new. To tag it:\n   aws secretsmanager x --y ${secret}\n2. It has:\n   aws kafka z\n   This.`,
      ),
      'InspectCluster PrerequisitesNotMet - 2 prerequisites are not met - 1. Secret AmazonMSK_orders is new 2. It has This',
    );
  });

  it('names a role of the account of the cluster without its ARN', () => {
    const role = 'arn:aws:iam::111122223333:role/data/msk-atlas-privatelink-streams-us-east-1';
    assert.equal(
      short('PrerequisitesNotMet', `One prerequisite is not met: The streams role ${role} is not registered.`),
      'InspectCluster PrerequisitesNotMet - The streams role msk-atlas-privatelink-streams-us-east-1 is not registered',
    );
    assert.equal(
      short('Odd', 'Atlas names arn:aws:iam::222233334444:role/atlas.'),
      'InspectCluster Odd - Atlas names arn-aws-iam 222233334444-role/atlas',
    );
  });

  it('leaves no word in pieces', () => {
    assert.equal(
      short('Odd', "Atlas doesn't say, and can't know, the cluster's state."),
      'InspectCluster Odd - Atlas does not say and cannot know the clusters state',
    );
  });

  it('does not end at a full stop in parentheses or in a number', () => {
    assert.equal(
      short('AwsRefused', 'AWS refused it for Kafka 2.7.1 (Forbidden: Not so. Ask another.). The role lacks it.'),
      'InspectCluster AwsRefused - AWS refused it for Kafka 2.7.1 Forbidden - Not so. Ask another.',
    );
  });

  it('has the first sentence of each unmet prerequisite', () => {
    const list = '2 prerequisites are not met:\n1. The cluster is new. Wait.\n2. No secret. Make one.';
    assert.equal(
      short('PrerequisitesNotMet', list),
      'InspectCluster PrerequisitesNotMet - 2 prerequisites are not met - 1. The cluster is new 2. No secret',
    );
    assert.equal(
      short('PrerequisitesNotMet', 'One prerequisite is not met: No secret. Make one.'),
      'InspectCluster PrerequisitesNotMet - No secret',
    );
  });

  it('is never longer than a tag may be, and ends with a whole word', () => {
    for (let length = 1; length < 60; length++) {
      const text = short('AtlasRefused', Array.from({ length: 60 }, () => 'w'.repeat(length)).join(' '));
      assert.ok(text.length <= 255);
      const words = text
        .replace(/\.\.\.$/, '')
        .split(' ')
        .slice(3);
      assert.ok(words.length > 0);
      for (const word of words) assert.equal(word, 'w'.repeat(length));
    }
  });

  it('has only the characters that MSK documents for tags', () => {
    assert.match(short('Odd', 'a:b: "c" – d\n* e'), /^[\p{L}\p{Nd}_./=+\-@ ]+$/u);
  });
});
