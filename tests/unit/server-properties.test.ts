import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseProperties } from '../../shared/prerequisites/server-properties.ts';

fc.configureGlobal({ numRuns: 500 });

/** Any text, often of the characters that mean something in a properties file. */
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...' \t\f\n\r\\=:#!u0a'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  maxLength: 12,
});
/** The parser drops a key of this name, which no broker has. */
const isKey = (key: string) => key !== '' && key !== '__proto__';

const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\f'), maxLength: 3 });
const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
const continuation = fc.tuple(lineEnd, blank).map(([end, indent]) => `\\${end}${indent}`);
/** `=` and `:` may stand between blanks. Blanks alone separate as well. */
const separator = fc.oneof(
  fc.tuple(blank, fc.constantFrom('=', ':'), blank).map((parts) => parts.join('')),
  fc.constantFrom(' ', '\t', ' \f'),
);
const ignored = fc.oneof(
  fc.tuple(blank, lineEnd),
  fc.tuple(blank, fc.constantFrom('#', '!'), fc.constantFrom('a=b', 'a=b\\', ' \\u00zz'), lineEnd),
);

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f' };
const unicode = (char: string) =>
  [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

/** Writes a key or a value: what has a meaning is escaped, some other characters too, and lines break anywhere. */
const written = (chars: string) =>
  fc
    .tuple(
      ...[...chars].map((char) => {
        const escaped = named[char] ?? (/[ \\=:#!]/.test(char) ? `\\${char}` : char);
        return fc.tuple(
          fc.oneof({ weight: 4, arbitrary: fc.constant('') }, continuation),
          fc.constantFrom(escaped, escaped, unicode(char)),
        );
      }),
    )
    .map((parts) => parts.flat().join(''));

const entry = fc
  .tuple(fc.array(ignored, { maxLength: 2 }), blank, text.filter(isKey), separator, text, lineEnd)
  .chain(([before, indent, key, between, value, end]) =>
    fc.tuple(written(key), written(value)).map(([writtenKey, writtenValue]) => ({
      key,
      value,
      lines: [...before.flat(), indent, writtenKey, between, writtenValue, end].join(''),
    })),
  );

describe("A cluster's server.properties", () => {
  it('has the keys and values that were written into it, in any form that Java allows', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const expected = new Map(entries.map(({ key, value }) => [key, value]));
        assert.deepEqual(parseProperties(entries.map(({ lines }) => lines).join('')), expected);
      }),
    );
  });

  it('makes no error, whatever it is', () => {
    fc.assert(
      fc.property(text, (anything) => {
        parseProperties(anything);
      }),
    );
  });

  it('cannot be read if a Unicode escape is malformed, as for Java', () => {
    assert.equal(parseProperties('a=b\nc=\\u00g1'), undefined);
  });
});
