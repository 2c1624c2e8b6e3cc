import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../../emulators/deployment/deployment.ts';
import { defaultPlace, settingsOf } from '../../../emulators/world.ts';
import { NoMatchingRule } from '../../../local/no-matching-rule.ts';

const place = defaultPlace();
const deployment = readDeployment({ ...place, settings: settingsOf(place) });

const event = {
  source: 'aws.tag',
  'detail-type': 'Tag Change on Resource',
  resources: ['arn:aws:kafka:us-east-1:123456789012:cluster/orders/1'],
  detail: { 'changed-tag-keys': ['atlas-streaming'], tags: { 'atlas-streaming': 'connect' } },
};

/** The message about an event that no rule matches, without its beginning. */
const differences = (wrong: object) =>
  new NoMatchingRule('event.json', wrong, deployment).message.replace(/^No rule matches .* is started\. /, '');

suite('an event that no rule matches', () => {
  test('differs in a field from the rules that are closest', () => {
    const tags = { 'atlas-streaming': 'Connect' };
    assert.equal(
      differences({ ...event, detail: { ...event.detail, tags } }),
      'The rule msk-atlas-privatelink-local-connect needs detail.tags.atlas-streaming to be "connect", not "Connect". ' +
        'The rule msk-atlas-privatelink-local-disconnect needs detail.tags.atlas-streaming to be "disconnect", not "Connect".',
    );
    assert.equal(
      differences({ ...event, source: 'aws.s3' }),
      'The rule msk-atlas-privatelink-local-connect needs source to be "aws.tag", not "aws.s3".',
    );
  });

  test('differs in several fields, which are named for one rule', () => {
    assert.equal(
      differences({ 'detail-type': 'Object Created', source: 'aws.s3', resources: ['arn:aws:s3:::logs'], detail: {} }),
      'The rule msk-atlas-privatelink-local-connect needs source to be "aws.tag", not "aws.s3", ' +
        'detail-type to be "Tag Change on Resource", not "Object Created", ' +
        'resources to begin with "arn:aws:kafka:", not "arn:aws:s3:::logs", ' +
        'detail.changed-tag-keys to be "atlas-streaming" and detail.tags.atlas-streaming to be "connect".',
    );
  });
});
