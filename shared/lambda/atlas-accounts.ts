import * as z from 'zod/mini';
import { accountsIn } from '../registry/principal.ts';
import { environment } from './environment.ts';

const settings = environment(z.object({ ATLAS_AWS_ACCOUNT_IDS: z.string() }));

/**
 * The AWS accounts that Atlas may connect from; none: any. CloudFormation has checked the values (infrastructure/parameters.yml).
 *
 * @throws DeploymentMisconfigured
 */
export const allowedAccounts = (): ReadonlySet<string> => accountsIn(settings().ATLAS_AWS_ACCOUNT_IDS);
