import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PatientClock } from '../../../emulators/patient-clock.ts';

const forever = new Promise<void>(() => {});

suite('the clock that waits for the machine', () => {
  test('hurries to the end of the next wait, and not past it, where nothing is at work', async (t) => {
    const clock = new PatientClock(3_600_000, 1);
    t.after(() => clock.close());
    const start = clock.now();
    await clock.wait(90);
    assert.equal(clock.now().getTime() - start.getTime(), 90_000);
  });

  test('goes at the speed of the functions while one is at work', async (t) => {
    const clock = new PatientClock(3_600_000, 10);
    t.after(() => clock.close());
    const start = clock.now();
    void clock.inFunctionTime(forever);
    await sleep(50);
    const passed = clock.now().getTime() - start.getTime();
    assert.ok(passed > 0 && passed <= 5000, `${passed} ms`);
  });

  test('stands still while there is work that cannot be done yet', async (t) => {
    const clock = new PatientClock(3600, 20);
    t.after(() => clock.close());
    const start = clock.now();
    clock.isBehind = () => true;
    await sleep(20);
    assert.deepEqual(clock.now(), start);
    assert.ok(clock.stoodStillMs > 0);
    clock.isBehind = () => false;
    await clock.wait(1);
    assert.ok(clock.now() > start);
  });

  test('lets hardly any time pass while the event loop is blocked', async (t) => {
    const clock = new PatientClock(3600, 1);
    t.after(() => clock.close());
    void clock.inFunctionTime(forever);
    await sleep(5);
    const start = clock.now();
    const until = performance.now() + 100;
    while (performance.now() < until);
    await sleep(1);
    assert.ok(clock.now().getTime() - start.getTime() < 50);
  });

  test('ends waits in the order of their ends, and those that are aborted at once', async (t) => {
    const clock = new PatientClock(360_000, 1);
    t.after(() => clock.close());
    const ended: string[] = [];
    const abortion = new AbortController();
    const wait = (name: string, seconds: number, signal?: AbortSignal) =>
      clock.wait(seconds, signal).then(() => ended.push(name));
    const waits = [wait('long', 60), wait('short', 1), wait('aborted', 3600, abortion.signal), wait('middle', 30)];
    abortion.abort();
    await Promise.all(waits);
    assert.deepEqual(ended, ['aborted', 'short', 'middle', 'long']);
  });
});
