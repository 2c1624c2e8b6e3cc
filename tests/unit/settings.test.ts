import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { complaintAboutStage, complaintsAbout } from '../../packaging/settings.ts';

const { params, functions } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8')) as {
  params: { default: Record<string, string> };
  functions: Record<string, { environment?: Record<string, string> }>;
};
const known = Object.keys(params.default);
const secretArn = (region = 'us-east-1') => `arn:aws:secretsmanager:${region}:111122223333:secret:atlas-x1Y2z3`;
const complaints = (given: Record<string, string>, region = 'us-east-1') =>
  complaintsAbout({ ...params.default, ...given }, known, region);

interface Row {
  right: string[];
  wrong: string[];
  rule: string;
}

const anId = '5f1a2b3c4d5e6f7a8b9c0d1e';
const anArn = 'the whole ARN of a Secrets Manager secret, for example "arn:aws:secretsmanager:us-east-1:';

/** Beside the defaults of the other waits, whose polls must fit into an execution as well. */
const number = (least: number, most: number, right: string[]): Row => ({
  right,
  wrong: ['', `${least - 1}`, `${most + 1}`, '1e3', '60.5', '-60', ' 60', 'often'],
  rule: `a whole number from ${least} to ${most}, for example `,
});

/** For each parameter what is right, what is wrong, and how the sentence goes on after the value. */
const table: Record<string, Row> = {
  atlasProjectId: {
    right: [anId, `example:${anId}`],
    wrong: ['', 'mine', anId.toUpperCase(), `${anId}0`, ` ${anId}`, 'example:mine'],
    rule: `the 24 hexadecimal characters of an Atlas project id, for example "${anId}"`,
  },
  atlasWorkspace: {
    right: ['streams', 'a.b_c-1', 'w'.repeat(64)],
    wrong: ['', 'a/b', 'my streams', 'w'.repeat(65)],
    rule: 'the name of an Atlas Stream Processing workspace',
  },
  atlasCredentialsSecretArn: {
    right: [secretArn(), secretArn().replace('arn:aws:', 'arn:aws-us-gov:')],
    wrong: [secretArn().replace(/-x1Y2z3$/, ''), secretArn().replace('secretsmanager', 'ssm'), 'arn:aws:s3:::bucket'],
    rule: anArn,
  },
  allowedProjectIds: {
    right: ['', anId, ` ${anId} , ${anId},`],
    wrong: ['mine', `${anId}, mine`, `${anId};${anId}`],
    rule: 'the 24 hexadecimal characters',
  },
  atlasBaseUrl: {
    right: [
      ...['https://cloud.mongodb.com', 'https://cloud.mongodb.com/', 'https://cloud.mongodbgov.com:8443'],
      ...['http://127.0.0.1:8080', 'http://127.1.2.3', 'http://localhost:8080/', 'http://[::1]:8080'],
    ],
    wrong: [
      ...['', 'cloud.mongodb.com', 'http://cloud.mongodb.com', 'ftp://127.0.0.1', 'http://128.0.0.1', 'https://'],
      ...['http://127.0.0.1.example.com', 'http://localhost.example.com', 'https://cloud.mongodb.com/api/atlas/v2'],
    ],
    rule: 'an https address (http only on loopback) without user, path and query, for example "https://cloud.mongodb.com"',
  },
  kafkaAuthMechanism: { right: ['SCRAM-512', 'PLAIN'], wrong: ['', 'SCRAM-256', 'plain'], rule: 'SCRAM-512 or PLAIN' },
  clusterPollSeconds: number(10, 3600, ['20', '3600']),
  clusterUsualMinutes: number(1, 1080, ['1', '1080']),
  clusterTimeoutMinutes: number(1, 1080, ['1', '720']),
  privateLinkPollSeconds: number(10, 3600, ['10', '3600']),
  privateLinkUsualMinutes: number(1, 180, ['1', '180']),
  privateLinkTimeoutMinutes: number(1, 180, ['1', '90']),
  connectionPollSeconds: number(10, 3600, ['10', '3600']),
  connectionUsualMinutes: number(1, 120, ['1', '120']),
  connectionTimeoutMinutes: number(1, 120, ['1', '60']),
  removalPollSeconds: number(10, 3600, ['10', '3600']),
  removalTimeoutMinutes: number(1, 360, ['1', '360']),
  disconnectOnUntag: { right: ['true', 'false'], wrong: ['', 'yes', 'True', '1'], rule: 'true or false' },
  sweepSchedule: {
    right: [
      ...['rate(15 minutes)', 'rate(1 minute)', 'rate(1 minutes)', 'rate(30 minutes)', 'rate(59 minutes)'],
      ...['cron(0/15 * * * ? *)', 'cron(15 10 ? * 6L 2026-2029)', 'cron(0 9 ? * MON-FRI *)', 'cron(0 8 LW,3W * ? *)'],
    ],
    wrong: [
      ...['', '15 minutes', 'rate(15)', 'rate(0 minutes)', 'rate(1.5 hours)', 'rate(10 seconds)', 'rate(2 weeks)'],
      ...['0/15 * * * ? *', 'cron(0/15 * * * *)', 'cron(0/15 * * * * *)', 'cron(0 0/15 * * * ? *)'],
      'at(2026-11-20T13:00:00)',
    ],
    rule: 'rate(value unit), or cron(fields) with six fields and "?" for one of the two days, for example "rate(15 minutes)" or',
  },
  sweepAlarmHours: number(1, 48, ['1', '48']),
  notificationEmail: {
    right: ['', 'team@example.com', 'a.b+c@mail.example.co.uk'],
    wrong: ['team', 'team@', '@example.com', 'a b@example.com', 'a@b@example.com', 'team@example'],
    rule: 'an e-mail address, for example "team@example.com"',
  },
  notifyOnSuccess: { right: ['true', 'false'], wrong: ['', 'yes'], rule: 'true or false' },
};

describe('the parameters of a deployment', () => {
  it('are all checked, under the names by which the functions get them', () => {
    assert.deepEqual(Object.keys(table), known);
    for (const { environment = {} } of Object.values(functions))
      for (const [variable, value] of Object.entries(environment)) {
        const [, parameter] = /^\$\{param:(\w+)\}$/.exec(value) ?? [];
        if (parameter) assert.equal(variable.replaceAll('_', ''), parameter.toUpperCase());
      }
  });

  it('are right as serverless.yml has them, in any Region', () => {
    assert.deepEqual(complaints({}), []);
    assert.deepEqual(complaints({}, 'eu-west-1'), []);
  });

  it('may be written without quotes in YAML', () => {
    assert.deepEqual(complaints(parse('{ clusterPollSeconds: 90, disconnectOnUntag: true }')), []);
    assert.match(complaints(parse('{ clusterPollSeconds: 9 }')).join(), /^clusterPollSeconds is "9"; /);
  });

  for (const [name, { right, wrong, rule }] of Object.entries(table)) {
    for (const value of right)
      it(`may say ${name}=${value}`, () => assert.deepEqual(complaints({ [name]: value }), []));

    for (const value of wrong)
      it(`may not say ${name}=${value}`, () => {
        const [complaint = '', ...others] = complaints({ [name]: value });
        assert.deepEqual(others, []);
        assert.match(complaint, new RegExp(`^(An id in )?${name} is .+; it must be .+\\.$`));
        assert.ok(complaint.includes(`; it must be ${rule}`), complaint);
        if (/(Seconds|Minutes)$/.test(name)) assert.ok(complaint.endsWith(`for example ${params.default[name]}.`));
      });
  }

  it('let no alarm go off between two sweeps', () => {
    assert.deepEqual(complaints({ sweepSchedule: 'rate(1 day)', sweepAlarmHours: '25' }), []);
    for (const [sweepSchedule, sweepAlarmHours, example] of [
      ['rate(60 minutes)', '1', 'sweepAlarmHours=2'],
      ['rate(5 hours)', '4', 'sweepAlarmHours=10'],
      ['rate(3 days)', '48', 'sweepSchedule=rate(1 day) and sweepAlarmHours=48'],
    ] as const) {
      const [complaint = '', ...others] = complaints({ sweepSchedule, sweepAlarmHours });
      assert.deepEqual(others, []);
      assert.ok(complaint.endsWith(`for example with ${example}.`), complaint);
    }
  });

  it('are told all at once', () => {
    const [names = '', ...others] = complaints({
      atlasProjectID: anId,
      workspace: 'x',
      atlasProjectId: 'mine',
      clusterPollSeconds: '1',
    });
    assert.match(
      names,
      /^There is no parameter "atlasProjectID" or "workspace"; serverless\.yml has atlasProjectId, .*notifyOnSuccess\.$/,
    );
    assert.deepEqual(
      others.map((sentence) => sentence.replace(/; .*/, '')),
      ['atlasProjectId is "mine"', 'clusterPollSeconds is "1"'],
    );
  });

  it('are not repeated where they may be a secret', () => {
    const secret = '7d1b3c5e-3b1a-4e9b-9f0c-2a6d8e4f1b70';
    const given = {
      atlasProjectId: secret,
      atlasWorkspace: `mdb_sa_sk_${secret}`,
      atlasCredentialsSecretArn: `x${secret}`,
      [`mdb_sa_sk_${secret}`]: secret,
    };
    assert.equal(complaints(given).length, 4);
    assert.doesNotMatch(complaints(given).join(), /7d1b3c5e/);
    for (const atlasBaseUrl of [
      `https://me:${secret}@a.example`,
      `https://a.example?k=${secret}`,
      `https://a.example#${secret}`,
    ])
      assert.match(
        complaints({ atlasBaseUrl }).join(),
        /^atlasBaseUrl is an address with "@", "\?" or "#" in it; (?!.*7d1b)/,
      );
  });

  it('name a secret in the Region of the deployment', () => {
    const given = { atlasCredentialsSecretArn: secretArn() };
    assert.deepEqual(complaints(given, 'us-east-1'), []);
    assert.deepEqual(complaintsAbout({ ...params.default, ...given }, known), []);
    assert.deepEqual(complaints(given, 'eu-west-1'), [
      `atlasCredentialsSecretArn is "${secretArn()}"; it must be in Region eu-west-1, where this is deployed, for example "arn:aws:secretsmanager:eu-west-1:111122223333:secret:atlas-streaming-credentials-a1B2c3".`,
    ]);
  });

  it('do not ask for more polls than an execution holds, and the way out that they show is one', () => {
    const most = {
      clusterPollSeconds: '10',
      clusterTimeoutMinutes: '1080',
      privateLinkPollSeconds: '10',
      privateLinkTimeoutMinutes: '180',
      connectionPollSeconds: '10',
      connectionTimeoutMinutes: '120',
    };
    const [complaint = '', ...others] = complaints(most);
    assert.deepEqual(others, []);
    for (const [name, value] of Object.entries(most)) assert.ok(complaint.includes(`${name}=${value}`), complaint);
    const [, name = '', value = ''] = /for example with (\w+)=(\d+)\.$/.exec(complaint) ?? [];
    assert.deepEqual(complaints({ ...most, [name]: value }), []);
  });
});

describe("a stage's name", () => {
  const about = (stage: string) => complaintAboutStage(stage, 'msk-atlas-privatelink', Object.keys(functions));

  it('leaves room for the names of the functions', () => {
    assert.equal(about('a'.repeat(16)), undefined);
    assert.equal(
      about('production-europe'),
      'The stage "production-europe" has 17 characters; it must have at most 16, because Lambda allows 64 for msk-atlas-privatelink-<stage>-EnablePrivateConnectivity, for example "prod".',
    );
  });
});
