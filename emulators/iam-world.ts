import { atlasAwsAccountArn } from './atlas/access-roles.ts';
import type { WorldSeed } from './world.ts';

/** The external id by which Atlas assumes the streams role, in the project of the local cloud. */
export const externalId = '66e6b9ac-2a33-4cac-ba54-2f1d8c0b9a7e';

/** The settings of a deployment with a streams role that lets Atlas in. */
export const iamSettings = { streamsRoleTrustedArn: atlasAwsAccountArn, streamsRoleExternalIds: externalId };

/**
 * A world in which a cluster is connected by IAM with these settings: it has neither SCRAM nor a secret nor a configuration, and a person
 * has authorized the streams role in the project.
 *
 * @param seed what else differs from the defaults
 */
export const iamWorld = (seed: WorldSeed = {}): WorldSeed => ({
  ...seed,
  cluster: {
    clientAuthentication: { scram: false, iam: true, tls: false, unauthenticated: false },
    serverProperties: undefined,
    ...seed.cluster,
  },
  scramSecrets: seed.scramSecrets ?? [],
  project: { awsRoles: [{ externalId, authorized: true }], ...seed.project },
});
