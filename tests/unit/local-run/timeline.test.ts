import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { MachineEvent } from '../../../emulators/step-functions/execution.ts';
import { plain } from '../../../local/screen/text.ts';
import { Timeline } from '../../../local/screen/timeline.ts';
import { formatRow } from '../../../local/screen/timeline-format.ts';

const start = Date.parse('2026-11-24T00:00:00Z');

/** The events of an invented execution. Each state takes a second by default. */
function events() {
  let now = start;
  const all: MachineEvent[] = [];
  const add = (event: object) => all.push({ timestamp: 0, at: new Date(now), ...event } as MachineEvent);
  const script = {
    all,
    pass: (seconds: number) => {
      now += seconds * 1000;
      return script;
    },
    enter: (name: string, type = 'Task') => {
      add({ type: 'StateEntered', state: { name, type, input: {} } });
      return script.pass(1);
    },
    exit: (name: string) => {
      add({ type: 'StateExited', state: { name } });
      return script;
    },
    answer: (milliseconds: number) => {
      add({ type: 'TaskAnswered', milliseconds });
      return script;
    },
    fail: (name: string, error: string) => {
      add({ type: 'StateFailed', state: { name }, Error: error, Cause: '' });
      return script.pass(1);
    },
    retry: (name: string) => {
      add({ type: 'StateRetried', state: { name }, retry: { attempt: 1 } });
      return script;
    },
    caught: (name: string, next: string) => {
      add({ type: 'StateCaught', state: { name }, catch: { catcher: { Next: next } } });
      return script.exit(name);
    },
    failed: (error: string) => {
      add({ type: 'ExecutionFailed', Error: error, Cause: '' });
      return script;
    },
    task: (name: string, milliseconds = 20) => script.enter(name).answer(milliseconds).exit(name),
    choice: (name: string) => script.enter(name, 'Choice').exit(name),
    wait: (name: string, seconds: number) =>
      script
        .enter(name, 'Wait')
        .pass(seconds - 1)
        .exit(name),
  };
  return script;
}

/** The rows of a timeline after these events, as text. */
function lines({ all }: ReturnType<typeof events>, observed: string[] = [], columns = 100): string[] {
  const timeline = new Timeline(() => observed.shift());
  for (const event of all) timeline.add(event);
  const now = all.at(-1)?.at ?? new Date(start);
  return timeline.rows.flatMap((row) => formatRow(row, new Date(start), now, { style: plain, columns }));
}

suite('the timeline', () => {
  test('shows when a state was entered, and how long its function took', () => {
    assert.deepEqual(lines(events().pass(3661).task('LookUpPrincipal', 61.6)), [
      ' 1:01:01  ✔ LookUpPrincipal                            62 ms',
    ]);
  });

  test('shows the next state of a choice', () => {
    assert.deepEqual(lines(events().choice('IsDryRun').enter('Planned', 'Succeed')), [
      ' 0:00:00  ◇ IsDryRun → Planned',
      ' 0:00:01  ● Planned',
    ]);
  });

  test('shows a wait loop as one line: its polls, its duration, and the observed states', () => {
    const loop = events().choice('IsReady').wait('WaitForLink', 30).task('CheckLink').choice('IsReady');
    loop.wait('WaitForLink', 30).task('CheckLink').choice('IsReady').wait('WaitForLink', 30).task('CheckLink');
    loop.choice('IsReady').task('CreateConnection');
    assert.deepEqual(lines(loop, ['IDLE', 'WORKING', 'WORKING']), [
      ' 0:00:00  ◇ IsReady → WaitForLink',
      ' 0:00:01  ⇄ WaitForLink ⇄ CheckLink                   1m 35s  3 polls  IDLE → WORKING',
      ' 0:01:36  ◇ IsReady → CreateConnection',
      ' 0:01:37  ✔ CreateConnection                           20 ms',
    ]);
  });

  test('shows a loop that has not ended, with its duration so far', () => {
    const loop = events()
      .wait('WaitForLink', 30)
      .task('CheckLink')
      .choice('IsReady')
      .enter('WaitForLink', 'Wait')
      .pass(9);
    assert.deepEqual(lines(loop.enter('WaitForLink', 'Wait'), ['IDLE']), [
      ' 0:00:00  ⇄ WaitForLink ⇄ CheckLink                      42s  1 poll  IDLE',
    ]);
  });

  test('counts the errors that were retried, and shows the simulated time for such a state', () => {
    const retried = events().enter('LookUpPrincipal').answer(9).fail('LookUpPrincipal', 'AtlasThrottled').pass(5);
    retried.retry('LookUpPrincipal').answer(9).fail('LookUpPrincipal', 'AtlasThrottled').pass(10);
    retried.retry('LookUpPrincipal').fail('LookUpPrincipal', 'AwsUnavailable').retry('LookUpPrincipal').answer(9);
    assert.deepEqual(lines(retried.exit('LookUpPrincipal')), [
      ' 0:00:00  ✔ LookUpPrincipal                              19s',
      '              retried AtlasThrottled ×2, AwsUnavailable',
    ]);
  });

  test('marks the state that failed, the next state, and the state that ended the run', () => {
    const failing = events().enter('InspectCluster').answer(8).fail('InspectCluster', 'ClusterUnusable');
    failing.caught('InspectCluster', 'RecordFailure').task('RecordFailure').enter('SetupFailed', 'Fail');
    assert.deepEqual(lines(failing.fail('SetupFailed', 'ClusterUnusable').failed('ClusterUnusable')), [
      ' 0:00:00  ✖ InspectCluster                              8 ms  ClusterUnusable → RecordFailure',
      ' 0:00:02  ✔ RecordFailure                              20 ms',
      ' 0:00:03  ✖ SetupFailed                                       ClusterUnusable',
    ]);
  });

  test('fits the width of the terminal, with the notes or the duration in a line of their own', () => {
    const loop = events().choice('IsPrivateConnectivityOn').wait('WaitForPrivateLink', 30).task('CheckPrivateLink');
    const observed = ['IDLE', 'WORKING'];
    const end = loop.wait('WaitForPrivateLink', 30).task('CheckPrivateLink').task('CreateConnection');
    assert.deepEqual(lines(end, [...observed], 80), [
      ' 0:00:00  ◇ IsPrivateConnectivityOn → WaitForPrivateLink',
      ' 0:00:01  ⇄ WaitForPrivateLink ⇄ CheckPrivateLink     1m 02s',
      '              2 polls  IDLE → WORKING',
      ' 0:01:03  ✔ CreateConnection                           20 ms',
    ]);
    assert.deepEqual(lines(end, [...observed], 40), [
      ' 0:00:00  ◇ IsPrivateConnectivityOn →',
      '            WaitForPrivateLink',
      ' 0:00:01  ⇄ WaitForPrivateLink ⇄',
      '            CheckPrivateLink',
      '              1m 02s  2 polls  IDLE →',
      '              WORKING',
      ' 0:01:03  ✔ CreateConnection',
      '              20 ms',
    ]);
  });

  test('ends a loop whose check fails, and adds a second line if the first one is full', () => {
    const failing = events().wait('WaitForLink', 30).task('CheckLink').choice('IsReady').wait('WaitForLink', 30);
    failing.enter('CheckLink').answer(5).fail('CheckLink', 'PrivateLinkFailed').caught('CheckLink', 'RecordFailure');
    assert.deepEqual(lines(failing.task('RecordFailure'), ['WORKING', 'FAILED']), [
      ' 0:00:00  ✖ WaitForLink ⇄ CheckLink                   1m 04s',
      '              2 polls  WORKING → FAILED  PrivateLinkFailed → RecordFailure',
      ' 0:01:04  ✔ RecordFailure                              20 ms',
    ]);
  });
});
