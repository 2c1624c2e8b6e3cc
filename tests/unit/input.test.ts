import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidRequest } from '../../shared/errors.ts';
import { clusterArnIn, readInput } from '../../shared/request/input.ts';
import { clusterArn, projectId, secretArn, tagEvent } from '../fixtures/request.ts';

/** CloudTrail's event of a call to MSK, in its documented form. */
const callEvent = (eventName: string, detail: object) => ({
  version: '0',
  source: 'aws.kafka',
  'detail-type': 'AWS API Call via CloudTrail',
  resources: [],
  detail: { eventSource: 'kafka.amazonaws.com', eventName, ...detail },
});

/** What readInput says about a wrong input. */
function refusalOf(input: unknown): string {
  try {
    readInput(input);
  } catch (error) {
    assert.ok(error instanceof InvalidRequest, String(error));
    return error.message;
  }
  throw new Error(`${JSON.stringify(input)} is accepted`);
}

describe("the execution's input", () => {
  it("is AWS's event of a changed tag", () => {
    assert.deepEqual(readInput(tagEvent()), { clusterArn });
    assert.deepEqual(readInput(tagEvent({ 'new-field': 1 })), { clusterArn });
  });

  it('is an event of at most 64 KiB', () => {
    const bytes = JSON.stringify(tagEvent({ field: '' })).length;
    assert.deepEqual(readInput(tagEvent({ field: 'x'.repeat(65_536 - bytes) })), { clusterArn });
    assert.equal(
      refusalOf(tagEvent({ field: 'x'.repeat(65_537 - bytes) })),
      'The event has 65537 bytes; it must have at most 65536. To start a run manually, give an object with the field clusterArn instead.',
    );
  });

  for (const eventName of ['TagResource', 'UntagResource'])
    it(`is CloudTrail's event of ${eventName}, whose ARN may be percent-encoded`, () => {
      for (const resourceArn of [clusterArn, encodeURIComponent(clusterArn)]) {
        const event = callEvent(eventName, { requestParameters: { resourceArn, tags: { a: 'b' } } });
        assert.deepEqual(readInput(event), { clusterArn });
        assert.equal(clusterArnIn(event), clusterArn);
      }
    });

  it("is CloudTrail's event of CreateClusterV2", () => {
    const event = callEvent('CreateClusterV2', { requestParameters: { tags: {} }, responseElements: { clusterArn } });
    assert.deepEqual(readInput(event), { clusterArn });
    assert.equal(clusterArnIn(event), clusterArn);
  });

  it('is the ARN of a cluster', () => {
    assert.deepEqual(readInput({ clusterArn }), { clusterArn });
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
      topics: ['orders', 'payments.v2-a_b'],
      probe: true,
      restartProcessors: true,
      rebootWindow: 'Mon-Fri,Sun 22:00-04:00 UTC',
      dryRun: true,
      claim: true,
      acceptPrincipal: '123456789012',
      includeAdopted: false,
    };
    assert.deepEqual(readInput(given), given);
  });
});

describe('a wrong input', () => {
  const arn = /must be the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:us-east-1:\d{12}:cluster\//;
  const wrongFields: [what: string, input: object, field: string, shown: string, rightExample: RegExp][] = [
    ['a missing ARN', {}, 'clusterArn', 'missing', arn],
    ['a number as ARN', { clusterArn: 5 }, 'clusterArn', '5', arn],
    ['null as ARN', { clusterArn: null }, 'clusterArn', 'null', arn],
    ['a name as ARN', { clusterArn: 'orders' }, 'clusterArn', '"orders"', arn],
    [
      'an ARN of another service',
      { clusterArn: 'arn:aws:sqs:us-east-1:111122223333:orders' },
      'clusterArn',
      '"arn:aws:sqs:us-east-1:111122223333:orders"',
      arn,
    ],
    [
      'an ARN of another MSK resource',
      { clusterArn: clusterArn.replace('cluster', 'topic') },
      'clusterArn',
      '"arn:aws:kafka:us-east-1:111122223333:topic/',
      arn,
    ],
    ['an ARN with a newline at the end', { clusterArn: `${clusterArn}\n` }, 'clusterArn', '-5\\n"', arn],
    [
      'an endless ARN',
      { clusterArn: clusterArn.replace('us-east-1', 'us'.repeat(99_999)) },
      'clusterArn',
      '… (200',
      arn,
    ],
    ['a project id', { clusterArn, projectId: 'My project' }, 'projectId', '"My project"', /example "[0-9a-f]{24}"/],
    ['a workspace', { clusterArn, workspace: 'a/b' }, 'workspace', '"a/b"', /example "streams"/],
    ['a workspace that changes a path', { clusterArn, workspace: '..' }, 'workspace', '".."', /not "\." or "\.\."/],
    [
      'a connection that changes a path',
      { clusterArn, connectionName: '.' },
      'connectionName',
      '"."',
      /not "\." or "\.\."/,
    ],
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
      'an endless secret',
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
      /one of "auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM"/,
    ],
    [
      'a config with a number',
      { clusterArn, config: { 'fetch.min.bytes': 5 } },
      'config',
      'config."fetch.min.bytes" must be a string; config is an object',
      /\{"auto.offset.reset":"earliest"\}/,
    ],
    [
      'a config that is too long for a state',
      { clusterArn, config: { 'client.id': 'x'.repeat(20_000) } },
      'config',
      'config is longer than 16384 characters',
      /it must be shorter/,
    ],
    [
      'a config that is a list',
      { clusterArn, config: ['hunter2'] },
      'config',
      'not a JSON object',
      /\{"auto.offset.reset"/,
    ],
    [
      'a config with keys that cannot be settings',
      { clusterArn, config: JSON.parse('{"__proto__":"hunter2","":"hunter2","a b":"hunter2","client.id":5}') },
      'config',
      'has the key "__proto__", "", "a b", which Atlas ignores; it must be an object',
      /these keys only: acks, .*session\.timeout\.ms, .*\{"auto.offset.reset"/,
    ],
    ...[
      'ssl.endpoint.identification.algorithm',
      'bootstrap.servers',
      'sasl.kerberos.kinit.cmd',
      'Acks',
      'constructor',
    ].map((key): [string, object, string, string, RegExp] => [
      `a config with the key ${key}, which is not on MongoDB's list`,
      { clusterArn, config: { acks: 'all', [key]: 'hunter2' } },
      'config',
      `config has the key "${key}", which Atlas ignores; it must be`,
      /\{"auto.offset.reset"/,
    ]),
    [
      'a config that is a text',
      { clusterArn, config: 'hunter2' },
      'config',
      'not a JSON object',
      /\{"auto.offset.reset"/,
    ],
    [
      'a secret in place of its ARN',
      { clusterArn, secretArn: 'hunter2' },
      'secretArn',
      'not an ARN (value hidden, it may be a secret)',
      /example "arn:aws:secretsmanager:/,
    ],
    [
      'the value of a secret in place of its ARN',
      { clusterArn, secretArn: { username: 'atlas', password: 'hunter2' } },
      'secretArn',
      'not an ARN (value hidden, it may be a secret)',
      /example "arn:aws:secretsmanager:/,
    ],
    ...(
      [
        ['a text', 'orders', 'topics is "orders"'],
        ['no name', [], 'topics is []'],
        ['a name with a slash', ['orders', 'a/b'], 'topics has the topic "a/b"'],
        ['a name that is too long', ['t'.repeat(250)], '… (252 characters)'],
        ['a name that Kafka excludes', ['..'], 'topics has the topic ".."'],
        ['something else', [{ password: 'hunter2' }], 'topics has the topic an object'],
        ['a name twice', ['a', 'b', 'a'], 'topics has the topic "a" more than once'],
        ['51 names', Array.from({ length: 51 }, (_, i) => `t${i}`), 'topics has 51 topics'],
      ] as const
    ).map(([what, topics, shown]): [string, object, string, string, RegExp] => [
      `a list of topics with ${what}`,
      { clusterArn, topics },
      'topics',
      shown,
      /; it must be a list of the names of 1 to 50 different Kafka topics, .* for example \["orders"\]/,
    ]),
    ['a probe in quotes', { clusterArn, probe: 'true' }, 'probe', '"true"', /must be true or false/],
    ['a 1', { clusterArn, restartProcessors: 1 }, 'restartProcessors', '1', /must be true or false/],
    ...['', 'any', 'Sat 02:00-06:00', 'Sat 24:00-06:00 UTC', 'Sat,  02:00-06:00 UTC', 'sat 02:00-06:00 UTC\n'].map(
      (rebootWindow): [string, object, string, string, RegExp] => [
        `the window ${JSON.stringify(rebootWindow)}`,
        { clusterArn, rebootWindow },
        'rebootWindow',
        JSON.stringify(rebootWindow),
        /for example "Sat 02:00-06:00 UTC", or "none" for any time/,
      ],
    ),
    ['a dryRun in quotes', { clusterArn, dryRun: 'true' }, 'dryRun', '"true"', /must be true or false/],
    ['a claim in quotes', { clusterArn, claim: 'true' }, 'claim', '"true"', /must be true or false/],
    ['a number as includeAdopted', { clusterArn, includeAdopted: 1 }, 'includeAdopted', '1', /must be true or false/],
    [
      'the ARN of an account',
      { clusterArn, acceptPrincipal: 'arn:aws:iam::1:root' },
      'acceptPrincipal',
      '"arn:aws:iam::1:root"',
      /the 12 digits .* example "123456789012"/,
    ],
  ];
  for (const [what, input, field, shown, rightExample] of wrongFields)
    it(`is refused with field, value and a right example: ${what}`, () => {
      const message = refusalOf(input);
      assert.match(message, new RegExp(`^${field}( is | has |\\.")`));
      assert.ok(message.includes(shown), message);
      assert.match(message, rightExample);
      assert.doesNotMatch(message, /hunter2/);
      // An example must not start a run on another cluster.
      assert.doesNotMatch(message, /\{"clusterArn"/);
    });

  it('is refused with everything that is wrong', () => {
    const message = refusalOf({ mechanism: 'X', dryRun: 1 });
    for (const part of ['clusterArn is missing', 'mechanism is "X"', 'dryRun is 1']) assert.ok(message.includes(part));
  });

  it('is refused with the names of all fields if it has an unknown one, and without its value', () => {
    const message = refusalOf({ clusterArn, password: 'hunter2' });
    assert.match(message, /^The input has the unknown field "password"; the fields are clusterArn, projectId, /);
    assert.doesNotMatch(message, /hunter2/);
  });

  it("names the fields of the machine that was started, and not the other one's", () => {
    for (const [action, theirs, others] of [
      ['connect', 'claim, acceptPrincipal', 'includeAdopted'],
      ['connect', 'topics, probe, restartProcessors, rebootWindow', 'includeAdopted'],
      ['disconnect', 'includeAdopted', 'claim'],
      ['disconnect', 'includeAdopted', 'topics'],
    ] as const)
      assert.throws(
        () => readInput({ clusterArn, x: 1 }, action),
        ({ message }: Error) => message.includes(theirs) && !message.includes(others),
      );
  });

  it('is refused with five of many unknown fields', () => {
    const unknown = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`field${i}`, 'hunter2']));
    const message = refusalOf({ clusterArn, ...unknown });
    assert.match(message, /unknown field "field0", "field1", "field2", "field3", "field4" and 7 more; the fields are /);
    assert.doesNotMatch(message, /hunter2|field5/);
  });

  it('is refused with five of many settings that are not strings, and without any value', () => {
    const keys = ['acks', 'batch.size', 'linger.ms', 'retries', 'group.id', 'isolation.level'];
    const config = Object.fromEntries(keys.map((key) => [key, ['hunter2']]));
    const message = refusalOf({ clusterArn, config: { 'client.id': 'hunter2', ...config } });
    assert.match(message, /^config\."acks", .*"group\.id" and 1 more must be a string; config is/);
    assert.doesNotMatch(message, /hunter2|"isolation\.level"|"client\.id"/);
  });

  it('is refused without its values if it is JSON in quotes or in a list', () => {
    const input = { clusterArn, secretArn: 'hunter2', config: { 'client.id': 'hunter2' } };
    assert.match(refusalOf(JSON.stringify(input)), /^The input is JSON in quotes; (?!.*hunter2)/);
    assert.match(refusalOf([input]), /^The input is a list; (?!.*hunter2)/);
  });

  for (const input of [undefined, null, '', 'x', 5, true, [], [clusterArn]])
    it(`is refused if it is not a JSON object: ${JSON.stringify(input)}`, () => {
      assert.match(refusalOf(input), /^The input is .*; it must be a JSON object with the field clusterArn\.$/);
    });

  it('is cut and escaped in the refusal', () => {
    const message = refusalOf({ clusterArn, workspace: `a\n${'b'.repeat(500)}` });
    assert.ok(message.includes('"a\\nbbb'));
    assert.match(message, /… \(505 characters\)/);
    assert.ok(message.length < 500);
  });

  it('is refused without control characters, marks that reverse text, and half surrogate pairs', () => {
    const message = refusalOf({
      clusterArn,
      workspace: `\u0000\u007f\u0085\u2028\u202e\ud800 ü\u{e0001}${'😀'.repeat(99)}`,
    });
    assert.match(message, /^workspace is "(\\u[\da-f]{4}){6} ü(\\u[\da-f]{4}){2}😀+… \(\d+ characters\); it must be /u);
    assert.ok(message.isWellFormed());
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}\p{Zl}]/u);
  });

  it('is refused however deep a field is', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    for (const field of ['clusterArn', 'workspace', 'secretArn', 'config', 'dryRun'])
      assert.match(
        refusalOf({ clusterArn, [field]: deep }),
        new RegExp(`^${field} is (a list|no|something).*; it must be`),
      );
    assert.match(refusalOf(deep), /^The input is a list; /);
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
  const refusedWithout = (value: unknown, fields: string[]) => {
    for (const field of fields) {
      const message = refusalOf({ clusterArn, [field]: value });
      assert.match(message, new RegExp(`^${field} is .*; it must be `));
      assert.doesNotMatch(message, /hunter2|3fa5c1d2/);
    }
  };
  for (const [what, value] of misplaced)
    it(`is refused without its value if a field holds ${what}`, () => refusedWithout(value, [...names, ...others]));

  it('is refused without its value if a field holds the private key of an API key', () => {
    refusedWithout('3fa5c1d2-a1b2-4c3d-8e9f-0123456789ab', others);
  });

  it('is refused if config has a credential, without its value', () => {
    for (const config of [
      { 'sasl.jaas.config': 'hunter2' },
      { 'ssl.key.password': 'hunter2', 'fetch.min.bytes': 5 },
      { 'sasl.oauthbearer.token': 'hunter2' },
      { 'basic.auth.user.info': 'atlas:hunter2' },
    ]) {
      const message = refusalOf({ clusterArn, config });
      assert.match(message, /^config has the key "[a-z.]+", which looks like a credential\. Leave it out/);
      assert.doesNotMatch(message, /hunter2/);
    }
  });

  const wrongEvents: Record<string, object> = {
    'of another source': tagEvent({ source: 'aws.ec2' }),
    'of another kind': tagEvent({ 'detail-type': 'AWS API Call via CloudTrail' }),
    'of a call that is not about tags': callEvent('DeleteCluster', { requestParameters: { resourceArn: clusterArn } }),
    'of a creation that was refused': callEvent('CreateClusterV2', { responseElements: null }),
    'of a call without a resource': callEvent('TagResource', { requestParameters: {} }),
    'about no resource': tagEvent({ resources: [] }),
    'about two resources': tagEvent({ resources: [clusterArn, clusterArn] }),
    'without a source': tagEvent({ source: undefined }),
    'with only a source': { source: 'aws.tag', resources: [clusterArn] },
    'with only a kind': { 'detail-type': 'Tag Change on Resource', resources: [clusterArn] },
    'without tags': tagEvent({ detail: { 'changed-tag-keys': ['atlas-streaming'] } }),
  };
  for (const [what, event] of Object.entries(wrongEvents))
    it(`is refused if it is an event ${what}`, () => {
      assert.match(
        refusalOf(event),
        /^The input has the field source or detail-type, so it must be an event: .* without source and detail-type\.$/,
      );
    });

  it('is refused with five wrong fields of an event, cut and escaped', () => {
    const tags = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`${'k'.repeat(200)}\u0085${i}`, i]));
    const message = refusalOf(tagEvent({ detail: { 'changed-tag-keys': [], tags } }));
    assert.match(
      message,
      /\(wrong or missing: "detail\.tags\.k+… \(\d+ characters\), .* and 994 more\), or a CloudTrail event /,
    );
    assert.ok(message.length < 1000);
  });

  it('is refused with each wrong field of an event once', () => {
    assert.match(
      refusalOf(tagEvent({ resources: clusterArn })),
      /about one resource \(wrong or missing: "resources"\), or /,
    );
  });

  it("is refused if it is CloudTrail's event about another MSK resource, or an ARN that cannot be decoded", () => {
    for (const resourceArn of ['arn:aws:kafka:us-east-1:111122223333:replicator/orders/1', 'arn%3', '%'])
      assert.match(
        refusalOf(callEvent('TagResource', { requestParameters: { resourceArn } })),
        /^The ARN in the event is "(arn|%).*"; it must be the ARN of an Amazon MSK/,
      );
  });

  it('is refused if it is an event about another MSK resource', () => {
    const replicator = 'arn:aws:kafka:us-east-1:111122223333:replicator/orders/1';
    assert.match(
      refusalOf(tagEvent({ resources: [replicator] })),
      /^resources\[0\] is "arn:aws:kafka:us-east-1:111122223333:replicator\/orders\/1"; it must be the ARN of an Amazon MSK/,
    );
  });
});

describe('the cluster in an input', () => {
  it('is found also if the input is wrong otherwise', () => {
    assert.equal(clusterArnIn({ clusterArn, mechanism: 'X' }), clusterArn);
    assert.equal(clusterArnIn(tagEvent({ source: 'x' })), clusterArn);
  });

  it('is that of the resource of an event', () => {
    assert.equal(clusterArnIn(tagEvent({ clusterArn: clusterArn.replace('orders', 'other') })), clusterArn);
    assert.equal(clusterArnIn(tagEvent({ clusterArn, resources: [] })), undefined);
    assert.equal(clusterArnIn({ resources: [clusterArn] }), undefined, 'only an event has resources');
  });

  it('is undefined if there is none', () => {
    for (const input of [undefined, null, 'x', [], {}, { clusterArn: 'x' }, { resources: 'x' }, { resources: [5] }])
      assert.equal(clusterArnIn(input), undefined);
  });
});
