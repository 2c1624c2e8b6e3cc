import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { Clock, type ClockOptions } from '../../../emulators/clock.ts';

const start = new Date('2026-01-01T00:00:00Z');
const forever = new Promise<void>(() => {});

/** A clock, and a real time that passes only by `pass`: in ticks of a millisecond if nothing else is given. */
function clockWith(t: TestContext, options: Omit<ClockOptions, 'start'>) {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = new Clock({ ...options, start });
  t.after(() => clock.close());
  const pass = (realMs: number, tickMs = 1) => {
    for (let passed = 0; passed < realMs; passed += tickMs) {
      now += tickMs;
      t.mock.timers.tick(1);
    }
  };
  return { clock, pass, simulatedMs: () => clock.now().getTime() - start.getTime() };
}

suite('the clock of the local cloud', () => {
  test('runs at its speed on the way to the end of a wait', (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 60_000 });
    void clock.wait(7200);
    pass(20);
    assert.equal(simulatedMs(), 1_200_000);
    assert.equal(clock.minutesSince(start), 20);
  });

  test('never runs beyond the end of the next wait', async (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 3_600_000 });
    const waits = [clock.wait(90), clock.wait(5400)];
    pass(1);
    assert.equal(simulatedMs(), 90_000);
    await waits[0];
    pass(2);
    assert.equal(simulatedMs(), 5_400_000);
    await waits[1];
  });

  test('runs at the speed of the functions if no wait is pending', (t) => {
    const { pass, simulatedMs } = clockWith(t, { speed: 3600, functionSpeed: 10 });
    pass(50);
    assert.equal(simulatedMs(), 500);
  });

  test('runs at the speed of the functions while a function runs, even if a wait is pending', (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 3600, functionSpeed: 10 });
    void clock.wait(3600);
    void clock.whileFunctionRuns(forever);
    pass(50);
    assert.equal(simulatedMs(), 500);
  });

  test('runs at its own speed again when the function ends', async (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 100 });
    void clock.wait(3600);
    await clock.whileFunctionRuns(Promise.resolve());
    pass(10);
    assert.equal(simulatedMs(), 1000);
  });

  test('runs at its idle speed if all pending waits are in the background, up to the end of the next one', async (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 3600, idleSpeed: 15 });
    const schedule = clock.waitInBackground(1);
    pass(20);
    assert.equal(simulatedMs(), 300);
    const run = clock.wait(0.5);
    pass(1);
    assert.equal(simulatedMs(), 800);
    await run;
    pass(14);
    assert.equal(simulatedMs(), 1000);
    await schedule;
  });

  test('stands still while it is paused', (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 3600 });
    void clock.wait(3600);
    clock.isPaused = () => true;
    pass(20);
    assert.equal(simulatedMs(), 0);
    assert.deepEqual([clock.realMs, clock.uncountedMs], [20, 20]);
    clock.isPaused = () => false;
    pass(1);
    assert.equal(simulatedMs(), 3600);
  });

  test('counts at most five milliseconds if the event loop is late', (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 10 });
    void clock.wait(3600);
    pass(400, 400);
    assert.equal(simulatedMs(), 50);
    assert.equal(clock.uncountedMs, 395);
  });

  test('ends waits in the order of their ends, and aborted waits at once', async (t) => {
    const { clock, pass } = clockWith(t, { speed: 1000 });
    const ended: string[] = [];
    const abortion = new AbortController();
    const wait = (name: string, seconds: number, signal?: AbortSignal) =>
      clock.wait(seconds, signal).then(() => ended.push(name));
    const waits = [wait('long', 60), wait('short', 1), wait('aborted', 3600, abortion.signal), wait('middle', 30)];
    abortion.abort();
    pass(60);
    await Promise.all(waits);
    assert.deepEqual(ended, ['aborted', 'short', 'middle', 'long']);
  });

  test('does not start a wait whose signal is already aborted', async (t) => {
    const { clock } = clockWith(t, { speed: 1 });
    await clock.wait(3600, AbortSignal.abort());
    assert.deepEqual(clock.now(), start);
  });

  test('at speed 0, moves only when it is advanced', async (t) => {
    const { clock, pass, simulatedMs } = clockWith(t, { speed: 0 });
    pass(50);
    assert.equal(simulatedMs(), 0);
    const wait = clock.wait(30);
    clock.advance(1);
    assert.equal(simulatedMs(), 60_000);
    await wait;
  });
});
