import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseMechanism, chosenMechanism } from '../../shared/prerequisites/mechanism.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { privateLink } from '../fixtures/atlas.ts';
import { clusterArn, projectId, request, roleArn } from '../fixtures/request.ts';

const role = { arn: roleArn, trustedArn: null, externalIds: [], requiresTag: false };
const auto = request({ mechanism: 'auto' });

describe('the mechanism', () => {
  it('is the one that somebody has chosen', () =>
    assert.deepEqual(chosenMechanism(request({ mechanism: 'PLAIN' }), undefined, role), { mechanism: 'PLAIN' }));

  it('stays the same during a run', () =>
    assert.deepEqual(chosenMechanism(auto, 'AWS_MSK_IAM', role), { mechanism: 'AWS_MSK_IAM' }));

  it('is SCRAM-512 without a streams role, whatever Atlas has', () =>
    assert.deepEqual(chosenMechanism(auto, undefined, undefined), { mechanism: 'SCRAM-512' }));

  it('stays that of a connected cluster whose pieces are not ours, although the deployment has lost its streams role', () => {
    const recorded = {
      clusterArn,
      target: { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'AWS_MSK_IAM' as const },
    };
    const adopted = { ...recorded, connection: { id: '6a7941e0c0eb9e7a17723361', ownership: 'adopted' as const } };
    const chosenFor = (record: RegistryRecord) =>
      chosenMechanism(request({ mechanism: 'auto', recorded: record }), undefined, undefined)?.mechanism;
    assert.deepEqual([chosenFor(adopted), chosenFor(recorded)], ['AWS_MSK_IAM', 'SCRAM-512']);
  });

  it('is not decided by the settings if the deployment has a streams role', () =>
    assert.equal(chosenMechanism(auto, undefined, role), undefined));

  const iam = { isIamOn: true };
  const withScheme = (authenticationScheme?: string) => [privateLink({ authenticationScheme })];
  const named = request({ mechanism: 'auto', secretName: 'AmazonMSK_orders' });
  const chosen: [what: string, ...Parameters<typeof chooseMechanism>, mechanism: string, because: RegExp][] = [
    ['that of a link for SASL_SCRAM', auto, iam, withScheme('SASL_SCRAM'), 'SCRAM-512', /scheme SASL_SCRAM$/],
    ['that of a link for IAM', named, { isIamOn: false }, withScheme('IAM'), 'AWS_MSK_IAM', /scheme IAM$/],
    ['that of a link without a scheme', auto, iam, withScheme(), 'SCRAM-512', /scheme SASL_SCRAM$/],
    ['not that of a link for TLS', auto, iam, withScheme('TLS'), 'AWS_MSK_IAM', /IAM authentication on/],
    ['not that of a link that is being deleted', auto, iam, [privateLink({ state: 'DELETING' })], 'AWS_MSK_IAM', /on/],
    ['not that of a link that is FAILED', auto, iam, [privateLink({ state: 'FAILED' })], 'AWS_MSK_IAM', /on/],
    ['SCRAM-512 if a tag names a secret', named, iam, [], 'SCRAM-512', /names a SCRAM secret$/],
    [
      'SCRAM-512 if the input names a secret',
      request({ mechanism: 'auto', maySecretBeAssociated: true }),
      iam,
      [],
      'SCRAM-512',
      /names a SCRAM secret$/,
    ],
    [
      'AWS_MSK_IAM if the cluster has IAM on',
      auto,
      iam,
      [],
      'AWS_MSK_IAM',
      /^the cluster has IAM authentication on and the deployment has a streams role$/,
    ],
    ['SCRAM-512 if the cluster has IAM off', auto, { isIamOn: false }, [], 'SCRAM-512', /IAM authentication off$/],
    ['SCRAM-512 if nothing is known of the cluster', auto, undefined, [], 'SCRAM-512', /is not known$/],
  ];
  for (const [what, asked, details, links, mechanism, because] of chosen)
    it(`is ${what}`, () => {
      const choice = chooseMechanism(asked, details, links);
      assert.equal(choice.mechanism, mechanism);
      assert.match(choice.because ?? '', because);
    });
});
