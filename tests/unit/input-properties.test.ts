import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InvalidRequest } from '../../shared/errors.ts';
import { tagValue } from '../../shared/msk/tags.ts';
import { ConsoleInput, clusterArnIn, readInput } from '../../shared/request/request.ts';
import { clusterArn, projectId, secretArn, tagEvent } from '../fixtures/request.ts';

fc.configureGlobal({ numRuns: 1000 });

/** Any text that JSON can hold: control characters and half surrogate pairs as well. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    clusterArn,
    secretArn,
    projectId,
    'streams',
    'PLAIN',
    'x'.repeat(70),
  ),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(texts, tie('json'), { maxKeys: 3 }),
  ),
}));

/** A right input in which some fields are anything. */
const inputs = fc.oneof(
  json,
  fc.record(
    Object.fromEntries(
      Object.entries({
        clusterArn: fc.constant(clusterArn),
        projectId: fc.constant(projectId),
        workspace: fc.constant('streams'),
        connectionName: fc.constant('orders'),
        secretArn: fc.constant(secretArn),
        mechanism: fc.constant('PLAIN'),
        config: fc.dictionary(texts, texts),
        dryRun: fc.boolean(),
        other: json,
      }).map(([field, right]) => [field, fc.oneof({ weight: 6, arbitrary: right as fc.Arbitrary<unknown> }, json)]),
    ),
    { requiredKeys: ['clusterArn'] },
  ),
  fc.record({ resources: json, detail: json, source: json }, { requiredKeys: [] }).map(tagEvent),
  fc.record({ resources: fc.array(fc.constant(clusterArn)), clusterArn: json }, { requiredKeys: [] }).map(tagEvent),
);

/** As Step Functions hands it over. */
const handedOver = (input: unknown): unknown => JSON.parse(JSON.stringify(input));

describe('whatever the JSON of an input', () => {
  it('is, it is a right one, or refused in one short line of visible characters', () => {
    fc.assert(
      fc.property(inputs.map(handedOver), (input) => {
        try {
          const { given } = readInput(input);
          assert.deepEqual(ConsoleInput.parse(given), given);
          assert.equal(given.clusterArn, clusterArnIn(input));
        } catch (error) {
          assert.ok(error instanceof InvalidRequest, String(error));
          assert.match(error.message, /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{20,4000}\.$/u);
        }
      }),
    );
  });

  it('is, the cluster in it is an ARN or none', () => {
    fc.assert(
      fc.property(inputs.map(handedOver), (input) => {
        assert.match(
          clusterArnIn(input) ?? clusterArn,
          /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[\w-]+\/[\w-]+$/,
        );
      }),
    );
  });
});

describe("whatever the text of a tag's value", () => {
  it('is, it has at most 256 characters, all of them allowed, and none of them halved', () => {
    fc.assert(
      fc.property(
        fc.array(texts).map((parts) => parts.join('')),
        (text) => {
          const value = tagValue(text);
          assert.match(value, /^[\p{L}\p{N}_.:/=+\-@ ]*$/u);
          assert.ok(value.length <= 256);
          assert.ok(value.isWellFormed());
          assert.equal(tagValue(value), value.trimEnd(), 'it would be written once more as it is');
        },
      ),
    );
  });
});
