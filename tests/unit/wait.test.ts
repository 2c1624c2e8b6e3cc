import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  deadlineAfter,
  mostPolls,
  pollAfter,
  pollEvery,
  stretchAfter,
  stretchFor,
  type Wait,
} from '../../shared/wait.ts';
import { now, wait } from '../fixtures/request.ts';

const minutesAfter = (minutes: number) => deadlineAfter(now, minutes);

/** Seconds to the next poll when so many minutes of a wait have passed. */
const pollAt = (minutes: number, waited: Wait = wait, stretch = 1) =>
  pollAfter(waited, { now: minutesAfter(minutes), deadline: minutesAfter(waited.timeoutMinutes) }, stretch);

const longAfterwards = { now, deadline: minutesAfter(600) };

describe('A wait', () => {
  it('polls seldom at first, often from 0.6 to 1.6 times the usual 30 minutes, and seldom again', () => {
    assert.deepEqual(
      [0, 10, 17].map((minutes) => pollAt(minutes)),
      [60, 60, 60],
    );
    assert.deepEqual(
      [18, 30, 47.9].map((minutes) => pollAt(minutes)),
      [20, 20, 20],
    );
    assert.deepEqual(
      [48, 60, 88].map((minutes) => pollAt(minutes)),
      [60, 60, 60],
    );
  });

  it('ends the last long pause where it begins to poll often, and never polls more often than it is told', () => {
    assert.deepEqual(
      [17.5, 17.9].map((minutes) => pollAt(minutes)),
      [30, 20],
    );
    assert.equal(pollAt(0, { ...wait, usualMinutes: 1 }), 36);
  });

  it('waits whole seconds, as Step Functions does', () => {
    assert.equal(pollAt(17.3333), 40);
    assert.equal(pollEvery(20, longAfterwards, 1 / 0.7), 29);
  });

  it('gives way the more, the fewer requests Atlas has left, and comes back within five minutes', () => {
    const after = (seconds: number, share: number) => pollEvery(seconds, longAfterwards, stretchFor(share));
    assert.deepEqual(
      [1, 0.5, 0.1, 0.01, 0].map((share) => after(20, share)),
      [20, 80, 300, 300, 300],
    );
    assert.deepEqual([after(60, 0), after(900, 0.5)], [300, 900]);
  });

  it('gives way to AWS at once when a poll had to be tried again, and comes back slowly', () => {
    assert.equal(stretchAfter(1, 2), 2);
    assert.equal(stretchAfter(2, 3), 4);
    assert.equal(stretchAfter(12, 2), 15);
    assert.equal(stretchAfter(4, 1), 3.8);
    assert.equal(stretchAfter(1, 1), 1);
    let [stretch, polls] = [15, 0];
    for (; stretch > 1; polls++) stretch = stretchAfter(stretch, 1);
    assert.ok(polls < 60, String(polls));
  });

  it('looks once more just after its deadline, however rare its polls are', () => {
    for (const waited of [wait, { ...wait, pollSeconds: 3600 }])
      for (const stretch of [1, 15]) {
        let minutes = 0;
        while (minutes <= waited.timeoutMinutes) minutes += pollAt(minutes, waited, stretch) / 60;
        assert.ok(minutes - waited.timeoutMinutes <= 2 / 60, String(minutes));
      }
    assert.equal(pollEvery(30, { now, deadline: now }, 1), 1);
    assert.equal(pollEvery(30, { now: minutesAfter(5), deadline: now }, 1), 1);
  });

  it('knows how often it polls at most', () => {
    const short = { pollSeconds: 10, usualMinutes: 1, timeoutMinutes: 1 };
    for (const waited of [wait, { ...wait, usualMinutes: 60 }, short]) {
      let polls = 0;
      for (let minutes = 0; minutes <= waited.timeoutMinutes; polls++) minutes += pollAt(minutes, waited) / 60;
      // Of the pauses around the deadline, some are shorter.
      assert.ok(Math.abs(mostPolls(waited) - polls) <= 2.5, `${mostPolls(waited)} or ${polls}`);
    }
  });
});
