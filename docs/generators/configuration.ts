import { type Parameter, settingRules } from '../../packaging/settings.ts';
import { table } from './marked-parts.ts';

/** The names of all settings. */
export const parameterNames: string[] = Object.keys(settingRules);

const isRequired = ([, { Default }]: [string, Parameter]) => Default === undefined;

/** @returns docs/configuration.md */
export function configuration(): string {
  const all = Object.entries(settingRules);
  return `<!-- Generated from infrastructure/parameters.yml by npm run docs. Do not edit. -->

# Configuration

This page is about a clone. With [a release](release.md), [StackSets](stacksets.md) or [Terraform](../infrastructure/terraform/README.md), the settings
are parameters of the same names, with the same defaults. Only \`prefix\` is \`msk-atlas-privatelink\` there.

The settings of a deployment are in \`stages/<stage>.yml\`. Copy \`stages/example.yml\`, and set the three values that have no default.
For IAM, also set \`streamsRoleTrustedArn\` and \`streamsRoleExternalIds\`:

\`\`\`sh
cp stages/example.yml stages/prod.yml
\`\`\`

Commit the file in your fork or copy of this repository. \`--param\` overrides a value of the file for one command:

\`\`\`sh
npm run deploy -- --stage prod --region us-east-1 --param="notificationEmail=team@example.com"
\`\`\`

\`npm run package\`, \`npm run deploy\` and \`npm start\` check all settings first. A wrong, missing or unknown one stops the command with one
sentence that says what is right. The settings are CloudFormation parameters of the same names, so CloudFormation checks them again. Only
\`tags\` is not a parameter: it sets the tags of the stack.

If the stage file does not exist, \`npm run deploy\` stops. \`npm run package\` continues: it writes a template without values for the
required parameters, and says so. The name of a stage has only letters, digits and \`-\`.

[deploy.md](deploy.md#update) says what a change of \`prefix\` does to connected clusters.

Poll intervals and time limits are not settings. They are constants in the code, and [architecture.md](architecture.md#waits) lists them.

## Required

${table(
  ['Setting', 'Meaning', 'Value'],
  all
    .filter(isRequired)
    .map(([name, parameter]) => [`\`${name}\``, withCode(parameter.Description), allowed(parameter)]),
)}

## Optional

${table(
  ['Setting', 'Default', 'Meaning', 'Value'],
  all
    .filter((it) => !isRequired(it))
    .map(([name, parameter]) => [
      `\`${name}\``,
      defaultOf(parameter),
      withCode(parameter.Description),
      allowed(parameter),
    ]),
)}
`;
}

/** The rule of a setting, with what it quotes as code. */
const allowed = ({ ConstraintDescription }: Parameter): string =>
  withCode(ConstraintDescription.replace(/^must be /, '').replace(/"([^"]+)"/g, '`$1`'));

/** With placeholders such as <projectId>/* as code. */
const withCode = (text: string): string => text.replace(/<\w+>[^\s,]*/g, '`$&`');

const defaultOf = ({ Default }: Parameter): string =>
  Default === '' ? 'empty' : `\`${String(Default).replace('${sls:stage}', '<stage>')}\``;
