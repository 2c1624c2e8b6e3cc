import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { quoted } from '../shared/foreign-text.ts';
import { describeStack } from './stack.ts';

/** What a stack is deployed with. */
interface Deployment {
  /** The values of the parameters by name. */
  parameters: Record<string, string>;
  tags: Record<string, string>;
}

/** Serverless sets it to the name of the stage, which is also part of the stack's name. */
const tagOfServerless = 'STAGE';

/**
 * Says what a deployment is about to change in the settings of a stack. It never fails, because a deployment must not depend on it.
 *
 * @returns one line for each parameter and tag that differs, below a line that introduces them
 */
export async function settingsThatDiffer(
  next: Deployment,
  stackName: string,
  cloudFormation: CloudFormationClient,
): Promise<string[]> {
  try {
    const stack = await describeStack(stackName, cloudFormation);
    if (!stack) return [`The stack ${stackName} does not exist yet: this is its first deployment.`];
    const lines = [
      ...changes(parametersOf(stack), next.parameters),
      ...changes(tagsOf(stack), next.tags).map((line) => `tag ${line}`),
    ];
    if (lines.length === 0) return [`No setting differs from the stack ${stackName}.`];
    return [`These settings differ from the stack ${stackName}:`, ...lines.map((line) => `  ${line}`)];
  } catch (error) {
    const why = quoted((error as Error).message);
    return [`CloudFormation does not show the settings of the stack ${stackName}, so they are not compared: ${why}.`];
  }
}

/** @param before undefined: the value is not known */
function changes(before: Record<string, string | undefined>, after: Record<string, string>): string[] {
  const added = Object.entries(after).filter(([name]) => !Object.hasOwn(before, name));
  const others = Object.entries(before).flatMap(([name, value]) => {
    if (!Object.hasOwn(after, name)) return [`${name}: ${shownValue(value)} → removed`];
    return value === undefined || value === after[name]
      ? []
      : [`${name}: ${shownValue(value)} → ${shownValue(after[name])}`];
  });
  return [...others, ...added.map(([name, value]) => `${name}: new → ${shownValue(value)}`)];
}

const shownValue = (value: string | undefined): string => value || 'none';

const parametersOf = ({ Parameters = [] }: Stack): Record<string, string | undefined> =>
  Object.fromEntries(
    // CloudFormation shows a parameter with NoEcho as asterisks.
    Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [
      ParameterKey,
      /^\*+$/.test(ParameterValue) && ParameterValue !== '*' ? undefined : ParameterValue,
    ]),
  );

const tagsOf = ({ Tags = [] }: Stack): Record<string, string> =>
  Object.fromEntries(Tags.filter(({ Key }) => Key !== tagOfServerless).map(({ Key = '', Value = '' }) => [Key, Value]));
