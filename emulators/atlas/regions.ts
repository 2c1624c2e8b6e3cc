/**
 * The Regions where Atlas offers Stream Processing, spelled as a workspace and its connections spell them. Documented: MongoDB Atlas
 * documentation, "Amazon Web Services", table "Stream Processing Workspaces", and the API reference. This table is the emulator's own: with
 * the product's, the emulator would repeat any mistake in it.
 */
const aws = new Map([
  ['us-east-1', 'VIRGINIA_USA'],
  ['us-east-2', 'OHIO_USA'],
  ['us-west-2', 'OREGON_USA'],
  ['ca-central-1', 'MONTREAL_CAN'],
  ['sa-east-1', 'SAOPAULO_BRA'],
  ['eu-west-1', 'DUBLIN_IRL'],
  ['eu-west-2', 'LONDON_GBR'],
  ['eu-west-3', 'PARIS_FRA'],
  ['eu-central-1', 'FRANKFURT_DEU'],
  ['ap-south-1', 'MUMBAI_IND'],
  ['ap-southeast-1', 'SINGAPORE_SGP'],
  ['ap-southeast-2', 'SYDNEY_AUS'],
  ['ap-northeast-1', 'TOKYO_JPN'],
  ['ap-northeast-2', 'SEOUL_KOR'],
]);

/** Documented: the API reference lists them for each cloud provider. */
export const streamProcessingRegions: Readonly<Record<string, readonly string[]>> = {
  AWS: [...aws.values()],
  AZURE: ['eastus', 'westus', 'eastus2', 'westeurope', 'brazilsouth', 'australiaeast'],
  GCP: ['US_CENTRAL1', 'EUROPE_WEST1', 'US_EAST4'],
};

/** The Region of a workspace beside a cluster. @returns undefined if Atlas offers none there */
export const workspaceRegionIn = (awsRegion: string): string | undefined => aws.get(awsRegion);

/** The spelling of account details and of private links. Documented by examples such as `US_EAST_1`. */
export const clusterRegion = (awsRegion: string): string => awsRegion.replaceAll('-', '_').toUpperCase();
