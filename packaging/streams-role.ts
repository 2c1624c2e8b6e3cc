import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NoAccess } from '../cli/exit.ts';
import { type Registered, readRegistry } from '../cli/registry-table.ts';
import { quoted } from '../shared/foreign-text.ts';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { tagCommand } from '../shared/msk/tag-commands.ts';
import { triggerTag } from '../shared/msk/tags.ts';
import { hasPieces } from '../shared/registry/record.ts';
import type { Settings } from './settings.ts';
import { describeStack } from './stack.ts';

/** The settings that give a deployment a streams role. */
const sources = ['streamsRoleTrustedArn', 'streamsRoleExternalIds', 'streamsRoleArn'];

/**
 * Why a deployment must not drop its streams role: connections log in with it, and no run could verify or repair them without it. AWS is
 * asked only if the new settings have no streams role, and the registry is read only if the deployment has one.
 *
 * @param settings with which the stack is about to be deployed
 * @param howToKeep a sentence before the settings that keep the role, which ends with a colon
 * @returns undefined if the stack may be deployed
 */
export async function complaintAboutDroppedRole(
  settings: Settings,
  stackName: string,
  howToKeep: string,
  { cloudFormation, dynamodb }: { cloudFormation: CloudFormationClient; dynamodb: DynamoDBClient },
): Promise<string | undefined> {
  if (settings.streamsRoleTrustedArn || settings.streamsRoleArn) return undefined;
  const stack = await describeStack(stackName, cloudFormation);
  if (!stack?.Outputs?.some(({ OutputKey }) => OutputKey === 'StreamsRoleArn')) return undefined;
  const keep = [howToKeep, ...settingsOf(stack).map((line) => `  ${line}`)];
  try {
    const registered = await readRegistry(dynamodb);
    return registered && complaintAbout(registered, keep);
  } catch (error) {
    if (!(error instanceof NoAccess)) throw error;
    return [
      `The settings no longer have a streams role. ${error.message} So it is not known whether clusters log in with the role.`,
      ...keep,
    ].join('\n');
  }
}

function complaintAbout({ records, unreadable }: Registered, keep: string[]): string | undefined {
  const clusterArns = [
    ...records.filter((it) => hasPieces(it) && it.target?.mechanism === 'AWS_MSK_IAM'),
    ...unreadable,
  ].map(({ clusterArn }) => clusterArn);
  if (clusterArns.length === 0) return undefined;
  return [
    'The settings no longer have a streams role, but these clusters log in with it, or their record cannot be read:',
    ...clusterArns.map((clusterArn) => `  ${parseClusterArn(clusterArn)?.clusterName ?? quoted(clusterArn)}`),
    ...keep,
    'Or disconnect these clusters first:',
    ...clusterArns.filter(parseClusterArn).map((it) => `  ${tagCommand(it, { [triggerTag]: 'disconnect' })}`),
  ].join('\n');
}

const settingsOf = ({ Parameters = [] }: Stack): string[] =>
  Parameters.filter(({ ParameterKey = '', ParameterValue }) => sources.includes(ParameterKey) && ParameterValue).map(
    ({ ParameterKey, ParameterValue }) => `${ParameterKey}: ${ParameterValue}`,
  );
