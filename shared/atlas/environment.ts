import * as z from 'zod/mini';
import { secretArnPattern } from '../secrets/secret-arn.ts';

/** Nothing after the host, since paths are added to it; unencrypted only where nobody can listen: as in a local run. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.href !== `${url.origin}/`) return false;
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
}

/** What a function that talks to Atlas is told by the deployment. */
export const AtlasEnvironment = z.object({
  ATLAS_BASE_URL: z.pipe(
    z.string().check(
      z.refine(isBaseUrl, {
        error:
          'must be an https address (http only on loopback) without user, path and query, for example "https://cloud.mongodb.com"',
      }),
    ),
    z.transform((text) => new URL(text).origin),
  ),
  ATLAS_CREDENTIALS_SECRET_ARN: z.string().check(
    z.regex(secretArnPattern(), {
      error:
        'must be the whole ARN of a Secrets Manager secret, for example "arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-streaming-credentials-a1B2c3"',
    }),
  ),
});
