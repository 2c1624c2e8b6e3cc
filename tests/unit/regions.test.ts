import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atlasRegion, awsRegion } from '../../shared/atlas/regions.ts';

describe('a Region', () => {
  for (const spelling of ['us-east-1', 'US_EAST_1', 'us_east_1', 'VIRGINIA_USA', 'virginia_usa'])
    it(`is the same in the spelling ${spelling}`, () => {
      assert.equal(awsRegion(spelling), 'us-east-1');
      assert.equal(atlasRegion(spelling), 'US_EAST_1');
    });

  const workspaceRegions: [spelling: string, region: string][] = [
    ['SYDNEY_AUS', 'ap-southeast-2'],
    ['MUMBAI_IND', 'ap-south-1'],
    ['FRANKFURT_DEU', 'eu-central-1'],
    ['DUBLIN_IRL', 'eu-west-1'],
    ['LONDON_GBR', 'eu-west-2'],
    ['PARIS_FRA', 'eu-west-3'],
    ['VIRGINIA_USA', 'us-east-1'],
    ['OHIO_USA', 'us-east-2'],
    ['OREGON_USA', 'us-west-2'],
    ['SAOPAULO_BRA', 'sa-east-1'],
    ['MONTREAL_CAN', 'ca-central-1'],
    ['TOKYO_JPN', 'ap-northeast-1'],
    ['SEOUL_KOR', 'ap-northeast-2'],
    ['SINGAPORE_SGP', 'ap-southeast-1'],
  ];
  for (const [spelling, region] of workspaceRegions)
    it(`is ${region} if a workspace has ${spelling}`, () => {
      assert.equal(awsRegion(spelling), region);
      assert.equal(atlasRegion(spelling), region.toUpperCase().replaceAll('-', '_'));
    });

  it("that isn't in the table is read as AWS's spelling", () => {
    assert.equal(awsRegion('AP_SOUTH_9'), 'ap-south-9');
    assert.equal(atlasRegion('ap-south-9'), 'AP_SOUTH_9');
  });
});
