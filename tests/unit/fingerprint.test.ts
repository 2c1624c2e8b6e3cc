import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../shared/registry/fingerprint.ts';
import { disconnectExecutionArn, executionArn } from '../fixtures/request.ts';

describe('the fingerprint of a failure', () => {
  it('has 16 hexadecimal digits', () =>
    assert.match(fingerprint('InspectCluster', 'AwsRefused', 'No.'), /^[\da-f]{16}$/));

  const same: [what: string, one: string, other: string][] = [
    ['times', 'the deadline (2026-11-23T13:30:00.000Z) has passed', 'the deadline (2026-11-24T08:00:01Z) has passed'],
    ['ids of requests', 'RequestId: 1-2 Error', 'RequestId: 3-4 Error'],
    ['UUIDs', 'token 6357e0b2-0e6a-4b86-a0b4-70df934c2e31.', 'token 00000000-0e6a-4b86-a0b4-70df934c2e31.'],
    ['executions', `held by ${executionArn}.`, `held by ${disconnectExecutionArn}.`],
    [
      'ids of links',
      'Private link 65f0a1b2c3d4e5f6a7b8c9d0 is FAILED',
      'Private link 75f0a1b2c3d4e5f6a7b8c9d0 is FAILED',
    ],
    ['pauses that Atlas asks for', 'Atlas throttles GET /x for 12 s', 'Atlas throttles GET /x for 7 s'],
  ];
  for (const [what, one, other] of same)
    it(`is the same with other ${what}`, () => assert.equal(fingerprint('S', 'E', one), fingerprint('S', 'E', other)));

  const different: [what: string, one: string[], other: string[]][] = [
    ['another state', ['A', 'E', 'No.'], ['B', 'E', 'No.']],
    ['another error', ['A', 'E', 'No.'], ['A', 'F', 'No.']],
    ['another HTTP status', ['A', 'E', 'HTTP 403'], ['A', 'E', 'HTTP 404']],
    ['another boundary of its parts', ['A', 'BC'], ['AB', 'C']],
    [
      'another project',
      ['The tag atlas-streaming/project-id is "5f1a2b3c4d5e6f7a8b9c0d1e"'],
      ['The tag atlas-streaming/project-id is "6f1a2b3c4d5e6f7a8b9c0d1e"'],
    ],
  ];
  for (const [what, one, other] of different)
    it(`differs with ${what}`, () => assert.notEqual(fingerprint(...one), fingerprint(...other)));
});
