import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import {
  complaintAboutRegion,
  complaintAboutStage,
  complaintAboutStageName,
  complaintsAbout,
  complaintsAboutExamples,
  complaintsAboutMissing,
} from '../../packaging/check-settings.ts';
import { brokenRules, rules } from '../../packaging/rules.ts';
import {
  defaultSettings,
  parameters,
  readParams,
  readSettings,
  readStageFile,
  requiredNames,
  type Settings,
  settingRules,
} from '../../packaging/settings.ts';
import { streamProcessingRegions } from '../../shared/atlas/regions.ts';
import { windowPattern } from '../../shared/reboot-window.ts';
import { rules as fieldRules, fields, mechanismChoices } from '../../shared/request/fields.ts';

const { functions } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8')) as {
  functions: Record<string, unknown>;
};
const secretArn = (region = 'us-east-1') => `arn:aws:secretsmanager:${region}:111122223333:secret:atlas-x1Y2z3`;
const anId = '5f1a2b3c4d5e6f7a8b9c0d1e';
const others = '64b7f1d2e5a9c80011223344';
const principal = 'arn:aws:iam::123456789012:root';
const externalId = '2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f';
const keyArn = `arn:aws:kms:us-east-1:111122223333:key/${externalId}`;

interface Row {
  right: string[];
  wrong: string[];
}

const flag: Row = { right: ['true', 'false'], wrong: ['', 'yes', 'True', '1'] };
const number = (least: number, most: number): Row => ({
  right: [`${least}`, `${most}`],
  wrong: ['', `${least - 1}`, `${most + 1}`, '1e1', '1.5', '-1', ' 1', 'often'],
});

const table: Record<string, Row> = {
  atlasProjectId: {
    right: [anId, '123456789012345678901234'],
    wrong: ['', 'mine', `${anId}0`, `${anId.toUpperCase()}0`, ` ${anId}`],
  },
  atlasWorkspace: {
    right: ['streams', 'a.b_c-1', 'w'.repeat(64), '...', '.a', 'streams-{region}', '{region}'],
    wrong: ['', 'a/b', 'my streams', 'w'.repeat(65), '.', '..', '{Region}', 'streams-{', '{account}'],
  },
  atlasCredentialsSecretArn: {
    right: [secretArn(), secretArn().replace('arn:aws:', 'arn:aws-us-gov:'), 'atlas', 'team/atlas_a+b=c.d@e-1'],
    wrong: [
      '',
      'a:b',
      'my secret',
      externalId,
      externalId.toUpperCase(),
      'mdb_sa_sk_7d1b',
      secretArn().replace(/-x1Y2z3$/, ''),
      secretArn().replace('secretsmanager', 'ssm'),
      'arn:aws:s3:::bucket',
    ],
  },
  prefix: { right: ['a', 'Atlas-1', 'p'.repeat(38)], wrong: ['', 'p'.repeat(39), '1a', '-a', 'a_b', 'a.b'] },
  allowedTargets: {
    right: [
      '',
      `${anId}/*`,
      `${anId}/a.b_c-1`,
      `${anId}/..., ${anId}/.a`,
      `${anId}/streams,${others}/*`,
      `${anId}/streams , ${anId}/b`,
    ],
    wrong: [
      ...['*', 'streams', '*/streams', anId, `${anId}/`, `${anId}/a b`, `${anId}/a/b`, `${anId}/str*`, `${anId}/**`],
      ...[
        `${anId}/a,${others}`,
        `${anId}/a;${others}/b`,
        `${anId}/a,`,
        `${anId}/.`,
        `${anId}/..`,
        `${anId}/.. ,${anId}/a`,
        `${anId}/a,${anId}/.`,
        `${anId}/${'w'.repeat(65)}`,
      ],
    ],
  },
  atlasAwsAccountIds: {
    right: ['', '123456789012', '123456789012,210987654321', '123456789012 , 210987654321'],
    wrong: [
      '12345678901',
      '1234567890123',
      'arn:aws:iam::123456789012:root',
      '123456789012,',
      '123456789012;210987654321',
      '*',
    ],
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
  },
  mechanism: { right: [...mechanismChoices], wrong: ['', 'SCRAM-256', 'plain', 'AUTO', 'IAM'] },
  streamsRoleTrustedArn: {
    right: ['', principal, 'arn:aws-us-gov:iam::123456789012:role/path/a+b', 'arn:aws:iam::123456789012:user/atlas'],
    wrong: [
      '123456789012',
      '*',
      `${principal},${principal}`,
      'arn:aws:sts::123456789012:assumed-role/a/b',
      ` ${principal}`,
    ],
  },
  streamsRoleExternalIds: {
    right: ['', externalId, `${externalId},${externalId.replace('2', '3')}`],
    wrong: [
      '1',
      externalId.toUpperCase(),
      `${externalId}, ${externalId}`,
      `${externalId},`,
      `${externalId};${externalId}`,
      '*',
    ],
  },
  streamsRoleClusters: {
    right: ['*', 'orders', 'Orders-??-*'],
    wrong: ['', 'a/b', 'a,b', 'a_b', '${a}', 'a'.repeat(65)],
  },
  streamsRoleTopics: {
    right: ['*', 'orders.v1', '__a-?', 't'.repeat(249)],
    wrong: ['', 'a/b', 'a,b', 'a b', '${a}', 't'.repeat(250)],
  },
  streamsRoleCanWrite: flag,
  streamsRoleRequiresTag: flag,
  streamsRoleArn: {
    right: ['', 'arn:aws:iam::123456789012:role/streams', 'arn:aws-cn:iam::123456789012:role/path/streams'],
    wrong: [principal, 'streams', 'arn:aws:iam::123456789012:role/', 'arn:aws:iam::123456789012:user/streams'],
  },
  restartProcessors: flag,
  probe: flag,
  rebootWindow: {
    right: [
      ...['', 'Sat 02:00-06:00 UTC', 'daily 22:00-04:00 UTC', 'daily 00:00-00:00 UTC', 'Mon-Fri 23:59-00:00 UTC'],
      ...['Sat,Sun 02:00-06:00 UTC', 'Fri-Mon,Wed 02:00-06:00 UTC'],
    ],
    wrong: [
      ...['none', 'Sat', 'Sat 02:00-06:00', 'Sat 02:00 UTC', 'Sat 2:00-6:00 UTC', 'Sat 24:00-06:00 UTC'],
      ...['Sat 02:60-06:00 UTC', 'sat 02:00-06:00 UTC', 'Saturday 02:00-06:00 UTC', 'Sat, Sun 02:00-06:00 UTC'],
      ...['Sat- 02:00-06:00 UTC', 'daily,Sat 02:00-06:00 UTC', 'Sat 02:00-06:00 CET', ' Sat 02:00-06:00 UTC'],
    ],
  },
  paused: flag,
  disconnectOnUntag: flag,
  disconnectDeletedClusters: flag,
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
  },
  sweepAlarmHours: number(1, 48),
  verifyEveryHours: number(1, 168),
  notificationEmail: {
    right: ['', 'team@example.com', 'a.b+c@mail.example.co.uk'],
    wrong: ['team', 'team@', '@example.com', 'a b@example.com', 'a@b@example.com', 'team@example'],
  },
  notifyOnSuccess: flag,
  permissionsBoundary: {
    right: ['', 'arn:aws:iam::111122223333:policy/boundary', 'arn:aws-us-gov:iam::aws:policy/path/Boundary'],
    wrong: ['boundary', 'arn:aws:iam::111122223333:role/boundary', 'arn:aws:iam::111122223333:policy/'],
  },
  rolePath: { right: ['/', '/atlas/', '/a/b+c=/d,e.f@g-h_/'], wrong: ['', 'atlas', '/atlas', 'atlas/', '//', '/a b/'] },
  kmsKeyArn: {
    right: ['', keyArn, `arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-${'0'.repeat(32)}`],
    wrong: ['alias/atlas', keyArn.replace(/key.*/, 'alias/atlas'), externalId, `${keyArn}0`],
  },
  logRetentionDays: { right: ['1', '30', '3653'], wrong: ['', '0', '2', '30.0', '3654', 'forever'] },
  subnetIds: {
    right: ['', 'subnet-0a1b2c3d', 'subnet-0a1b2c3d4e5f60718,subnet-1a2b3c4d5e6f70819'],
    wrong: ['subnet', 'subnet-x', 'subnet-0a1b2c3d, subnet-1a2b3c4d', 'subnet-0a1b2c3d,', 'sg-0a1b2c3d'],
  },
  securityGroupIds: {
    right: ['', 'sg-0a1b2c3d', 'sg-0a1b2c3d4e5f60718,sg-1a2b3c4d5e6f70819'],
    wrong: ['sg', 'sg-x', 'sg-0a1b2c3d sg-1a2b3c4d', Array(6).fill('sg-0a1b2c3d').join(), 'subnet-0a1b2c3d'],
  },
  tags: {
    right: ['', 'team=streaming', 'team=streaming,cost center=42,a:b/c=d=e@f,empty='],
    wrong: ['team', '=x', 'aws:team=x', 'a=b;c=d', 'a=b,', ',a=b', `${'k'.repeat(129)}=v`, `k=${'v'.repeat(257)}`],
  },
  waitSpeed: number(1, 1000),
};

describe('a setting', () => {
  it('is a row of the table below', () =>
    assert.deepEqual(Object.keys(table).sort(), Object.keys(settingRules).sort()));

  for (const [name, { right, wrong }] of Object.entries(table)) {
    const rule = String(settingRules[name]?.ConstraintDescription);

    for (const value of right)
      it(`can be ${name}=${value}`, () => assert.deepEqual(complaintsAbout({ [name]: value }), []));

    for (const value of wrong)
      it(`cannot be ${name}=${value}`, () => {
        const [complaint = '', ...more] = complaintsAbout({ [name]: value }, 'us-east-1');
        assert.deepEqual(more, []);
        assert.ok(complaint.startsWith(`${name} is `) && complaint.endsWith(`; it ${rule}.`), complaint);
      });

    it(`${name} has a description, and a rule that completes a sentence and has a right example`, () => {
      assert.match(String(settingRules[name]?.Description), /^[A-Z].*\.$/);
      assert.match(rule, /^must be .*[^.]$/);
      const [, example] = /for example "?([^",]+)/.exec(rule) ?? [];
      if (example) assert.deepEqual(complaintsAbout({ [name]: example }), []);
      else
        for (const allowed of settingRules[name]?.AllowedValues ?? []) assert.ok(rule.includes(String(allowed)), rule);
    });
  }

  for (const [name, field] of [
    ['atlasProjectId', 'projectId'],
    ['atlasWorkspace', 'workspace'],
  ] as const)
    it(`${name} has the same rule as the field ${field} of an input and the tag`, () => {
      assert.ok(parameters[name]?.ConstraintDescription.startsWith(`must be ${fieldRules[field]}`));
      for (const [isRight, values] of [
        [true, table[name]?.right],
        [false, table[name]?.wrong],
      ] as const)
        for (const value of values?.filter((it) => !it.includes('{region}')) ?? [])
          assert.equal(fields[field].safeParse(value).success, isRight, value);
    });

  it('mechanism allows what an input and a tag may name', () =>
    assert.deepEqual(parameters.mechanism?.AllowedValues, [...mechanismChoices]));

  it('rebootWindow has the same form as in an input', () =>
    assert.equal(parameters.rebootWindow?.AllowedPattern, `^(${windowPattern})?$`));

  it('with a project id in upper case is refused with the same id in lower case', () => {
    const upper = anId.toUpperCase();
    for (const [name, value] of [
      ['atlasProjectId', upper],
      ['allowedTargets', `${upper}/*`],
      ['allowedTargets', `${others}/Streams,${upper}/a`],
    ] as const)
      assert.deepEqual(complaintsAbout({ [name]: value }), [
        `${name} is "${value}"; write the project id in lower case: "${anId}".`,
      ]);
  });

  it('leaves room in its prefix for the longest name of a function', () => {
    const longest = Math.max(...Object.keys(functions).map((name) => name.length));
    assert.equal(`${'p'.repeat(38)}-`.length + longest, 64);
    assert.ok(
      parameters.prefix?.ConstraintDescription.includes('64 characters for <prefix>-EnablePrivateConnectivity'),
    );
  });

  it('says which characters the name of a stage must have', () => {
    for (const stage of ['prod', 'Prod-2']) assert.equal(complaintAboutStageName(stage), undefined);
    for (const stage of ['', 'a_b', 'a.b', '../prod', 'prod eu'])
      assert.match(String(complaintAboutStageName(stage)), /^The stage ".*" cannot be used; .* "prod"\.$/, stage);
  });

  it('says that a stage is too long for the default prefix', () => {
    assert.equal(complaintAboutStage('a'.repeat(16)), undefined);
    assert.match(
      String(complaintAboutStage('production-europe')),
      /^The stage "production-europe" cannot be used, because its default of prefix is "msk-atlas-privatelink-production-europe"; it must be at most 38 /,
    );
  });

  it('keeps the alarm of a missing sweep from firing between two sweeps', () => {
    assert.deepEqual(complaintsAbout({ sweepSchedule: 'rate(1 day)', sweepAlarmHours: '25' }), []);
    assert.deepEqual(complaintsAbout({ sweepSchedule: 'cron(0 8 * * ? *)', sweepAlarmHours: '1' }), []);
    for (const [sweepSchedule, sweepAlarmHours, example] of [
      ['rate(60 minutes)', '1', 'sweepAlarmHours=2'],
      ['rate(5 hours)', '4', 'sweepAlarmHours=10'],
      ['rate(3 days)', '48', 'sweepSchedule=rate(1 day) and sweepAlarmHours=48'],
    ] as const)
      assert.deepEqual(complaintsAbout({ sweepSchedule, sweepAlarmHours }), [
        `sweepAlarmHours is "${sweepAlarmHours}" and sweepSchedule is "${sweepSchedule}"; sweepAlarmHours must be greater than the interval in sweepSchedule, and at most 48, for example ${example}.`,
      ]);
  });

  it('names a secret in the Region of the deployment', () => {
    const settings = { atlasCredentialsSecretArn: secretArn() };
    assert.deepEqual(complaintsAbout(settings, 'us-east-1'), []);
    assert.deepEqual(complaintsAbout(settings), []);
    assert.deepEqual(complaintsAbout({ atlasCredentialsSecretArn: 'atlas' }, 'us-east-1'), []);
    assert.deepEqual(complaintsAbout(settings, 'eu-west-1', { atlasCredentialsSecretArn: 'stages/x.yml' }), [
      `atlasCredentialsSecretArn in stages/x.yml is "${secretArn()}"; it must be in Region eu-west-1, where this is deployed, for example "arn:aws:secretsmanager:eu-west-1:111122223333:secret:atlas-streaming-credentials-a1B2c3".`,
    ]);
    assert.deepEqual(complaintsAbout(settings, 'eu-west-1'), [
      `atlasCredentialsSecretArn is "${secretArn()}"; it must be in Region eu-west-1, where this is deployed, for example "arn:aws:secretsmanager:eu-west-1:111122223333:secret:atlas-streaming-credentials-a1B2c3".`,
    ]);
  });

  it('names the streams role once, by both settings of a new one or by the ARN of another', () => {
    const none = { streamsRoleTrustedArn: '', streamsRoleExternalIds: '', streamsRoleArn: '' };
    const made = { streamsRoleTrustedArn: principal, streamsRoleExternalIds: externalId };
    const own = { streamsRoleArn: 'arn:aws:iam::123456789012:role/streams' };
    for (const right of [{}, made, own]) assert.deepEqual(complaintsAbout({ ...none, ...right }), []);
    const both =
      'belong together; set both, or neither. "atlas cloudProviders accessRoles aws create" prints them as "Atlas AWS Account ARN" and "Unique External ID".';
    assert.deepEqual(complaintsAbout({ ...none, ...made, streamsRoleExternalIds: '' }), [
      `streamsRoleTrustedArn and streamsRoleExternalIds ${both}`,
    ]);
    assert.deepEqual(
      complaintsAbout({ ...none, ...made, streamsRoleTrustedArn: '' }, undefined, {
        streamsRoleTrustedArn: 'stages/prod.yml',
      }),
      [`streamsRoleTrustedArn in stages/prod.yml and streamsRoleExternalIds ${both}`],
    );
    for (const both of [made, { streamsRoleExternalIds: externalId }])
      assert.deepEqual(complaintsAbout({ ...none, ...own, ...both }), [
        'streamsRoleArn excludes streamsRoleTrustedArn and streamsRoleExternalIds; set only streamsRoleArn for a role that exists, or only the other two for a role that the deployment creates.',
      ]);
  });

  it('is refused if it has no effect without a streams role, or none is known for the mechanism', () => {
    const own = { streamsRoleArn: 'arn:aws:iam::123456789012:role/streams' };
    const complaintOf = (given: Record<string, string>) => complaintsAbout({ ...defaultSettings('prod'), ...given });
    assert.deepEqual(complaintOf({ mechanism: 'AWS_MSK_IAM' }), [
      'mechanism is AWS_MSK_IAM, but the deployment has no streams role; set streamsRoleTrustedArn and streamsRoleExternalIds, or streamsRoleArn.',
    ]);
    assert.deepEqual(complaintOf({ mechanism: 'AWS_MSK_IAM', ...own }), []);
    for (const [name, value] of [
      ['streamsRoleClusters', 'orders-*'],
      ['streamsRoleTopics', 'orders.*'],
      ['streamsRoleCanWrite', 'true'],
    ] as const)
      for (const role of [{}, own])
        assert.deepEqual(complaintOf({ [name]: value, ...role }), [
          `${name} has no effect, because the deployment creates no streams role; set streamsRoleTrustedArn and streamsRoleExternalIds, or keep the default of ${name}.`,
        ]);
    assert.equal(complaintOf({ streamsRoleRequiresTag: 'true' }).length, 1);
    assert.deepEqual(complaintOf({ streamsRoleRequiresTag: 'true', ...own }), []);
  });

  it('has tags without a key that is there twice', () =>
    assert.deepEqual(complaintsAbout({ tags: 'a=1,b=1,a=2' }, undefined, { tags: 'stages/prod.yml' }), [
      'tags in stages/prod.yml has the key "a" twice; keep one of them.',
    ]));

  it('has subnets and security groups, or neither', () => {
    const complaintOf = (subnetIds: string, securityGroupIds: string) =>
      complaintsAbout({ subnetIds, securityGroupIds });
    const sentence = 'subnetIds and securityGroupIds belong together; set both, or neither.';
    assert.deepEqual(complaintOf('subnet-0a1b2c3d', ''), [sentence]);
    assert.deepEqual(complaintOf('', 'sg-0a1b2c3d'), [sentence]);
    for (const right of [complaintOf('', ''), complaintOf('subnet-0a1b2c3d', 'sg-0a1b2c3d')])
      assert.deepEqual(right, []);
  });

  it('is named first in the sentence of each rule, and a rule knows only settings and their real defaults', () => {
    for (const [name, { Assertions }] of Object.entries(rules)) {
      for (const { AssertDescription } of Assertions) {
        const [first = ''] = AssertDescription.split(' ');
        assert.ok(parameters[first] && AssertDescription.endsWith('.'), AssertDescription);
      }
      for (const [, setting = ''] of JSON.stringify(rules[name]).matchAll(/"Ref":"(\w+)"/g))
        assert.ok(parameters[setting], setting);
    }
    assert.deepEqual(brokenRules(defaultSettings('prod')), []);
  });

  it('of external ids in capital letters or with spaces gets a sentence that does not show them', () => {
    for (const value of [externalId.toUpperCase(), ` ${externalId}`, `${externalId}, ${externalId}`])
      assert.match(
        complaintsAbout({ streamsRoleTrustedArn: principal, streamsRoleExternalIds: value }).join(),
        /^streamsRoleExternalIds is written with capital letters or spaces; it must be empty, or UUIDs in lower case, /,
      );
  });

  it('is not repeated if it may be a secret', () => {
    const secret = '7d1b3c5e-3b1a-4e9b-9f0c-2a6d8e4f1b70';
    const complaints = complaintsAbout({
      atlasProjectId: secret,
      atlasWorkspace: `mdb_sa_sk_${secret}`,
      atlasCredentialsSecretArn: secret,
      [`mdb_sa_sk_${secret}`]: secret,
      constructor: secret,
    });
    assert.equal(complaints.length, 5);
    assert.doesNotMatch(complaints.join(), /7d1b3c5e/);
    for (const atlasBaseUrl of [
      `https://me:${secret}@a.example`,
      `https://a.example?k=${secret}`,
      `https://a.example#${secret}`,
    ])
      assert.match(
        complaintsAbout({ atlasBaseUrl }).join(),
        /^atlasBaseUrl is an address with "@", "\?" or "#"; (?!.*7d1b)/,
      );
  });
});

describe('the complaints about settings', () => {
  it('name every wrong, unknown and missing one at once', () => {
    const settings = { atlasProjectID: anId, polling: 'x', atlasProjectId: 'mine', sweepAlarmHours: '0' };
    assert.deepEqual(
      complaintsAbout(settings).map((sentence) => sentence.replace(/[;.] .*/, '')),
      [
        '"atlasProjectID" is not a setting',
        '"polling" is not a setting',
        'atlasProjectId is "mine"',
        'sweepAlarmHours is "0"',
      ],
    );
    assert.ok(complaintsAbout(settings)[1]?.endsWith(`. The settings are ${Object.keys(settingRules).join(', ')}.`));
    assert.deepEqual(
      complaintsAboutMissing(settings, 'stages/prod.yml').map((sentence) => sentence.replace(/; .*/, '')),
      ['atlasWorkspace is missing in stages/prod.yml', 'atlasCredentialsSecretArn is missing in stages/prod.yml'],
    );
  });

  it('suggest the name that was probably meant', () => {
    for (const [wrong, meant] of [
      ['atlasProjectID', 'atlasProjectId'],
      ['atlas_workspace', 'atlasWorkspace'],
      ['workspace', 'atlasWorkspace'],
      ['alowedTarget', 'allowedTargets'],
      ['sweepAlarmHour', 'sweepAlarmHours'],
      ['atlasAwsAccountId', 'atlasAwsAccountIds'],
    ] as const)
      assert.deepEqual(complaintsAbout({ [wrong]: '' }), [`"${wrong}" is not a setting. Did you mean ${meant}?`]);
    for (const wrong of ['x', '', 'pollSeconds', 'constructor', 'a'.repeat(10_000)])
      assert.match(
        complaintsAbout({ [wrong]: '' }).join(),
        /^"\S+( \(\d+ characters\))? is not a setting\. The settings are /,
      );
  });

  it('say what has replaced allowedProjectIds', () =>
    assert.deepEqual(complaintsAbout({ allowedProjectIds: anId }, undefined, { allowedProjectIds: 'stages/x.yml' }), [
      'allowedProjectIds in stages/x.yml is now allowedTargets, which also names workspaces, for example "5f1a2b3c4d5e6f7a8b9c0d1e/streams,64b7f1d2e5a9c80011223344/*".',
    ]));

  it('name the file of a setting that is from a file', () => {
    const names = ['polling', 'workspace', 'atlasProjectId', 'sweepAlarmHours'];
    const files = Object.fromEntries(names.map((name) => [name, 'stages/prod.yml']));
    const settings = { polling: '', workspace: '', atlasProjectId: 'mine', mechanism: 'x', sweepAlarmHours: '0' };
    assert.deepEqual(
      complaintsAbout(settings, undefined, files).map((sentence) => sentence.replace(/[;.] .*/, '')),
      [
        '"polling" in stages/prod.yml is not a setting',
        '"workspace" in stages/prod.yml is not a setting',
        'atlasProjectId in stages/prod.yml is "mine"',
        'mechanism is "x"',
        'sweepAlarmHours in stages/prod.yml is "0"',
      ],
    );
    assert.match(
      complaintsAbout({ sweepSchedule: 'rate(2 hours)', sweepAlarmHours: '1' }, undefined, files).join(),
      /^sweepAlarmHours in stages\/prod\.yml is "1" and sweepSchedule is "rate\(2 hours\)"; sweepAlarmHours must be /,
    );
  });

  it('say that Atlas has no Stream Processing in the Region of the deployment, and where it has', () => {
    assert.equal(
      complaintAboutRegion('eu-north-1'),
      `Atlas offers no Stream Processing in Region eu-north-1, so no cluster there can be connected. Deploy with --region in the Region of a cluster; it must be one of ${streamProcessingRegions.join(', ')}.`,
    );
    for (const region of streamProcessingRegions) assert.equal(complaintAboutRegion(region), undefined);
  });

  it('name the values that are still those of the example', () => {
    const example = readStageFile('example') ?? {};
    assert.deepEqual(complaintsAboutExamples({ ...example, atlasWorkspace: 'streams' }, 'stages/prod.yml'), [
      'atlasProjectId in stages/prod.yml is still the example value; replace it with your own.',
      'atlasCredentialsSecretArn in stages/prod.yml is still the example value; replace it with your own.',
    ]);
  });
});

describe('the values of --param', () => {
  it('are names with values, which may contain = or be empty', () =>
    assert.deepEqual(readParams(['atlasWorkspace=a=b', 'notificationEmail=']), {
      atlasWorkspace: 'a=b',
      notificationEmail: '',
    }));

  it('are refused without a value, and a secret among them is not repeated', () =>
    assert.throws(() => readParams(['notificationEmail', 'atlasWorkspace=a', '=x', 'mdb_sa_sk_7d1b']), {
      name: 'WrongSettings',
      message: [
        '--param needs NAME=VALUE, such as atlasWorkspace=streams, not "notificationEmail".',
        '--param needs NAME=VALUE, such as atlasWorkspace=streams, not "=x".',
        '--param needs NAME=VALUE, such as atlasWorkspace=streams, not a text that looks like a secret.',
      ].join('\n'),
    }));
});

describe('stages/example.yml', () => {
  const text = readFileSync(new URL('../../stages/example.yml', import.meta.url), 'utf8');

  it('has right values for exactly the settings without a default', () => {
    const example = readStageFile('example') as Settings;
    assert.deepEqual(Object.keys(example), requiredNames);
    assert.deepEqual(complaintsAbout(example), []);
  });

  it('shows all others with their defaults, except the one for tests', () => {
    const shown = parse(text.replaceAll(/^# (\w+:( |$))/gm, '$1'), { schema: 'failsafe' }) as Settings;
    const { waitSpeed: _, ...defaults } = defaultSettings('<stage>');
    assert.deepEqual(shown, { ...readStageFile('example'), ...defaults });
  });
});

describe('the settings of a stage', () => {
  const stage = (t: TestContext, text?: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'stages'));
    if (text !== undefined) writeFileSync(join(folder, 'stages/prod.yml'), text);
    return folder;
  };

  it('are the defaults, then the values of its file, then what is typed', (t) => {
    const folder = stage(t, 'atlasWorkspace: streams\nmechanism: PLAIN\nsweepAlarmHours: 2\n');
    assert.deepEqual(readSettings('prod', { sweepAlarmHours: '3' }, folder), {
      ...defaultSettings('prod'),
      atlasWorkspace: 'streams',
      mechanism: 'PLAIN',
      sweepAlarmHours: '3',
    });
    assert.equal(defaultSettings('prod').prefix, 'msk-atlas-privatelink-prod');
  });

  it('stay the text that they are', (t) => {
    const folder = stage(t, 'atlasProjectId: 123456789012345678901234\ndisconnectOnUntag: true\nallowedTargets:\n');
    assert.deepEqual(readStageFile('prod', folder), {
      atlasProjectId: '123456789012345678901234',
      disconnectOnUntag: 'true',
      allowedTargets: '',
    });
  });

  it('can be missing', (t) => {
    assert.equal(readStageFile('prod', stage(t)), undefined);
    assert.deepEqual(readStageFile('prod', stage(t, '# nothing yet\n')), {});
  });

  for (const [text, complaint] of [
    ['atlasWorkspace: a: b\n', /^stages\/prod\.yml is not valid YAML: Nested mappings .* at line 1, column 17\.$/],
    ['streams\n', /^stages\/prod\.yml must have one "name: value" on each line\.$/],
    ['- streams\n', /^stages\/prod\.yml must have one "name: value" on each line\.$/],
    ['atlasWorkspace: [streams]\n', /^atlasWorkspace in stages\/prod\.yml must have a single value\.$/],
    ['atlasWorkspace:\n  name: a\n', /^atlasWorkspace in stages\/prod\.yml must have a single value\.$/],
    [
      'allowedTargets:\n  - a/b\n  - c/d\n',
      /^allowedTargets in stages\/prod\.yml is a list; write one line, separated by commas, for example "5f1a2b3c4d5e6f7a8b9c0d1e\/streams,64b7f1d2e5a9c80011223344\/\*"\.$/,
    ],
    [
      'atlasAwsAccountIds: [123456789012]\n',
      /^atlasAwsAccountIds in stages\/prod\.yml is a list; write one line, separated by commas, for example "123456789012,210987654321"\.$/,
    ],
    ['allowedProjectIds:\n  - a\n', /^allowedProjectIds in stages\/prod\.yml is now allowedTargets, .*\.$/],
    ['labels: { a: b }\n', /^"labels" in stages\/prod\.yml is not a setting\. The settings are /],
  ] as const)
    it(`are refused if their file is ${JSON.stringify(text)}`, (t) => {
      assert.throws(() => readSettings('prod', {}, stage(t, text)), { name: 'WrongSettings', message: complaint });
    });
});
