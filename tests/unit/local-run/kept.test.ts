import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { endLine, formatKept, type Kept, startLine, sweepFailedLine } from '../../../local/kept.ts';

const clusterArn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/dbc84c40-0d0c-4f91-aad5-57be1df99ca9-5';
const machines = 'arn:aws:states:us-east-1:123456789012:stateMachine:msk-atlas-privatelink-local';

const textOf = (changes: Partial<Kept> = {}) =>
  formatKept({
    scenario: { name: 'default', description: 'A cluster is tagged.' },
    stage: 'local',
    clusterArn,
    projectId: '64b7e1c2d3f4a5968778695a',
    workspace: 'streams',
    stateMachines: { connect: `${machines}-connect`, disconnect: `${machines}-disconnect` },
    endpoints: {},
    environment: { AWS_REGION: 'us-east-1', AWS_PAGER: '' },
    speed: 360,
    idleSpeed: 15,
    streamsRole: null,
    sweepEverySeconds: 900,
    sweepSchedule: 'rate(15 minutes)',
    ...changes,
  }).join('\n');

/** The texts beside the labels are broken into lines. */
const facts = (changes: Partial<Kept>) => textOf(changes).replace(/\s+/g, ' ');

suite('what a local cloud that is kept up prints', () => {
  test('can be pasted into a shell, whatever the workspace is called', () => {
    const text = textOf({ workspace: "Ana's streams" });
    assert.match(text, /^export AWS_REGION=us-east-1\nexport AWS_PAGER=''\nunset AWS_PROFILE AWS_SESSION_TOKEN$/m);
    assert.match(text, /^npm run preflight -- .* --workspace 'Ana'\\''s streams'$/m);
  });

  test('names the streams role in the command of preflight, if there is one', () => {
    const streamsRole = 'arn:aws:iam::123456789012:role/msk-atlas-privatelink-streams-us-east-1';
    assert.ok(textOf({ streamsRole }).includes(` --streams-role ${streamsRole}\n`));
    assert.doesNotMatch(textOf({}), /streams-role/);
  });

  test('names the stage in the commands of this project', () => {
    const text = textOf({ stage: 'prod' });
    assert.match(text, /^npm run preflight -- --cluster \S+ --stage prod --project /m);
    assert.match(text, /^npm run status -- --stage prod --project [0-9a-f]{24}\nnpm run remove -- --stage prod$/m);
  });

  test('says how fast time passes and how often the sweep runs', () => {
    assert.match(
      facts({}),
      /passes 360 times faster: one hour takes 10 s\. While nothing runs, it passes 15 times faster\./,
    );
    assert.match(facts({}), /While nothing runs, that is every 1 min; while a run waits, every 2\.5 s\./);
    assert.match(
      facts({ speed: 1, idleSpeed: 1 }),
      /one hour takes 60 min\. While nothing runs, it passes in real time\./,
    );
  });

  test('says that the local cloud does not run a schedule with a cron expression', () => {
    const cron = { sweepSchedule: 'cron(0/15 * * * ? *)', sweepEverySeconds: null };
    assert.match(facts(cron), /does not run the schedule cron\(0\/15 \* \* \* \? \*\).* So there is no sweep\./);
  });
});

suite('the lines about runs', () => {
  const startDate = new Date('2026-11-28T04:23:39.123Z');
  const execution = {
    arn: `${machines.replace(':stateMachine:', ':execution:')}-disconnect:one`,
    name: 'one',
    input: { 'detail-type': 'Tag Change on Resource', source: 'aws.tag', resources: [clusterArn], detail: {} },
    startDate,
    ended: { status: 'FAILED' as const, at: new Date('2026-11-28T04:25:40.123Z') },
  };

  test('have the time, the status, the action, the cluster and the name', () =>
    assert.equal(startLine(execution, startDate), '2026-11-28T04:23:39Z  RUNNING    disconnect  orders  one'));

  test('name the error of a run that has failed, or the last state', () => {
    const failed = { status: 'FAILED', endState: 'SetupFailed', error: 'PrerequisitesNotMet' } as const;
    const line = '2026-11-28T04:25:40Z  FAILED     disconnect  orders  one  PrerequisitesNotMet after 2m 01s';
    assert.equal(endLine(execution, failed), line);
    assert.match(endLine(execution, { status: 'SUCCEEDED', endState: 'Disconnected' }), / Disconnected after 2m 01s$/);
  });

  test('have no cluster if the input names none, and the error of a sweep', () => {
    assert.match(startLine({ ...execution, input: {} }, startDate), / disconnect {2}\(no cluster\) {2}one$/);
    const line = '2026-11-28T04:23:39Z  FAILED     sweep  AwsRefused: no';
    assert.equal(sweepFailedLine(startDate, Object.assign(new Error('no'), { name: 'AwsRefused' })), line);
  });
});
