import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { firehoseStatement, policyOf } from '../../fixtures/cluster-policy.ts';
import { assertConnected, connectByHand, connectByTag, ended } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse } from './rejection.ts';

/** The account of the local Atlas. */
const atlas = '821274765805';

type Document = (clusterArn: string) => { Statement: unknown };
/** The statement for Firehose with other elements; undefined removes one. */
const firehoseWith =
  (elements: object, rest: object = {}): Document =>
  (clusterArn) => ({ ...policyOf({ ...firehoseStatement(clusterArn), ...elements }), ...rest });

/** A policy of this length. MSK allows 20,480 characters, and our statement has about 500. */
const ofLength =
  (characters: number): Document =>
  (clusterArn) => {
    const about = (topic: string) =>
      firehoseWith({ Resource: [`${clusterArn.replace(':cluster/', ':topic/')}/${topic}`] })(clusterArn);
    return about('t'.repeat(characters - JSON.stringify(about('')).length));
  };

const unusual: [what: string, document: Document][] = [
  [
    'with one statement that is not in a list',
    (clusterArn) => ({ Version: '2012-10-17', Statement: firehoseStatement(clusterArn) }),
  ],
  ['with NotAction', firehoseWith({ Action: undefined, Effect: 'Deny', NotAction: 'kafka:*' })],
  [
    'with NotPrincipal and NotResource',
    () =>
      policyOf({
        Effect: 'Deny',
        NotPrincipal: { AWS: ['arn:aws:iam::123456789012:role/admin', '123456789012'] },
        Action: 'kafka:Delete*',
        NotResource: 'arn:aws:kafka:us-east-1:123456789012:topic/*',
      }),
  ],
  [
    'with conditions',
    firehoseWith({
      Condition: { StringEquals: { 'aws:SourceAccount': ['1', '2'] }, NumericLessThan: { a: 5 }, Bool: { b: true } },
    }),
  ],
  [
    'with a wildcard and federated users as principals',
    (clusterArn) =>
      policyOf(
        { ...firehoseStatement(clusterArn), Principal: '*', Action: 'kafka:Get*' },
        {
          ...firehoseStatement(clusterArn),
          Sid: 'F',
          Principal: { Federated: ['cognito-identity.amazonaws.com', 'arn:aws:iam::123456789012:saml-provider/adfs'] },
        },
      ),
  ],
  ['with an Id, and without a version', firehoseWith({}, { Version: undefined, Id: 'Straße 😀' })],
  ['of the version of 2008', firehoseWith({}, { Version: '2008-10-17' })],
  [
    'with actions in mixed case and wildcards, and without a Sid',
    firehoseWith({ Sid: undefined, Action: ['KAFKA:GETbootstrapBROKERS', 'kafka:?et*'] }),
  ],
  [
    'that already grants Atlas a part, under a condition',
    firehoseWith({ Principal: { AWS: [atlas, '*'] }, Condition: { Bool: { x: 'true' } } }),
  ],
  [
    'with condition keys named like object methods',
    firehoseWith({ Condition: { StringEquals: { constructor: 'a', toString: 'b' } } }),
  ],
  [
    'that denies others than Atlas',
    (clusterArn) =>
      policyOf(firehoseStatement(clusterArn), {
        Effect: 'Deny',
        Principal: '*',
        Action: 'kafka:*',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalAccount': ['123456789012', atlas] } },
      }),
  ],
  ['of 19,900 characters', ofLength(19_900)],
];

suite('connecting and then disconnecting keep the meaning of a policy', () => {
  for (const [what, document] of unusual)
    test(what, async () => {
      const cloud = await cloudInUse({ policy: document });
      const before = JSON.parse(JSON.stringify(document(cloud.world.cluster.arn)));
      assertConnected(await connectByTag(cloud));
      const { Statement, ...rest } = JSON.parse(JSON.stringify(cloud.world.cluster.policy?.document));
      const foreign = [before.Statement].flat();
      assert.deepEqual({ ...rest, Statement: Statement.slice(0, -1) }, { ...before, Statement: foreign });
      assert.equal(Statement.at(-1).Sid, `AtlasStreamProcessing${atlas}`);

      const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
      assert.equal((await ended(execution)).endState, 'Disconnected');
      assert.deepEqual(cloud.world.cluster.policy?.document, { ...before, Statement: foreign });
    });
});

suite('a policy', () => {
  test('that would become too long is rejected before anything is changed, by a run and by a dry run', async () => {
    const says =
      /The cluster policy would be \d+ characters long .*MSK allows 20480\. Shorten the policy by \d+ characters/;
    for (const dryRun of [true, false]) {
      const cloud = await cloudInUse({ policy: ofLength(20_480) });
      assertRejected(cloud, await connectByHand(cloud, { dryRun }), { error: 'PolicyRefused', says });
    }
  });

  test('with many wildcards for Atlas takes no function long', async () => {
    const Action = `kafka:${'*?'.repeat(30)}0`;
    const cloud = await cloudInUse({ policy: firehoseWith({ Principal: { AWS: atlas }, Action }) });
    const run = await connectByHand(cloud, { dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assert.match(JSON.stringify(run.output), /Add the statement/);
    assertUntouched(cloud);
  });
});
