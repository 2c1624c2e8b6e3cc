import { quoted } from '../shared/foreign-text.ts';

/** What to do if there are no AWS credentials, or none that can be used. */
export const howToLogIn =
  'Log in, for example with "aws sso login", and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';

/** Serverless's own text for this is about Serverless. */
const notFound = 'AWS_CREDENTIALS_NOT_FOUND';

/**
 * Asks the chain of credentials (environment, profile, SSO, role of the machine) without a request to the service that is called later.
 *
 * @returns one sentence about what is wrong, and one about what to do; undefined if there are credentials
 */
export async function complaintAboutCredentials(provide: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await provide();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === notFound ? '' : ` (${quoted(message)})`;
    return `There are no usable AWS credentials${why}. ${howToLogIn}`;
  }
}
