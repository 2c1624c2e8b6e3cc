import * as z from 'zod/mini';
import type { StreamsRole } from '../prerequisites/streams-role.ts';
import { environment } from './environment.ts';

const settings = environment(
  z.object({
    STREAMS_ROLE_ARN: z.string(),
    STREAMS_ROLE_TRUSTED_ARN: z.string(),
    STREAMS_ROLE_EXTERNAL_IDS: z.string(),
    STREAMS_ROLE_REQUIRES_TAG: z.enum(['true', 'false']),
  }),
);

/**
 * The deployment's streams role; undefined if it has none. CloudFormation has checked the values (infrastructure/parameters.yml).
 *
 * @throws DeploymentMisconfigured
 */
export function streamsRole(): StreamsRole | undefined {
  const { STREAMS_ROLE_ARN: arn, ...variables } = settings();
  if (arn === '') return undefined;
  return {
    arn,
    trustedArn: variables.STREAMS_ROLE_TRUSTED_ARN || null,
    externalIds: variables.STREAMS_ROLE_EXTERNAL_IDS.split(',').filter(Boolean),
    requiresTag: variables.STREAMS_ROLE_REQUIRES_TAG === 'true',
  };
}
