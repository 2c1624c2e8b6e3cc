import * as z from 'zod/mini';

/** The settings of a function that calls Atlas. CloudFormation has checked the values (infrastructure/parameters.yml). */
export const AtlasEnvironment = z.object({
  /** Without the slash at its end: paths are added. */
  ATLAS_BASE_URL: z.pipe(
    z.string(),
    z.transform((url) => url.replace(/\/$/, '')),
  ),
  /** Or its name. */
  ATLAS_CREDENTIALS_SECRET_ARN: z.string(),
  /** Set by Lambda. */
  AWS_REGION: z.string(),
  /** The secret in which the functions share the access token of a service account. */
  ATLAS_ACCESS_TOKEN_SECRET_ARN: z.string(),
  /** The default project. */
  ATLAS_PROJECT_ID: z.string(),
});
