import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidRequest } from '../../shared/errors.ts';
import { clusterArnIn, readInput } from '../../shared/request/request.ts';
import { clusterArn, projectId, secretArn, tagEvent } from '../fixtures/request.ts';

/** What readInput says about a wrong input. */
function complaint(input: unknown): string {
  try {
    readInput(input);
  } catch (error) {
    assert.ok(error instanceof InvalidRequest, String(error));
    return error.message;
  }
  throw new Error(`${JSON.stringify(input)} is taken for a right input`);
}

describe("the execution's input", () => {
  it("is AWS's event of a changed tag", () => {
    assert.deepEqual(readInput(tagEvent()), { startedBy: 'tag', given: { clusterArn } });
    assert.deepEqual(readInput(tagEvent({ 'new-field': 1 })), { startedBy: 'tag', given: { clusterArn } });
  });

  it('is the ARN of a cluster', () => {
    assert.deepEqual(readInput({ clusterArn }), { startedBy: 'console', given: { clusterArn } });
  });

  it('is the ARN of a cluster with every optional field', () => {
    const given = {
      clusterArn,
      projectId,
      workspace: 'streams',
      connectionName: 'orders.msk-*_1',
      secretArn,
      mechanism: 'PLAIN' as const,
      config: { 'auto.offset.reset': 'earliest' },
      dryRun: true,
    };
    assert.deepEqual(readInput(given), { startedBy: 'console', given });
  });
});

describe('an input that is wrong', () => {
  const arn = /must be the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:us-east-1:\d{12}:cluster\//;
  const wrongFields: [what: string, input: object, field: string, shown: string, rightExample: RegExp][] = [
    ['an ARN that is missing', {}, 'clusterArn', 'missing', arn],
    ['an ARN that is no text', { clusterArn: 5 }, 'clusterArn', '5', arn],
    ['an ARN that is null', { clusterArn: null }, 'clusterArn', 'null', arn],
    ['no ARN at all', { clusterArn: 'orders' }, 'clusterArn', '"orders"', arn],
    [
      'an ARN of another service',
      { clusterArn: 'arn:aws:sqs:us-east-1:111122223333:orders' },
      'clusterArn',
      '"arn:aws:sqs:us-east-1:111122223333:orders"',
      arn,
    ],
    [
      'an ARN of something else in MSK',
      { clusterArn: clusterArn.replace('cluster', 'topic') },
      'clusterArn',
      '"arn:aws:kafka:us-east-1:111122223333:topic/',
      arn,
    ],
    ['an ARN with more behind it', { clusterArn: `${clusterArn}\n` }, 'clusterArn', '-5\\n"', arn],
    [
      'an ARN without an end',
      { clusterArn: clusterArn.replace('us-east-1', 'us'.repeat(99_999)) },
      'clusterArn',
      '… (200',
      arn,
    ],
    ['a project id', { clusterArn, projectId: 'My project' }, 'projectId', '"My project"', /example "[0-9a-f]{24}"/],
    ['a workspace', { clusterArn, workspace: 'a/b' }, 'workspace', '"a/b"', /example "streams"/],
    ['an empty workspace', { clusterArn, workspace: '' }, 'workspace', '""', /example "streams"/],
    ['a connection name', { clusterArn, connectionName: 'a b' }, 'connectionName', '"a b"', /example "orders-msk"/],
    [
      'a long connection name',
      { clusterArn, connectionName: 'x'.repeat(65) },
      'connectionName',
      'xxx"',
      /at most 64 .* example "orders-msk"/,
    ],
    [
      'a secret without the prefix',
      { clusterArn, secretArn: secretArn.replace('AmazonMSK_', '') },
      'secretArn',
      'secret:orders-a1B2c3"',
      /example "arn:aws:secretsmanager:us-east-1:\d{12}:secret:AmazonMSK_/,
    ],
    [
      'a secret without the six characters at the end',
      { clusterArn, secretArn: secretArn.slice(0, -7) },
      'secretArn',
      'secret:AmazonMSK_orders"',
      /the whole ARN .* example "arn:aws:secretsmanager:us-east-1:\d{12}:secret:AmazonMSK_/,
    ],
    [
      'a secret without an end',
      { clusterArn, secretArn: secretArn.replace('us-east-1', 'us'.repeat(99_999)) },
      'secretArn',
      '… (200',
      /example "arn:aws:secretsmanager:/,
    ],
    [
      'a mechanism',
      { clusterArn, mechanism: 'SCRAM-256' },
      'mechanism',
      '"SCRAM-256"',
      /one of "SCRAM-512" and "PLAIN"/,
    ],
    [
      'a config of numbers',
      { clusterArn, config: { 'fetch.min.bytes': 5 } },
      'config',
      'an object in which "fetch.min.bytes" is no string',
      /\{"auto.offset.reset":"earliest"\}/,
    ],
    [
      'a config that is a list',
      { clusterArn, config: ['hunter2'] },
      'config',
      'no JSON object',
      /\{"auto.offset.reset"/,
    ],
    [
      'a config with keys that are no settings',
      { clusterArn, config: JSON.parse('{"__proto__":"hunter2","":"hunter2","a b":"hunter2","client.id":5}') },
      'config',
      'an object in which "__proto__", "", "a b" cannot be the name of a setting',
      /\{"auto.offset.reset"/,
    ],
    ['a config that is a text', { clusterArn, config: 'hunter2' }, 'config', 'no JSON object', /\{"auto.offset.reset"/],
    [
      'a secret where its ARN should be',
      { clusterArn, secretArn: 'hunter2' },
      'secretArn',
      'something that does not start with "arn:"',
      /example "arn:aws:secretsmanager:/,
    ],
    [
      'the value of a secret where its ARN should be',
      { clusterArn, secretArn: { username: 'atlas', password: 'hunter2' } },
      'secretArn',
      'something that does not start with "arn:"',
      /example "arn:aws:secretsmanager:/,
    ],
    ['a dryRun in quotes', { clusterArn, dryRun: 'true' }, 'dryRun', '"true"', /must be true or false/],
  ];
  for (const [what, input, field, shown, rightExample] of wrongFields)
    it(`is told by field, value and a right example: ${what}`, () => {
      const message = complaint(input);
      assert.match(message, new RegExp(`^${field} is `));
      assert.ok(message.includes(shown), message);
      assert.match(message, rightExample);
      assert.doesNotMatch(message, /hunter2/);
      assert.match(message, /Start with \{"clusterArn":"arn:aws:kafka:/);
    });

  it('is told as a whole when several fields are wrong', () => {
    const message = complaint({ mechanism: 'X', dryRun: 1 });
    for (const part of ['clusterArn is missing', 'mechanism is "X"', 'dryRun is 1']) assert.ok(message.includes(part));
  });

  it('is told when it has an unknown field, by the names of all fields and not by its value', () => {
    const message = complaint({ clusterArn, password: 'hunter2' });
    assert.match(message, /^The input has the unknown field "password"; the fields are clusterArn, projectId, /);
    assert.doesNotMatch(message, /hunter2/);
  });

  it('is told by five of many unknown fields', () => {
    const unknown = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`field${i}`, 'hunter2']));
    const message = complaint({ clusterArn, ...unknown });
    assert.match(message, /unknown field "field0", "field1", "field2", "field3", "field4" and 7 more; the fields are /);
    assert.doesNotMatch(message, /hunter2|field5/);
  });

  it('is told by five of many settings that are no text, without the values of any', () => {
    const config = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`key.${i}`, [`hunter2`]]));
    const message = complaint({ clusterArn, config: { 'client.id': 'hunter2', ...config } });
    assert.match(message, /^config is an object in which "key\.0", .*"key\.4" and 1 more is no string; it must be/);
    assert.doesNotMatch(message, /hunter2|key\.5|client\.id/);
  });

  it('is told without its values when it is JSON in quotes or in a list', () => {
    const input = { clusterArn, secretArn: 'hunter2', config: { 'client.id': 'hunter2' } };
    assert.match(complaint(JSON.stringify(input)), /^The input is JSON in quotes; (?!.*hunter2)/);
    assert.match(complaint([input]), /^The input is a list; (?!.*hunter2)/);
  });

  for (const input of [undefined, null, '', 'x', 5, true, [], [clusterArn]])
    it(`is told when it is no JSON object: ${JSON.stringify(input)}`, () => {
      assert.match(complaint(input), /^The input is .*; it must be a JSON object\. Start with /);
    });

  it('is cut and escaped to what a sentence can hold', () => {
    const message = complaint({ clusterArn, workspace: `a\n${'b'.repeat(500)}` });
    assert.ok(message.includes('"a\\nbbb'));
    assert.match(message, /… \(505 characters\)/);
    assert.ok(message.length < 500);
  });

  it('is told without a control character, a mark that turns the text round, or half of a character', () => {
    const message = complaint({
      clusterArn,
      workspace: `\u0000\u007f\u0085\u2028\u202e\ud800 ü\u{e0001}${'😀'.repeat(99)}`,
    });
    assert.match(message, /^workspace is "(\\u[\da-f]{4}){6} ü(\\u[\da-f]{4}){2}😀+… \(\d+ characters\); it must be /u);
    assert.ok(message.isWellFormed());
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}\p{Zl}]/u);
  });

  it('is told whatever the depth of a field', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    for (const field of ['clusterArn', 'workspace', 'secretArn', 'config', 'dryRun'])
      assert.match(
        complaint({ clusterArn, [field]: deep }),
        new RegExp(`^${field} is (a list|no|something).*; it must be`),
      );
    assert.match(complaint(deep), /^The input is a list; /);
  });

  const misplaced: [what: string, value: unknown][] = [
    ['the SCRAM secret', { username: 'atlas', password: 'hunter2' }],
    ['the SCRAM secret in quotes', '{"username":"atlas","password":"hunter2"}'],
    ['the SCRAM secret in a list', [{ username: 'atlas', password: 'hunter2' }]],
    ['a password that says so', 'password=hunter2'],
    ['the secret of a service account', 'mdb_sa_sk_hunter2'],
    ['a PEM', '-----BEGIN PRIVATE KEY-----\nhunter2'],
  ];
  const names = ['workspace', 'connectionName'];
  const others = ['clusterArn', 'projectId', 'secretArn', 'mechanism', 'dryRun'];
  const toldWithout = (value: unknown, fields: string[]) => {
    for (const field of fields) {
      const message = complaint({ clusterArn, [field]: value });
      assert.match(message, new RegExp(`^${field} is .*; it must be `));
      assert.doesNotMatch(message, /hunter2|3fa5c1d2/);
    }
  };
  for (const [what, value] of misplaced)
    it(`is told without its value when a field holds ${what}`, () => toldWithout(value, [...names, ...others]));

  it('is told without its value when a field holds the private key of an API key', () => {
    toldWithout('3fa5c1d2-a1b2-4c3d-8e9f-0123456789ab', others);
  });

  it('is told when it holds a credential, without its value', () => {
    for (const config of [
      { 'sasl.jaas.config': 'hunter2' },
      { 'ssl.key.password': 'hunter2', 'fetch.min.bytes': 5 },
      { 'sasl.oauthbearer.token': 'hunter2' },
      { 'basic.auth.user.info': 'atlas:hunter2' },
    ]) {
      const message = complaint({ clusterArn, config });
      assert.match(message, /^config has the key "[a-z.]+", which looks like a credential; it must be left out/);
      assert.doesNotMatch(message, /hunter2/);
    }
  });

  const wrongEvents: Record<string, object> = {
    'of another source': tagEvent({ source: 'aws.ec2' }),
    'of another kind': tagEvent({ 'detail-type': 'AWS API Call via CloudTrail' }),
    'about no resource': tagEvent({ resources: [] }),
    'about two resources': tagEvent({ resources: [clusterArn, clusterArn] }),
    'without a source': tagEvent({ source: undefined }),
    'that has nothing but a source': { source: 'aws.tag', resources: [clusterArn] },
    'that has nothing but a kind': { 'detail-type': 'Tag Change on Resource', resources: [clusterArn] },
    'without tags': tagEvent({ detail: { 'changed-tag-keys': ['atlas-streaming'] } }),
  };
  for (const [what, event] of Object.entries(wrongEvents))
    it(`is told when it is an event ${what}`, () => {
      assert.match(complaint(event), /^The input looks like an event but is not .* Start with \{"clusterArn"/);
    });

  it('is told when it is an event of many wrong fields, by five of them, cut and escaped', () => {
    const tags = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`${'k'.repeat(200)}\u0085${i}`, i]));
    const message = complaint(tagEvent({ detail: { 'changed-tag-keys': [], tags } }));
    assert.match(message, /\("detail\.tags\.k+… \(\d+ characters\), .* and 994 more\)\. Start with /);
    assert.ok(message.length < 1000);
  });

  it('is told when it is an event whose resources are wrong in two ways, once', () => {
    assert.match(complaint(tagEvent({ resources: clusterArn })), /about one resource \("resources"\)\. Start with /);
  });

  it('is told when it is an event about something else in MSK', () => {
    const replicator = 'arn:aws:kafka:us-east-1:111122223333:replicator/orders/1';
    assert.match(
      complaint(tagEvent({ resources: [replicator] })),
      /^resources\[0\] is "arn:aws:kafka:us-east-1:111122223333:replicator\/orders\/1"; it must be the ARN of an Amazon MSK/,
    );
  });
});

describe('the cluster in an input', () => {
  it('is found also when the input is wrong otherwise', () => {
    assert.equal(clusterArnIn({ clusterArn, mechanism: 'X' }), clusterArn);
    assert.equal(clusterArnIn(tagEvent({ source: 'x' })), clusterArn);
  });

  it('of an event is the one that the event is about', () => {
    assert.equal(clusterArnIn(tagEvent({ clusterArn: clusterArn.replace('orders', 'other') })), clusterArn);
    assert.equal(clusterArnIn(tagEvent({ clusterArn, resources: [] })), undefined);
    assert.equal(clusterArnIn({ resources: [clusterArn] }), undefined, 'what is no event has no resources');
  });

  it('is not found where there is none', () => {
    for (const input of [undefined, null, 'x', [], {}, { clusterArn: 'x' }, { resources: 'x' }, { resources: [5] }])
      assert.equal(clusterArnIn(input), undefined);
  });
});
