import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextOpening, windowPattern } from '../../shared/reboot-window.ts';

// 2026-11-23 is a Monday.
const opensAt: [window: string, now: string, opening: string | undefined][] = [
  ['Sat 02:00-06:00 UTC', '2026-11-23T12:00:00.000Z', '2026-11-28T02:00:00Z'],
  ['Sat 02:00-06:00 UTC', '2026-11-28T01:59:59.999Z', '2026-11-28T02:00:00Z'],
  ['Sat 02:00-06:00 UTC', '2026-11-28T02:00:00.000Z', undefined],
  ['Sat 02:00-06:00 UTC', '2026-11-28T05:59:59.999Z', undefined],
  ['Sat 02:00-06:00 UTC', '2026-11-28T06:00:00.000Z', '2026-12-05T02:00:00Z'],
  ['Mon 12:00-13:00 UTC', '2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z'],
  ['daily 22:00-04:00 UTC', '2026-11-23T12:00:00.000Z', '2026-11-23T22:00:00Z'],
  ['daily 22:00-04:00 UTC', '2026-11-24T03:59:00.000Z', undefined],
  ['Sun 22:00-04:00 UTC', '2026-11-23T03:00:00.000Z', undefined],
  ['Sun 22:00-04:00 UTC', '2026-11-23T04:00:00.000Z', '2026-11-29T22:00:00Z'],
  ['Mon-Fri 01:00-02:00 UTC', '2026-11-27T03:00:00.000Z', '2026-11-30T01:00:00Z'],
  ['Mon-Fri,Sun 01:00-02:00 UTC', '2026-11-27T03:00:00.000Z', '2026-11-29T01:00:00Z'],
  ['Fri-Mon 01:00-02:00 UTC', '2026-11-23T03:00:00.000Z', '2026-11-27T01:00:00Z'],
  ['Wed-Wed 00:00-00:00 UTC', '2026-11-23T03:00:00.000Z', '2026-11-25T00:00:00Z'],
  ['Wed 00:00-00:00 UTC', '2026-11-25T23:59:59.999Z', undefined],
  ['Wed 00:00-00:00 UTC', '2026-11-26T00:00:00.000Z', '2026-12-02T00:00:00Z'],
  ['daily 00:00-00:00 UTC', '2026-11-26T00:00:00.000Z', undefined],
  ['daily 08:30-08:30 UTC', '2026-11-26T08:29:00.000Z', undefined],
];

describe('a reboot window', () => {
  for (const [window, now, opening] of opensAt)
    it(`${window} ${opening ? `opens ${opening}` : 'is open'} at ${now}`, () =>
      assert.equal(nextOpening(window, now), opening));

  it('opens within a week, and is open then', () => {
    const day = fc.constantFrom('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun');
    const days = fc.array(
      fc.oneof(
        day,
        fc.tuple(day, day).map((range) => range.join('-')),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const two = (number: number) => String(number).padStart(2, '0');
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map(two).join(':'));
    const window = fc
      .tuple(fc.oneof(fc.constant('daily'), days.map(String)), time, time)
      .map(([on, from, to]) => `${on} ${from}-${to} UTC`);
    const now = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(window, now, (text, date) => {
        assert.match(text, new RegExp(`^${windowPattern}$`));
        const opening = nextOpening(text, date.toISOString());
        if (opening === undefined) return;
        const wait = Date.parse(opening) - date.getTime();
        assert.ok(wait > 0 && wait <= 7 * 86_400_000, opening);
        assert.equal(nextOpening(text, opening), undefined);
        const before = new Date(Date.parse(opening) - 1).toISOString();
        assert.equal(nextOpening(text, before), opening);
      }),
    );
  });
});
