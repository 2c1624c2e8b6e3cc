/**
 * A Region has four spellings: `us-east-1` in an ARN, `US_EAST_1` in Atlas's account details, `us_east_1` or `US_EAST_1`
 * on a private link, and `VIRGINIA_USA` on a workspace. Only this file knows them.
 * Source: MongoDB Atlas documentation, "Amazon Web Services", table "Stream Processing Workspaces".
 */
const workspaceRegions: Record<string, string> = {
  SYDNEY_AUS: 'ap-southeast-2',
  MUMBAI_IND: 'ap-south-1',
  FRANKFURT_DEU: 'eu-central-1',
  DUBLIN_IRL: 'eu-west-1',
  LONDON_GBR: 'eu-west-2',
  PARIS_FRA: 'eu-west-3',
  VIRGINIA_USA: 'us-east-1',
  OHIO_USA: 'us-east-2',
  OREGON_USA: 'us-west-2',
  SAOPAULO_BRA: 'sa-east-1',
  MONTREAL_CAN: 'ca-central-1',
  TOKYO_JPN: 'ap-northeast-1',
  SEOUL_KOR: 'ap-northeast-2',
  SINGAPORE_SGP: 'ap-southeast-1',
};

/** The Regions of AWS where Atlas offers Stream Processing, as AWS spells them. */
export const streamProcessingRegions: readonly string[] = Object.values(workspaceRegions).toSorted();

/** Any spelling → AWS's, such as `us-east-1`. A name that isn't in the table is read as AWS's with underscores. */
export const awsRegion = (spelling: string): string =>
  workspaceRegions[spelling.toUpperCase()] ?? spelling.toLowerCase().replaceAll('_', '-');

/** Any spelling → that of Atlas's account details, such as `US_EAST_1`. */
export const atlasRegion = (spelling: string): string => awsRegion(spelling).toUpperCase().replaceAll('-', '_');
