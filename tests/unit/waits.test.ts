import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkDeadline,
  deadlineAfter,
  pollDelay,
  slowdownAfterAttempts,
  slowdownForShare,
  speedUp,
  type Wait,
  waits,
} from '../../shared/waits.ts';
import { before, later, now } from '../fixtures/request.ts';

const wait: Wait = { pollSeconds: 30, timeoutMinutes: 60 };
const minutesAfterNow = (minutes: number) => deadlineAfter(now, { ...wait, timeoutMinutes: minutes });

/** The pause before the next poll, long before the deadline. */
const pause = (pollSeconds: number, slowdown: number) =>
  pollDelay({ ...wait, pollSeconds }, { now, deadline: minutesAfterNow(600) }, slowdown);

describe('a deadline', () => {
  it('is the time-out after the start', () => {
    assert.equal(deadlineAfter(now, wait), later);
  });

  it('ends the wait only after it has passed, with what is still missing and what to do', () => {
    checkDeadline('The cluster is still UPDATING', { now, deadline: now });
    assert.throws(() => checkDeadline('The cluster is still UPDATING', { now, deadline: before }), {
      name: 'WaitTimedOut',
      message:
        /^The cluster is still UPDATING, and the deadline .*2026-11-23T11:59:59\.999Z.* has passed\. .*start a new execution/,
    });
  });
});

describe('a poll', () => {
  it('follows after the poll interval', () => {
    assert.equal(pause(30, 1), 30);
  });

  it('follows after whole seconds, as Step Functions requires, and never at once', () => {
    assert.equal(pause(20, 1 / 0.7), 29);
    assert.equal(pause(0.2, 1), 1);
  });

  it('is slower the fewer requests Atlas has left, but follows within five minutes', () => {
    const pauses = [1, 0.5, 0.1, 0.01, 0].map((share) => pause(20, slowdownForShare(share)));
    assert.deepEqual(pauses, [20, 80, 300, 300, 300]);
  });

  it('keeps a poll interval that is longer than five minutes', () => {
    assert.equal(pause(900, slowdownForShare(0.5)), 900);
  });

  it('slows down at once when AWS throttles, and recovers slowly', () => {
    assert.equal(slowdownAfterAttempts(1, 2), 2);
    assert.equal(slowdownAfterAttempts(2, 3), 4);
    assert.equal(slowdownAfterAttempts(12, 2), 15);
    assert.equal(slowdownAfterAttempts(4, 1), 3.8);
    assert.equal(slowdownAfterAttempts(1, 1), 1);
    let [slowdown, polls] = [15, 0];
    for (; slowdown > 1; polls++) slowdown = slowdownAfterAttempts(slowdown, 1);
    assert.ok(polls < 60, String(polls));
  });

  it('follows just after the deadline, however slow the polls are', () => {
    for (const pollSeconds of [30, 3600])
      for (const slowdown of [1, 15]) {
        let seconds = 0;
        while (seconds <= wait.timeoutMinutes * 60)
          seconds += pollDelay(
            { ...wait, pollSeconds },
            { now: minutesAfterNow(seconds / 60), deadline: later },
            slowdown,
          );
        assert.ok(seconds - wait.timeoutMinutes * 60 <= 2, String(seconds));
      }
    assert.equal(pollDelay(wait, { now, deadline: now }, 1), 1);
    assert.equal(pollDelay(wait, { now: minutesAfterNow(5), deadline: now }, 1), 1);
  });
});

describe('the waits of the machines', () => {
  /** Wait 2, Task 5, Choice 2; one more Choice while another run holds the cluster. An ACTIVE cluster with connectivity still off takes 18 events, but is polled half as often. */
  const eventsPerPoll = 9;
  const maxEvents = (wait: Wait) =>
    ((wait.timeoutMinutes * 60) / wait.pollSeconds) * (wait === waits.holder ? eventsPerPoll + 2 : eventsPerPoll);

  // Step Functions ends an execution at 25,000 events. 2,500 are left for the other states and for retries.
  const machines = {
    connect: [
      ...[waits.holder, waits.cluster, waits.privateLink, waits.connection, waits.processors, waits.processors],
      // The wait for a record is a part of that for the probe.
      ...[waits.probeEnd, waits.probe, waits.probeRecord, waits.probeLog, waits.probeEnd],
    ],
    disconnect: [waits.probeEnd, waits.processors, waits.removal, waits.unclearAttempt, waits.cluster],
  };
  for (const [machine, all] of Object.entries(machines))
    it(`fit into the history of one execution of ${machine}, with all polls up to every deadline`, () => {
      const events = all.filter((it) => it !== waits.probeRecord).reduce((sum, it) => sum + maxEvents(it), 0);
      assert.ok(events <= 22_500, String(events));
    });

  it('belong to one of the machines', () => {
    assert.deepEqual(new Set(Object.values(machines).flat()), new Set(Object.values(waits)));
  });

  it('are shorter for tests, by the same factor for polls and deadlines', () => {
    assert.deepEqual(speedUp(1), waits);
    assert.deepEqual(speedUp(60).cluster, { pollSeconds: 0.5, timeoutMinutes: 12 });
    assert.deepEqual(Object.keys(speedUp(60)), Object.keys(waits));
  });
});
