import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { UsageError } from '../../../cli/exit.ts';
import { parseArguments } from '../../../cli/status/arguments.ts';
import { render } from '../../../cli/status/render.ts';
import { exampleStatus } from '../../../docs/generators/status.ts';

const projectId = '5f1a2b3c4d5e6f7a8b9c0d1e';

/** A project folder with these stage files. */
function folderWith(t: TestContext, stages: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'stages'));
  for (const [stage, text] of Object.entries({ example: '', ...stages }))
    writeFileSync(join(folder, `stages/${stage}.yml`), text);
  return folder;
}

suite('the arguments of npm run status', () => {
  const prod = `atlasProjectId: ${projectId}\nallowedTargets: 64b7f1d2e5a9c80011223344/*,${projectId}/other\n`;

  test('default to the only stage, with the projects of its settings', (t) => {
    const given = parseArguments([], {}, folderWith(t, { prod }));
    assert.deepEqual([given?.stage, given?.hasFile], ['prod', true]);
    assert.deepEqual(given?.projectIds, [projectId, '64b7f1d2e5a9c80011223344']);
  });

  test('may name a stage without a file, and other projects', (t) => {
    const given = parseArguments(['--stage', 'local', '--project', projectId], {}, folderWith(t, {}));
    assert.deepEqual([given?.stage, given?.hasFile, given?.projectIds], ['local', false, [projectId]]);
    assert.equal(given?.settings.verifyEveryHours, '6');
  });

  for (const [what, args, stages, expected] of [
    ['no stage', [], {}, /^The stage is missing, and stages\/ has no file beside the example; give --stage NAME\.$/],
    [
      'several stages',
      [],
      { dev: '', prod },
      /^The stage is missing, and stages\/ has dev, prod; give --stage NAME\.$/,
    ],
    [
      'a stage with a typo',
      ['--stage', 'prdo'],
      { prod },
      /^stages\/prdo\.yml does not exist\. Did you mean --stage prod\?$/,
    ],
    ['a stage that cannot be', ['--stage', '../prod'], { prod }, /^The stage "\.\.\/prod" cannot be used/],
    [
      'a wrong setting',
      [],
      { prod: 'atlasProjectId: mine' },
      /^atlasProjectId in stages\/prod\.yml is "mine"; it must/,
    ],
    ['a wrong project', ['--project', 'mine'], { prod }, /^--project is "mine"; it must be the 24 hexadecimal/],
    ['a secret itself', ['--credentials-secret', 'mdb_sa_sk_1'], { prod }, /not an ARN \(value hidden/],
    ['a wrong option', ['--regions', 'x'], { prod }, /^Unknown option '--regions'. Did you mean --region\?$/],
    ['an unknown option', ['--frequency'], { prod }, /^Unknown option '--frequency'. npm run status -- --help lists/],
  ] as const)
    test(`are refused with ${what}`, (t) => {
      const folder = folderWith(t, stages);
      assert.throws(
        () => parseArguments([...args], {}, folder),
        (error: Error) => error instanceof UsageError && expected.test(error.message),
      );
    });

  test('are refused if the address of Atlas is not safe', (t) =>
    assert.throws(
      () => parseArguments([], { MONGODB_ATLAS_BASE_URL: 'http://atlas.example.com' }, folderWith(t, { prod })),
      { message: /^MONGODB_ATLAS_BASE_URL is "http:.*; it must be an https address/ },
    ));

  test('are refused if npm has used them itself', () =>
    assert.throws(
      () => parseArguments([], { npm_config_stage: 'prod', npm_lifecycle_event: 'status' }),
      /put "--" before all options: npm run status -- --stage …/,
    ));
});

suite('the text of npm run status', () => {
  test('is a table if the terminal is wide enough, else a block for each cluster', async () => {
    const status = await exampleStatus();
    assert.match(render(status, 100), /^CLUSTER +STATUS +SINCE/m);
    const narrow = render(status, 60);
    assert.doesNotMatch(narrow, /^CLUSTER/m);
    assert.match(narrow, /^payments\n {2}Status: ✘ failed\n {2}Since \(UTC\): 2026-11-28 03:46\n/m);
  });

  test('fits the terminal, apart from single words and commands', async () => {
    const status = await exampleStatus();
    for (const width of [40, 60, 80, 100, 140])
      for (const line of render(status, width).split('\n'))
        assert.ok(line.length <= width || !line.trim().includes(' ') || /^ {2}atlas /.test(line), `${width}: ${line}`);
  });

  test('says until when a run waits for the reboot window, and that the deployment is paused', async () => {
    const status = await exampleStatus();
    const [first = assert.fail()] = status.clusters;
    const detail = 'Waits for the reboot window Sat 02:00-06:00 UTC, which opens 2026-11-28T02:00:00Z';
    const running = { executionArn: 'arn:run', action: 'connect' as const, detail };
    assert.match(render({ ...status, clusters: [{ ...first, running }] }), new RegExp(`^ {2}${detail}$`, 'm'));
    const paused = /^The deployment is paused \(setting paused\): tags and the sweep start nothing\.$/m;
    assert.match(render({ ...status, isPaused: true }), paused);
    assert.doesNotMatch(render(status), paused);
  });

  test('says how Atlas logs in to each cluster', async () => {
    const status = await exampleStatus();
    assert.match(render(status), /^ {2}Login: SCRAM-512 with the secret AmazonMSK_orders_atlas$/m);
    const [first = assert.fail()] = status.clusters;
    const roleArn = 'arn:aws:iam::111122223333:role/msk-atlas-privatelink-streams-us-east-1';
    const target = { ...(first.target ?? assert.fail()), mechanism: 'AWS_MSK_IAM' as const };
    const byRole = { ...first, target, secretArn: undefined, roleArn };
    assert.match(render({ ...status, clusters: [byRole] }), new RegExp(`^ {2}Login: AWS_MSK_IAM as ${roleArn}$`, 'm'));
  });

  test('says what could not be read, and that nothing is recorded', async () => {
    const text = render({
      ...(await exampleStatus()),
      clusters: [],
      orphans: [],
      clustersNotListed: 'The AWS credentials lack kafka:ListClustersV2.',
      linksNotListed: [{ reason: 'There are no Atlas credentials.' }, { projectId, reason: 'No.' }],
    });
    assert.match(text, /^No cluster is recorded or tagged\.$/m);
    assert.match(text, /^– MSK's clusters could not be listed\. The AWS credentials lack kafka:ListClustersV2\.$/m);
    assert.match(text, /^– Private links could not be listed\. There are no Atlas credentials\.$/m);
    assert.match(text, new RegExp(`^– Private links of project ${projectId} could not be listed\\. No\\.$`, 'm'));
    assert.doesNotMatch(text, /✔/);
  });

  test('shows a name or an error of another party on one line, without control characters', async () => {
    const { clusters, ...others } = await exampleStatus();
    const [first = assert.fail()] = clusters;
    const hostile = 'x\u001b[2J\n✔ No private link';
    const target = { ...first.target, connectionName: hostile } as typeof first.target;
    const text = render({
      ...others,
      clusters: [{ ...first, name: hostile, target, error: hostile }],
      clustersNotListed: hostile,
      linksNotListed: [{ projectId: hostile, reason: hostile }],
    });
    assert.ok(!text.includes('\u001b'));
    assert.doesNotMatch(text, /^✔/m);
  });
});
