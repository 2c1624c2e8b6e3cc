import * as z from 'zod/mini';

/** The settings of a function that calls Atlas. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const AtlasEnvironment = z.object({
  ATLAS_BASE_URL: z.string(),
  ATLAS_CREDENTIALS_SECRET_ARN: z.string(),
});
