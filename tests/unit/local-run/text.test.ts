import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { liveScreen, plainScreen } from '../../../local/screen/screen.ts';
import { columnsOf, formatDuration, hasColours, isLive, wrap } from '../../../local/screen/text.ts';

suite('text on the screen', () => {
  test('breaks between words, and keeps an ARN whole, in the line of its label', () => {
    assert.deepEqual(wrap('A run of the machine that connects a cluster', 30), [
      'A run of the machine that',
      'connects a cluster',
    ]);
    const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/1';
    assert.deepEqual(wrap(`Cluster: ${arn}`, 40), [`Cluster: ${arn}`]);
    assert.deepEqual(wrap(`The cluster is ${arn} here`, 40), ['The cluster is', arn, 'here']);
    assert.deepEqual(wrap('', 10), ['']);
  });

  test('breaks between two long words', () => {
    const [one, other] = ['getGroupStreamConnection\u00a0×56,', 'listGroupStreamPrivateLinkConnections\u00a0×3'];
    assert.deepEqual(wrap(`${one} ${other}`, 50), [one, other]);
  });

  test('shows durations in hours, minutes and seconds', () => {
    assert.deepEqual([400, 59_600, 61_000, 3_720_000].map(formatDuration), ['0s', '1m 00s', '1m 01s', '1h 02m 00s']);
  });

  test('is live on a terminal, which NO_COLOR does not change', () => {
    assert.equal(isLive({ isTTY: true }, { TERM: 'xterm' }), true);
    assert.equal(isLive({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }), true);
    assert.equal(isLive({}, { TERM: 'xterm' }), false);
    assert.equal(isLive({ isTTY: true }, { TERM: 'dumb' }), false);
  });

  test('has colours on a terminal, unless NO_COLOR has a value', () => {
    assert.equal(hasColours({ isTTY: true }, { NO_COLOR: '' }), true);
    assert.equal(hasColours({ isTTY: true }, { NO_COLOR: '1' }), false);
    assert.equal(hasColours({}, {}), false);
    assert.equal(hasColours({ isTTY: true }, { TERM: 'dumb' }), false);
  });

  test('has lines of 100 columns, or fewer if the terminal is narrower', () => {
    assert.deepEqual(
      [{}, { columns: 72 }, { columns: 200 }, { columns: 5 }, { columns: 0 }].map(columnsOf),
      [100, 72, 100, 40, 100],
    );
  });
});

suite('the screen', () => {
  const output = () => {
    const written: string[] = [];
    return { written, columns: 20, write: (text: string) => written.push(text) };
  };

  test('prints only lines if the output is not a terminal', () => {
    const { written, ...rest } = output();
    const screen = plainScreen(rest);
    screen.print('one');
    screen.close();
    assert.deepEqual(written, ['one\n']);
  });

  test('keeps the live line below what it prints, cut to the width of the terminal', () => {
    const { written, ...rest } = output();
    const screen = liveScreen(rest, () => '\u001b[31ma line that is too long\u001b[39m');
    screen.print('one');
    screen.close();
    const text = written.join('');
    assert.ok(text.includes('\r\u001b[2Kone\n\r\u001b[2Ka line that is too '), JSON.stringify(text));
    assert.ok(!text.includes('too l'), JSON.stringify(text));
  });

  test('restores the terminal once', () => {
    const { written, ...rest } = output();
    const screen = liveScreen(rest, () => undefined);
    screen.close();
    screen.close();
    screen.print('after');
    assert.deepEqual(written, ['\u001b[?25l', '\r\u001b[2K\u001b[?25h', 'after\n']);
  });
});
