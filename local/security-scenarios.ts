import type { Cloud } from '../emulators/cloud.ts';
import { quickToConnect, type Scenario, sweep, tagAndConnect } from './scenario.ts';

/** What a run refuses until a person has decided: a secret that Atlas may not have, and an AWS account that may not connect. */
export const securityScenarios: Scenario[] = [
  {
    name: 'secret-without-tag',
    description:
      'The SCRAM secret of the cluster has no tag atlas-streaming=allow. The run does not read it, and changes nothing.',
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    world: { scramSecrets: [{ tags: {} }] },
  },
  {
    name: 'principal-not-allowed',
    description:
      'The deployment lists the AWS accounts that Atlas may connect from in atlasAwsAccountIds. Atlas names another one. The run does not let it in.',
    expected: { endState: 'SetupFailed', error: 'PrincipalNotAllowed' },
    settings: { atlasAwsAccountIds: '999988887777' },
  },
  {
    name: 'principal-changed',
    description:
      'After the cluster was connected, Atlas names another AWS account. The next verification does not let it in, and asks a person.',
    expected: { endState: 'SetupFailed', error: 'PrincipalChanged' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      changeAccount(cloud, '210987654321');
      cloud.clock.advance(6 * 60);
    },
    start: sweep,
    startedBy: 'The schedule starts the sweep, which verifies a connected cluster every six hours.',
  },
];

/** From now on, Atlas names another AWS account of its own. */
function changeAccount(cloud: Cloud, account: string): void {
  cloud.intercept = async ({ operation }, next) => {
    const answer = await next();
    return operation === 'getGroupStreamAccountDetails'
      ? { ...answer, body: answer.body.replaceAll(cloud.world.project.awsAccountId, account) }
      : answer;
  };
}
