import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PolicyRefused } from '../../shared/errors.ts';
import { atlasStatement, hasOwnStatement, mergeStatement, removeStatement } from '../../shared/msk/policy.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

const wanted = atlasStatement(clusterArn, principalArn);
const [create, brokers, describeOne, describeTwo] = wanted.Action as [string, string, string, string];

const policy = (Statement: unknown, rest = {}) => JSON.stringify({ Version: '2012-10-17', ...rest, Statement });
const merged = (text: string | undefined) => JSON.parse(mergeStatement(text, wanted, true) ?? 'null');

const firehose = {
  Sid: 'Firehose',
  Effect: 'Allow',
  Principal: { Service: 'firehose.amazonaws.com' },
  Action: 'kafka:CreateVpcConnection',
  Resource: clusterArn,
  Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
};

const unreadable = [
  '{"Version":',
  'null',
  '[]',
  '"x"',
  ...['null', '[null]', '"x"', '[[]]', '[{},5]'].map((it) => `{"Statement":${it}}`),
];

describe('the statement for Atlas', () => {
  it('names the Atlas account in its Sid, its root as principal, the four actions and the cluster', () => {
    assert.deepEqual(wanted, {
      Sid: 'AtlasStreamProcessing123456789012',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::123456789012:root' },
      Action: [
        'kafka:CreateVpcConnection',
        'kafka:GetBootstrapBrokers',
        'kafka:DescribeCluster',
        'kafka:DescribeClusterV2',
      ],
      Resource: clusterArn,
    });
  });

  it('makes a whole policy if the cluster has none', () => {
    assert.deepEqual(merged(undefined), { Version: '2012-10-17', Statement: [wanted] });
  });

  const sufficient: Record<string, object> = {
    'is ours already': {},
    'has another Sid': { Sid: 'Terraform' },
    'has no Sid': { Sid: undefined },
    'names the account by its id': { Principal: { AWS: '123456789012' } },
    'names the account in a list, beside others': { Principal: { AWS: ['210987654321', '123456789012'] } },
    'names a service besides': { Principal: { AWS: principalArn, Service: 'kafka.amazonaws.com' } },
    'spells the actions in another case': { Action: wanted.Action.map((action) => action.toUpperCase()) },
    'has the actions in another order, and more': { Action: ['kafka:GetClusterPolicy', ...wanted.Action].reverse() },
    'has wildcards in its actions': { Action: [create, 'kafka:Get*', 'kafka:DescribeCluster*'] },
    'has one wildcard for all actions': { Action: 'kafka:*' },
    'has a question mark for one character': { Action: [create, brokers, describeOne, 'kafka:DescribeClusterV?'] },
    'has a list of resources': { Resource: ['arn:aws:kafka:us-east-1:111122223333:cluster/other/1', clusterArn] },
    'has a wildcard in its resource': { Resource: 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/*' },
    'has many wildcards in its resource': { Resource: `${'*?'.repeat(40)}-5` },
    'is about every resource': { Resource: '*' },
  };
  for (const [what, overrides] of Object.entries(sufficient))
    it(`is not written if a statement ${what}`, () => {
      const statement = { ...wanted, ...overrides };
      assert.equal(mergeStatement(policy([firehose, statement]), wanted, true), undefined);
      assert.equal(mergeStatement(policy(statement), wanted, true), undefined, 'as a Statement that is not a list');
    });

  const insufficient: Record<string, object> = {
    'denies the same': { Effect: 'Deny' },
    'has a condition': { Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
    'has NotAction': { Action: undefined, NotAction: 'kafka:DeleteCluster' },
    'has NotPrincipal': { Principal: undefined, NotPrincipal: { AWS: '210987654321' } },
    'has NotResource': { Resource: undefined, NotResource: 'arn:aws:kafka:us-east-1:111122223333:cluster/other/1' },
    'lacks one of the actions': { Action: [create, brokers, describeOne] },
    'has a wildcard that is too narrow': { Action: [create, brokers, 'kafka:DescribeCluster?'] },
    'has a dot, which is a wildcard only in a regular expression': { Action: [create, brokers, 'kafka.Describe.*'] },
    'is for another account': { Principal: { AWS: 'arn:aws:iam::210987654321:root' } },
    'is for a role of the account': { Principal: { AWS: 'arn:aws:iam::123456789012:role/root' } },
    'is for a deleted role': { Principal: { AWS: 'AROAEXAMPLEID123456' } },
    'is for a service': { Principal: { Service: 'kafka.amazonaws.com' } },
    'is for everybody': { Principal: '*' },
    'is for an account whose id is a number': { Principal: { AWS: 123456789012 } },
    'has a principal of another shape': { Principal: { AWS: [null, [principalArn], { AWS: principalArn }] } },
    'has an action of another shape': { Action: [null, 5, wanted.Action] },
    'has no action': { Action: null },
    'has a resource of another shape': { Resource: [{ arn: clusterArn }] },
    'is about another cluster': { Resource: 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/other' },
    'has many wildcards and does not match': { Resource: `${'*?'.repeat(20)}!` },
    'has more question marks than there are characters': { Resource: `*${'?'.repeat(200)}` },
    'spells the resource in another case': { Resource: clusterArn.toUpperCase() },
  };
  for (const [what, overrides] of Object.entries(insufficient))
    it(`is written beside a statement that ${what}`, () => {
      const statement = JSON.parse(JSON.stringify({ ...wanted, Sid: 'Other', ...overrides }));
      assert.deepEqual(merged(policy([statement])).Statement, [statement, wanted]);
    });

  it('is written although two statements together grant as much, which is harmless', () => {
    const halves = [
      { ...wanted, Sid: 'One', Action: [create, brokers] },
      { ...wanted, Sid: 'Two', Action: [describeOne, describeTwo] },
    ];
    assert.deepEqual(merged(policy(halves)).Statement, [...halves, wanted]);
  });

  it('replaces our older statement, and no other', () => {
    const ofAnotherAtlasAccount = atlasStatement(clusterArn, 'arn:aws:iam::210987654321:root');
    const older = { ...wanted, Action: [create] };
    assert.deepEqual(merged(policy([older, firehose, ofAnotherAtlasAccount])).Statement, [
      firehose,
      ofAnotherAtlasAccount,
      wanted,
    ]);
  });

  it("never replaces another party's statement under our Sid", () => {
    const theirs = policy([{ ...wanted, Action: [create] }, firehose]);
    assert.throws(() => mergeStatement(theirs, wanted, false), {
      name: 'PolicyRefused',
      message: /a statement with the Sid AtlasStreamProcessing123456789012, .*Give it another Sid, or remove it/,
    });
    assert.equal(mergeStatement(policy([wanted]), wanted, false), undefined, 'one that grants enough is used');
    assert.ok(mergeStatement(policy([firehose]), wanted, false)?.includes(wanted.Sid));
  });

  const strange: Record<string, object> = {
    'denies something': { Effect: 'Deny' },
    'has a condition': { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } },
    'is for a service': { Principal: { Service: 'firehose.amazonaws.com' } },
    'is for a role': { Principal: { AWS: 'arn:aws:iam::123456789012:role/x' } },
    'is for two accounts': { Principal: { AWS: ['210987654321', '109876543210'] } },
    'is for everybody': { Principal: '*', Action: [create] },
    'allows other actions': { Action: [create, 'kafka:DeleteCluster'] },
    'has NotAction': { Action: undefined, NotAction: 'kafka:*' },
    'is about another cluster': { Resource: `${clusterArn}0` },
  };
  for (const [what, elements] of Object.entries(strange))
    it(`never replaces a statement under our Sid that ${what}, even if the registry says that we have written one`, () => {
      const text = policy([firehose, JSON.parse(JSON.stringify({ ...wanted, ...elements }))]);
      assert.throws(() => mergeStatement(text, wanted, true), { name: 'PolicyRefused', message: /with the Sid Atlas/ });
      assert.equal(hasOwnStatement(text, wanted.Sid, clusterArn), false);
    });

  it('replaces its own statement for another principal, or with fewer actions', () => {
    for (const elements of [{ Principal: { AWS: '210987654321' } }, { Action: create }, { Action: [] }])
      assert.deepEqual(merged(policy([{ ...wanted, ...elements }, firehose])).Statement, [firehose, wanted]);
  });

  it('is found by its Sid and its shape', () => {
    const has = (text: string | undefined) => hasOwnStatement(text, wanted.Sid, clusterArn);
    assert.equal(has(policy([firehose, wanted])), true);
    assert.equal(has(policy([firehose, { ...wanted, Principal: { AWS: ['123456789012'] }, Action: create }])), true);
    assert.equal(has(policy([firehose])), false);
    assert.equal(has(undefined), false);
  });

  it('keeps everything else as it was, known or unknown', () => {
    const foreign = [
      { ...firehose, Principal: { Service: ['firehose.amazonaws.com', 'delivery.logs.amazonaws.com'] } },
      { Effect: 'Deny', NotPrincipal: { AWS: 'AROAEXAMPLEID123456' }, NotAction: 'kafka:Get*', NotResource: '*' },
      { Sid: 'Straße "ñ" \\ 😀', Effect: 'Allow', Principal: '*', Action: [], Resource: [], Future: { a: [1, null] } },
    ];
    const rest = { Version: '2008-10-17', Id: 'by-terraform', Future: true };
    assert.deepEqual(merged(policy(foreign, rest)), { ...rest, Statement: [...foreign, wanted] });
    assert.deepEqual(merged(policy(firehose, rest)), { ...rest, Statement: [firehose, wanted] });
    assert.deepEqual(merged('{"Version":"2012-10-17"}'), { Version: '2012-10-17', Statement: [wanted] });
  });

  it('keeps numbers in other statements as they are spelled', () => {
    const condition = '"Condition":{"NumericEquals":{"a":12345678901234567890,"b":1.0,"c":[1e999,-0]}}';
    const text = policy([{ ...firehose, Condition: 'here' }]).replace('"Condition":"here"', condition);
    const withOurs = mergeStatement(text, wanted, true) ?? '';
    assert.ok(withOurs.includes(condition), withOurs);
    assert.ok(removeStatement(withOurs, wanted.Sid)?.includes(condition));
  });

  it('is not written twice', () => {
    assert.equal(mergeStatement(mergeStatement(policy([firehose]), wanted, true), wanted, true), undefined);
  });

  it('may fill the policy up to 20,480 characters, and is refused above that', () => {
    const withSidOf = (length: number) => policy([{ ...firehose, Sid: 'x'.repeat(length) }]);
    const room = 20_480 - (mergeStatement(withSidOf(0), wanted, true) ?? '').length;
    assert.equal(mergeStatement(withSidOf(room), wanted, true)?.length, 20_480);
    assert.throws(() => mergeStatement(withSidOf(room + 7), wanted, true), {
      name: 'PolicyRefused',
      message: /would be 20487 characters .* MSK allows 20480\. Shorten the policy by 7 characters/,
    });
  });

  it('is not written into an invalid policy document', () => {
    for (const text of unreadable) assert.throws(() => mergeStatement(text, wanted, true), PolicyRefused, text);
  });
});

describe('the removal of the statement for Atlas', () => {
  const remove = (text: string) => removeStatement(text, wanted.Sid);

  it('keeps everything else as it was, known or unknown', () => {
    const foreign = [
      { ...firehose, Principal: { Service: ['firehose.amazonaws.com', 'delivery.logs.amazonaws.com'] } },
      { Effect: 'Deny', NotPrincipal: { AWS: 'AROAEXAMPLEID123456' }, NotAction: 'kafka:Get*', NotResource: '*' },
      { Sid: 'Straße "ñ" \\ 😀', Effect: 'Allow', Principal: '*', Action: [], Resource: [], Future: { a: [1, null] } },
      atlasStatement(clusterArn, 'arn:aws:iam::210987654321:root'),
    ];
    const rest = { Version: '2008-10-17', Id: 'by-terraform', Future: true };
    const text = policy([foreign[0], wanted, ...foreign.slice(1)], rest);
    assert.deepEqual(JSON.parse(remove(text) ?? ''), { ...rest, Statement: foreign });
  });

  it('uses only the Sid: another statement that grants the same stays', () => {
    const same = { ...wanted, Sid: 'Terraform' };
    const { Sid: _, ...nameless } = wanted;
    assert.equal(remove(policy([same, nameless])), undefined);
    assert.equal(remove(policy([same, { ...wanted, Action: [create] }])), policy([same]));
  });

  it('leaves no empty policy', () => {
    assert.equal(remove(policy([wanted])), null);
    assert.equal(remove(policy(wanted)), null, 'as a Statement that is not a list');
  });

  it('is done if the statement is not there', () => {
    for (const text of [policy([firehose]), policy(firehose), policy([]), '{"Version":"2012-10-17"}'])
      assert.equal(remove(text), undefined, text);
  });

  it('undoes the merge', () => {
    assert.equal(remove(mergeStatement(policy([firehose]), wanted, true) ?? ''), policy([firehose]));
  });

  it('is refused in an invalid policy document', () => {
    for (const text of unreadable) assert.throws(() => remove(text), PolicyRefused, text);
  });
});
