import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InvalidRequest } from '../../shared/errors.ts';
import { tagValue } from '../../shared/msk/tags.ts';
import { clusterArnIn, readInput } from '../../shared/request/input.ts';
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

/** Valid inputs in which some fields are anything. */
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
        topics: fc.array(fc.constantFrom('orders', 'payments', 'a/b'), { maxLength: 3 }),
        probe: fc.boolean(),
        restartProcessors: fc.boolean(),
        rebootWindow: fc.constantFrom('none', 'daily 00:00-00:00 UTC'),
        dryRun: fc.boolean(),
        claim: fc.boolean(),
        acceptPrincipal: fc.constant('123456789012'),
        includeAdopted: fc.boolean(),
        other: json,
      }).map(([field, right]) => [field, fc.oneof({ weight: 6, arbitrary: right as fc.Arbitrary<unknown> }, json)]),
    ),
    { requiredKeys: ['clusterArn'] },
  ),
  fc.record({ resources: json, detail: json, source: json }, { requiredKeys: [] }).map(tagEvent),
  fc.record({ resources: fc.array(fc.constant(clusterArn)), clusterArn: json }, { requiredKeys: [] }).map(tagEvent),
);

/** The input as Step Functions passes it. */
const passed = (input: unknown): unknown => JSON.parse(JSON.stringify(input));

describe('whatever the input is', () => {
  it('it is accepted or refused in one short line of visible characters', () => {
    fc.assert(
      fc.property(inputs.map(passed), (input) => {
        try {
          const given = readInput(input);
          assert.equal(given.clusterArn, clusterArnIn(input));
          assert.deepEqual(readInput(given), given);
        } catch (error) {
          assert.ok(error instanceof InvalidRequest, String(error));
          assert.match(error.message, /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{20,4000}\.$/u);
        }
      }),
    );
  });

  it('the cluster in it is an ARN or undefined', () => {
    fc.assert(
      fc.property(inputs.map(passed), (input) => {
        assert.match(
          clusterArnIn(input) ?? clusterArn,
          /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[\w-]+\/[\w-]+$/,
        );
      }),
    );
  });
});

describe('whatever the text is', () => {
  it('a tag has at most 255 characters, all of them allowed, and no half surrogate pair', () => {
    fc.assert(
      fc.property(
        fc.array(texts).map((parts) => parts.join('')),
        (text) => {
          const value = tagValue(text);
          assert.match(value, /^[\p{L}\p{Nd}_./=+\-@ ]*$/u);
          assert.ok(value.length <= 255);
          assert.ok(value.isWellFormed());
          assert.equal(tagValue(value), value.trimEnd(), 'it stays the same the second time');
        },
      ),
    );
  });
});
