import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atlasRegion, awsRegion } from '../../shared/atlas/regions.ts';

describe('a Region', () => {
  for (const spelling of ['us-east-1', 'US_EAST_1', 'us_east_1', 'VIRGINIA_USA', 'virginia_usa'])
    it(`is the same in the spelling ${spelling}`, () => {
      assert.equal(awsRegion(spelling), 'us-east-1');
      assert.equal(atlasRegion(spelling), 'US_EAST_1');
    });

  it('is recognised by the name that Atlas gives it on a workspace', () => {
    assert.equal(awsRegion('SINGAPORE_SGP'), 'ap-southeast-1');
    assert.equal(awsRegion('MONTREAL_CAN'), 'ca-central-1');
    assert.equal(atlasRegion('DUBLIN_IRL'), 'EU_WEST_1');
  });

  it('that nobody knows yet is taken for one of AWS', () => {
    assert.equal(awsRegion('AP_SOUTH_9'), 'ap-south-9');
    assert.equal(atlasRegion('ap-south-9'), 'AP_SOUTH_9');
  });
});
