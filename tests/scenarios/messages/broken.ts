import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { snsError } from '../../../emulators/sns.ts';
import { type Ended, entered, minutesBetween, Watched } from './watched.ts';

const unassociated = { scramSecrets: [{ isAssociated: false }] };

const startsOf = (runs: Ended[]) => runs.map(({ execution }) => execution);

suite('a failure is one message or one alarm', () => {
  test('if its event arrives three times', async () => {
    const watched = await Watched.start(unassociated);
    const { execution } = await watched.tag();
    await watched.messages();
    watched.repeatEvent(execution);
    watched.repeatEvent(execution);
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if NotifyOutcome fails once', async () => {
    const watched = await Watched.start(unassociated);
    watched.fail('NotifyOutcome', 1);
    await watched.tag();
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if SNS refuses the first message', async () => {
    const watched = await Watched.start(unassociated);
    let count = 0;
    watched.cloud.intercept = async ({ operation }, next) =>
      operation === 'Publish' && count++ === 0
        ? snsError('AuthorizationErrorException', 'Not you.', 403).answer
        : next();
    await watched.tag();
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if NotifyOutcome fails for ever', async () => {
    const watched = await Watched.start(unassociated);
    watched.fail('NotifyOutcome');
    await watched.tag();
    await watched.sweepFor(1);
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), ['dead-letters']);
  });

  test('if RecordFailure crashes each time', async () => {
    const watched = await Watched.start(unassociated);
    watched.fail('RecordFailure');
    const first = await watched.tag();
    const runs = [first, ...(await watched.sweepFor(48))];
    assert.ok(runs.every(({ error }) => error === 'FailureNotRecorded'));
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: FailureNotRecorded']);
    assert.deepEqual(watched.alarms(), []);
    assert.deepEqual(minutesBetween(startsOf(runs)), [15, 60, 360, 1440]);
  });

  test('if RecordFailure crashes each time, before the run has claimed the cluster', async () => {
    const watched = await Watched.start({ cluster: { tags: { 'atlas-streaming/project-id': 'payments' } } });
    watched.fail('RecordFailure');
    const first = await watched.tag();
    const runs = [first, ...(await watched.sweepFor(48))];
    assert.ok(runs.every(({ error }) => error === 'FailureNotRecorded'));
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: FailureNotRecorded']);
    assert.deepEqual(watched.alarms(), []);
    assert.deepEqual(minutesBetween(startsOf(runs)), [15, 60, 360, 1440]);
  });

  test('if Step Functions itself ends each run', async () => {
    const watched = await Watched.start();
    // No state catches States.Runtime: the output has no field that the next state needs.
    watched.replace('CheckPrerequisites', { payload: {} });
    const first = await watched.tag();
    const runs = [first, ...(await watched.sweepFor(48))];
    assert.ok(
      runs.every(({ error }) => error === 'States.Runtime'),
      JSON.stringify(runs.map(({ error }) => error)),
    );
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: States.Runtime']);
    assert.deepEqual(watched.alarms(), []);
    assert.deepEqual(minutesBetween(startsOf(runs)), [15, 60, 360, 1440]);
  });

  test('if each run reaches the time limit of its machine', async () => {
    const watched = await Watched.start();
    watched.replace('InspectCluster', { payload: { isSettled: false, pollSeconds: 7200 } });
    const { status } = await watched.tag();
    assert.equal(status, 'TIMED_OUT');
    watched.fail('InspectCluster', 0);
    const [next] = await watched.sweepFor(0.5);
    assert.equal(next?.endState, 'Connected');
    assert.deepEqual(await watched.subjects(), []);
    // Two days pass without a sweep here.
    const alarms = watched.alarms().filter((name) => name !== 'sweep-missing');
    assert.deepEqual(alarms, ['connect-timed-out']);
  });

  test('if a flood of executions starts, each of which does what it should', async () => {
    const watched = await Watched.start();
    watched.replace('ResolveRequest', { payload: { isAnythingToDo: false, reason: 'Nothing.' } });
    for (let count = 0; count < 1001; count++) watched.cloud.start({ clusterArn: watched.clusterArn });
    await Promise.all(watched.cloud.executions.map(({ result }) => result));
    await watched.sweepFor(1);
    assert.deepEqual(watched.alarms(), ['execution-flood']);
  });

  test('if a person stops a run that has created something: the message says what stays', async () => {
    const watched = await Watched.start();
    const [run] = await watched.cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(run ?? assert.fail(), 'WaitForPrivateLink');
    run?.abort();
    await watched.cloud.untag(['atlas-streaming']);
    assert.deepEqual(await watched.sweepFor(24), [], 'without the tag, no run completes it');
    const [message, ...others] = await watched.messages();
    assert.deepEqual([message?.subject, others], ['orders: connect stopped', []]);
    assert.match(message?.text ?? '', /stays: statement .*; private link created \(billed by the hour/);
    await watched.tag();
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if a person stops a run that has created nothing, or a verification, it is none: the person knows', async () => {
    const watched = await Watched.start();
    const { cloud } = watched;
    const stopIn = async (name: string) => {
      cloud.interceptInvocation = async (invocation, next) => {
        if (invocation.name === name) cloud.executions.at(-1)?.abort();
        return next();
      };
      const run = await watched.startByHand({ clusterArn: watched.clusterArn });
      assert.equal(run.status, 'ABORTED');
      watched.fail('none', 0);
    };
    await stopIn('CheckPrerequisites');
    cloud.clock.advance(2);
    await watched.tag();
    await stopIn('CheckPrerequisites');
    assert.equal((await watched.sweepFor(0.5)).at(-1)?.endState, 'Connected');
    assert.deepEqual([await watched.subjects(), watched.alarms()], [[], []]);
  });
});
