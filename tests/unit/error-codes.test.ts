import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isAbsent,
  isAlreadyThere,
  isBusy,
  isConnectionInUse,
  isDeploying,
  isDuplicate,
  isPrivateLinkInUse,
  isProjectAbsent,
  noneWhenAbsent,
} from '../../shared/atlas/error-codes.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';

const refused = (status: number, errorCode = '') => new AtlasRefused('Atlas says so.', { status, errorCode });

/** The meanings that our code distinguishes. */
const meanings = {
  isAbsent,
  isAlreadyThere,
  isBusy,
  isDuplicate,
  isConnectionInUse,
  isDeploying,
  isPrivateLinkInUse,
  isProjectAbsent,
};

describe("an error of Atlas's API", () => {
  const cases: [error: unknown, expected: (keyof typeof meanings)[]][] = [
    [refused(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME'), ['isAbsent']],
    [refused(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME'), ['isAbsent']],
    [refused(404, 'STREAM_PRIVATE_LINK_NOT_FOUND'), ['isAbsent']],
    [refused(404, 'GROUP_NOT_FOUND'), ['isProjectAbsent']],
    [refused(404, 'RESOURCE_NOT_FOUND'), []],
    [refused(403, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME'), []],
    [refused(400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS'), ['isAlreadyThere', 'isDuplicate']],
    [refused(409), ['isBusy', 'isDuplicate']],
    [refused(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'), ['isConnectionInUse']],
    [refused(400, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING'), ['isDeploying']],
    [refused(400, 'STREAM_PRIVATE_LINK_IN_USE'), ['isPrivateLinkInUse']],
    [refused(400, 'VALIDATION_ERROR'), []],
    [new AtlasUnavailable('HTTP 409 STREAM_PRIVATE_LINK_IN_USE'), []],
    [new TypeError('STREAM_PRIVATE_LINK_IN_USE'), []],
    [undefined, []],
  ];
  for (const [error, expected] of cases) {
    const { status, errorCode } = (error ?? {}) as Partial<AtlasRefused>;
    it(`${status ?? String(error)} ${errorCode ?? ''} means ${expected.join(' and ') || 'nothing special'}`, () => {
      const found = Object.entries(meanings).filter(([, matches]) => matches(error));
      assert.deepEqual(
        found.map(([name]) => name),
        expected,
      );
    });
  }

  it('is undefined if it means that something is absent, and is thrown otherwise', () => {
    assert.equal(noneWhenAbsent(refused(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME')), undefined);
    const other = refused(404, 'GROUP_NOT_FOUND');
    assert.throws(
      () => noneWhenAbsent(other),
      (error) => error === other,
    );
  });
});
