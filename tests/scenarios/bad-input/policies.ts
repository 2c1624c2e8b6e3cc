import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertConnected, connectByHand, connectByTag, ended } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse, foreignPolicy } from './rejection.ts';

/** The account of the local Atlas. */
const atlas = '821274765805';
const [firehose] = foreignPolicy.Statement;
const policy = (Statement: unknown, rest: object = {}) => ({ Version: '2012-10-17', ...rest, Statement });
const { Action: _, ...withoutAction } = { ...firehose };

/** A policy of this length. MSK allows 20,480 characters, and our statement has about 500. */
const ofLength = (characters: number) => {
  const statements = (resource: string) => policy([{ ...firehose, Resource: [resource] }]);
  return statements('r'.repeat(characters - JSON.stringify(statements('')).length));
};

const unusual: [what: string, document: { Statement: unknown }][] = [
  ['with one statement that is not in a list', policy(firehose)],
  ['with NotAction', policy([{ ...withoutAction, Effect: 'Deny', NotAction: 'kafka:*' }])],
  [
    'with NotPrincipal and NotResource',
    policy([
      {
        Effect: 'Deny',
        NotPrincipal: { AWS: ['AROAEXAMPLEID123456', '*'] },
        Action: 'kafka:Delete*',
        NotResource: 'arn:aws:kafka:us-east-1:123456789012:topic/*',
      },
    ]),
  ],
  [
    'with conditions',
    policy([
      {
        ...firehose,
        Condition: { StringEquals: { 'aws:SourceAccount': ['1', '2'] }, NumericLessThan: { a: 5 }, Bool: { b: true } },
      },
    ]),
  ],
  [
    'with a wildcard and federated users as principals',
    policy([
      { ...firehose, Principal: '*', Action: 'kafka:Get*' },
      { ...firehose, Sid: 'F', Principal: { Federated: ['a', 'b'] } },
    ]),
  ],
  ['with an Id, and without a version', policy([firehose], { Version: undefined, Id: 'Straße 😀' })],
  [
    'of the version of 2008, with empty lists',
    policy([{ ...firehose, Action: [], Resource: [] }], { Version: '2008-10-17' }),
  ],
  [
    'with actions in mixed case and wildcards, and without a Sid',
    policy([{ ...firehose, Sid: undefined, Action: ['KAFKA:GETbootstrapBROKERS', 'kafka:?et*'] }]),
  ],
  [
    'that already grants Atlas a part, under a condition',
    policy([{ ...firehose, Principal: { AWS: [atlas, '*'] }, Condition: { Bool: { x: 'true' } } }]),
  ],
  [
    'with condition keys named like object methods',
    policy([{ ...firehose, Condition: { StringEquals: { constructor: 'a', toString: 'b' } } }]),
  ],
  ['of 19,900 characters', ofLength(19_900)],
];

suite('connecting and then disconnecting keep the meaning of a policy', () => {
  for (const [what, document] of unusual)
    test(what, async () => {
      const before = JSON.parse(JSON.stringify(document));
      const cloud = await cloudInUse({ policy: before });
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
    const wildcards = { ...firehose, Principal: { AWS: atlas }, Action: 'kafka:*', Resource: `${'*?'.repeat(30)}!` };
    const cloud = await cloudInUse({ policy: policy([wildcards]) });
    const run = await connectByHand(cloud, { dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assert.match(JSON.stringify(run.output), /Add the statement/);
    assertUntouched(cloud);
  });

  test('with statements for Atlas that contain more than strings gets our statement as well', async () => {
    const odd = {
      ...firehose,
      Principal: { AWS: [Number(atlas), null, atlas] },
      Action: [null, 5, 'kafka:*'],
      Resource: [{}],
    };
    const cloud = await cloudInUse({ policy: policy([odd]) });
    const run = await connectByHand(cloud, { dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assertUntouched(cloud);
  });
});
