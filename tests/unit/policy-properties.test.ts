import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PolicyRefused } from '../../shared/errors.ts';
import { atlasStatement, mergeStatement, removeStatement } from '../../shared/msk/policy.ts';
import { denialsOf } from '../../shared/msk/policy-denials.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

fc.configureGlobal({ numRuns: 500 });

type Statement = Record<string, unknown>;

const wanted = atlasStatement(clusterArn, principalArn);
const atlas = '123456789012';
const others = ['210987654321', '111122223333'];
const otherCluster = clusterArn.replace('orders', 'payments');

// What IAM allows, usual or unusual. Much of it is about Atlas's account and this cluster, so that statements resemble ours.

const oneOrMany = (item: fc.Arbitrary<unknown>) => fc.oneof(item, fc.array(item, { maxLength: 4 }));
const accounts = fc
  .constantFrom(atlas, ...others)
  .chain((id) => fc.constantFrom(id, `arn:aws:iam::${id}:root`, `arn:aws:iam::${id}:role/root`));
const principals = fc.oneof(
  fc.constant('*'),
  fc.record({ AWS: oneOrMany(fc.oneof(accounts, fc.constant('*'), fc.constant('AROAEXAMPLEID123456'))) }),
  fc.record({ AWS: fc.constant(principalArn), Service: fc.constant('kafka.amazonaws.com') }),
  fc.record({ Service: oneOrMany(fc.constantFrom('firehose.amazonaws.com', 'delivery.logs.amazonaws.com')) }),
  fc.record({ Federated: fc.constant('cognito-identity.amazonaws.com') }),
  fc.record({ CanonicalUser: fc.string({ unit: 'grapheme' }) }),
);
const actions = fc.oneof(
  fc.constant(wanted.Action),
  oneOrMany(
    fc.constantFrom(
      '*',
      'kafka:*',
      'KAFKA:createvpcCONNECTION',
      'kafka:Describe*',
      'kafka:DescribeClusterV?',
      'kafka:Get*Brokers',
      'kafka:DeleteCluster',
      's3:GetObject',
      ...wanted.Action,
    ),
  ),
);
const resources = oneOrMany(
  fc.constantFrom('*', clusterArn, otherCluster, 'arn:aws:kafka:*:*:cluster/orders/*', `${clusterArn.slice(0, -1)}?`),
);
const conditions = fc.dictionary(
  fc.constantFrom('StringEquals', 'ArnLike', 'NumericLessThan', 'Bool', '__proto__'),
  fc.dictionary(fc.string(), oneOrMany(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean())), {
    maxKeys: 2,
  }),
  { maxKeys: 2 },
);
/** Exactly one of an element and its opposite. */
const either = (name: string, value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ [name]: value }) },
    { weight: 1, arbitrary: fc.record({ [`Not${name}`]: value }) },
  );
const statements: fc.Arbitrary<Statement> = fc
  .tuple(
    fc.record(
      {
        Sid: fc.oneof(fc.constantFrom('', 'Firehose', wanted.Sid), fc.string({ unit: 'grapheme', maxLength: 20 })),
        Condition: conditions,
      },
      { requiredKeys: [] },
    ),
    fc.record({ Effect: fc.constantFrom('Allow', 'Allow', 'Deny') }),
    either('Principal', principals),
    either('Action', actions),
    either('Resource', resources),
  )
  .map((parts) => Object.assign({}, ...parts));
/** A statement that grants what we need, or almost. */
const similar = fc
  .record(
    { Sid: fc.string(), Principal: principals, Action: actions, Resource: resources, Condition: conditions },
    { requiredKeys: [] },
  )
  .map((overrides): Statement => ({ ...wanted, ...overrides }));

/** Makes a policy about as long as MSK allows. */
const long = fc.integer({ min: 18_000, max: 20_400 }).map((length) => 'x'.repeat(length));

const policies = fc
  .record(
    {
      Version: fc.constantFrom('2012-10-17', '2008-10-17'),
      Id: fc.oneof(fc.string({ unit: 'grapheme' }), long),
      Statement: fc.oneof(
        fc.oneof(statements, similar),
        fc.array(fc.oneof(statements, similar), { maxLength: 6 }),
        fc.array(statements, { minLength: 20, maxLength: 80 }),
      ),
    },
    { requiredKeys: ['Statement'] },
  )
  .map((policy) => JSON.stringify(policy));
const policiesOrNone = fc.option(policies, { nil: undefined });

const statementsOf = (text: string | null | undefined): Statement[] => (text ? list(JSON.parse(text).Statement) : []);
const list = <Item>(value: Item | Item[] | undefined) => (value === undefined ? [] : ([value].flat() as Item[]));
const foreign = (text: string | null | undefined) => statementsOf(text).filter(({ Sid }) => Sid !== wanted.Sid);

/** The merged policy; the same one if nothing is missing; undefined if it would be too long. */
function merged(text: string | undefined): string | undefined {
  try {
    return mergeStatement(text, wanted, true) ?? text;
  } catch (error) {
    assert.ok(error instanceof PolicyRefused, String(error));
    return undefined;
  }
}

// The meaning of a policy, independent of the tested code: who may do what, as IAM decides.

interface Question {
  account: string;
  action: string;
  resource: string;
}
const questions: Question[] = [atlas, ...others].flatMap((account) =>
  [...wanted.Action, 'kafka:DeleteCluster', 'kafka:GetClusterPolicy', 's3:GetObject'].flatMap((action) =>
    [clusterArn, otherCluster].map((resource) => ({ account, action, resource })),
  ),
);

/** Whether conditions hold is part of the question, so that both answers are compared. */
const decision = (text: string | undefined, question: Question, doConditionsHold: boolean) => {
  const effects = statementsOf(text)
    .filter((statement) => applies(statement, question) && (doConditionsHold || !hasCondition(statement)))
    .map(({ Effect }) => Effect);
  return effects.includes('Deny') ? 'denied' : effects.includes('Allow') ? 'allowed' : 'not allowed';
};

const hasCondition = ({ Condition }: Statement) => Condition !== undefined;

const applies = (statement: Statement, { account, action, resource }: Question) =>
  matches(statement, 'Principal', (principal) => isAccount(principal, account)) &&
  matches(statement, 'Action', (pattern) => like(pattern.toLowerCase(), action.toLowerCase())) &&
  matches(statement, 'Resource', (pattern) => like(pattern, resource));

function matches(statement: Statement, element: string, test: (text: string) => boolean): boolean {
  const isNegated = statement[element] === undefined;
  const value = statement[isNegated ? `Not${element}` : element];
  const texts =
    typeof value === 'object' && !Array.isArray(value) ? list((value as { AWS?: string }).AWS) : list(value);
  return (texts as string[]).some(test) !== isNegated;
}

const isAccount = (principal: string, account: string) =>
  ['*', account, `arn:aws:iam::${account}:root`].includes(principal);

/** Matches a pattern from the left: `*` matches nothing, or one more character. */
function like(pattern: string, text: string): boolean {
  const [first, rest] = [pattern[0], pattern.slice(1)];
  if (first === undefined) return text === '';
  if (first === '*') return like(rest, text) || (text !== '' && like(pattern, text.slice(1)));
  return text !== '' && (first === '?' || first === text[0]) && like(rest, text.slice(1));
}

const decisions = (text: string | undefined, of: Question[]) =>
  [true, false].map((doConditionsHold) => of.map((question) => decision(text, question, doConditionsHold)));

const ours = questions.filter(
  ({ account, action, resource }) =>
    account === atlas && (wanted.Action as string[]).includes(action) && resource === clusterArn,
);
const notOurs = questions.filter((question) => !ours.includes(question));

/** Policies without our Sid. */
const withoutOurs = policies.filter((text) => foreign(text).length === statementsOf(text).length);

describe('whatever the cluster policy is', () => {
  it('a merge keeps every other statement and element as it was, in order', () => {
    fc.assert(
      fc.property(policies, (text) => {
        const after = merged(text);
        if (after === undefined) return;
        assert.deepEqual(foreign(after), foreign(text));
        const { Statement: _, ...before } = JSON.parse(text);
        const { Statement: __, ...rest } = JSON.parse(after);
        assert.deepEqual(rest, before);
      }),
    );
  });

  it('a merge changes only the decisions that Atlas needs', () => {
    fc.assert(
      fc.property(withoutOurs, (text) => {
        const after = merged(text);
        if (after !== undefined) assert.deepEqual(decisions(after, notOurs), decisions(text, notOurs));
      }),
    );
  });

  it('a merge allows Atlas what it needs, unless a statement denies it', () => {
    fc.assert(
      fc.property(policiesOrNone, (text) => {
        const after = merged(text);
        if (after !== undefined) assert.ok(!decisions(after, ours).flat().includes('not allowed'), after);
      }),
    );
  });

  it('a statement that denies Atlas what it needs is found, as one that does or that may', () => {
    fc.assert(
      fc.property(policies, (text) => {
        const [mayDeny, denies] = decisions(text, ours).map((them = []) => them.includes('denied'));
        const { certain, possible } = denialsOf(text, wanted);
        if (denies) assert.notDeepEqual(certain, []);
        if (mayDeny) assert.ok(certain.length > 0 || possible);
        const hasDeny = statementsOf(text).some(({ Effect }) => Effect === 'Deny');
        assert.ok(hasDeny || (certain.length === 0 && !possible));
      }),
    );
  });

  it('a merge leaves statements under our Sid that are for others, about other resources or conditional', () => {
    fc.assert(
      fc.property(policies, (text) => {
        const after = merged(text);
        if (after === undefined || after === text) return;
        for (const statement of statementsOf(text).filter(({ Sid }) => Sid === wanted.Sid)) {
          assert.deepEqual([statement.Effect, hasCondition(statement)], ['Allow', false]);
          assert.ok(list(statement.Resource).every((resource) => resource === clusterArn));
        }
      }),
    );
  });

  it('a second merge finds nothing to do', () => {
    fc.assert(
      fc.property(policiesOrNone, (text) => {
        const after = merged(text);
        if (after !== undefined) assert.equal(mergeStatement(after, wanted, true), undefined);
      }),
    );
  });

  it('a merge returns JSON that MSK accepts, or is refused', () => {
    fc.assert(
      fc.property(policiesOrNone, (text) => {
        let after: string | undefined;
        try {
          after = mergeStatement(text, wanted, true);
        } catch (error) {
          assert.ok(error instanceof PolicyRefused, String(error));
          assert.match(
            error.message,
            /would be \d+ characters long .* MSK allows 20480\. Shorten|has a statement with the Sid/,
          );
          return;
        }
        if (after === undefined) return;
        assert.ok(after.length <= 20_480);
        const sids = statementsOf(after).map(({ Sid }) => Sid);
        assert.equal(sids.filter((sid) => sid === wanted.Sid).length, 1);
        assert.deepEqual(statementsOf(after).at(-1), wanted);
      }),
    );
  });

  it('a removal undoes a merge', () => {
    fc.assert(
      fc.property(withoutOurs, (text) => {
        const after = merged(text);
        if (after === undefined) return;
        const removed = removeStatement(after, wanted.Sid);
        if (after === text) assert.equal(removed, undefined, 'nothing was merged, so nothing is removed');
        else if (statementsOf(text).length === 0) assert.equal(removed, null, 'no empty policy is left');
        else {
          const before = JSON.parse(text);
          assert.deepEqual(JSON.parse(removed ?? 'null'), { ...before, Statement: list(before.Statement) });
        }
      }),
    );
    assert.equal(removeStatement(merged(undefined) ?? '', wanted.Sid), null);
  });

  it('a second removal finds nothing to do', () => {
    fc.assert(
      fc.property(policies, (text) => {
        const removed = removeStatement(text, wanted.Sid);
        assert.deepEqual(foreign(removed ?? (removed === null ? null : text)), foreign(text));
        if (removed) assert.equal(removeStatement(removed, wanted.Sid), undefined);
      }),
    );
  });

  it('any JSON is merged or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((json) => `{"Statement":${json}}`),
        ),
        (text) => {
          const after = merged(text);
          if (after !== undefined) assert.equal(mergeStatement(after, wanted, true), undefined);
        },
      ),
    );
  });
});
