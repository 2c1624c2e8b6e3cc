import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Parameter, parameters } from '../../packaging/settings.ts';

/** An output of the stack, as far as the module passes it on. */
interface Output {
  Description: string;
  Condition?: string;
}

const infrastructure = join(import.meta.dirname, '../../infrastructure');

const read = (file: string): { Parameters?: Record<string, Parameter>; Outputs?: Record<string, Output> } =>
  parse(readFileSync(join(infrastructure, file), 'utf8'), { merge: true });

/** The parameters of a release: where its code is, and the settings. */
export const releaseParameters: Record<string, Parameter> = {
  ...read('release.yml').Parameters,
  ...parameters,
};

const head = (source: string) => `# Generated from ${source} by npm run docs. Do not edit.\n`;

/** @returns infrastructure/terraform/settings.tf: a variable for each parameter of the stack, and a local value with all of them */
export function terraformSettings(): string {
  const names = Object.keys(releaseParameters);
  const width = Math.max(...names.map((name) => name.length));
  return `${head('infrastructure/release.yml and infrastructure/parameters.yml')}
locals {
  # The parameters of the stack. null stands for the template's own default.
  settings = {
${names.map((name) => `    ${name.padEnd(width)} = var.${snakeCase(name)}`).join('\n')}
  }
}
${Object.entries(releaseParameters)
  .map(([name, parameter]) => `\n${variable(name, parameter)}`)
  .join('')}`;
}

/** @returns infrastructure/terraform/outputs.tf: the outputs of the stack under Terraform's spelling of their names */
export function terraformOutputs(): string {
  const files = globSync('*.yml', { cwd: infrastructure }).sort();
  const { resources } = read('../serverless.yml') as { resources: (string | { Outputs?: Record<string, Output> })[] };
  const parts = [...files.map(read), ...resources.filter((part) => typeof part !== 'string')];
  const outputs = parts.flatMap(({ Outputs = {} }) => Object.entries(Outputs));
  return `${head('the outputs of the stack')}${outputs.map(([name, output]) => `\n${outputBlock(name, output)}`).join('')}`;
}

const outputBlock = (name: string, { Description, Condition }: Output): string =>
  `output "${snakeCase(name)}" {
  description = ${text(Description)}
  value       = ${Condition ? `lookup(aws_cloudformation_stack.this.outputs, "${name}", null)` : `aws_cloudformation_stack.this.outputs["${name}"]`}
}
`;

/** `kmsKeyArn` → `kms_key_arn`, `ConnectMachineArn` → `connect_machine_arn` */
export const snakeCase = (name: string): string => name.replace(/(?<=[a-z\d])[A-Z]/g, '_$&').toLowerCase();

function variable(name: string, parameter: Parameter): string {
  const attributes = [
    ['type', typeOf(parameter)],
    ['description', text(parameter.Description)],
    ...(parameter.Default === undefined ? [] : [['default', defaultOf(parameter)]]),
    ['nullable', String(defaultOf(parameter) === 'null')],
  ] as [string, string][];
  const condition = conditionFor(`var.${snakeCase(name)}`, parameter);
  const validation =
    condition &&
    `
  validation {
    condition     = ${defaultOf(parameter) === 'null' ? `var.${snakeCase(name)} == null || ${condition}` : condition}
    error_message = ${text(`${snakeCase(name)} ${parameter.ConstraintDescription}.`)}
  }
`;
  return `variable "${snakeCase(name)}" {\n${aligned(attributes)}${validation ?? ''}}\n`;
}

const aligned = (attributes: [string, string][]): string => {
  const width = Math.max(...attributes.map(([name]) => name.length));
  return attributes.map(([name, value]) => `  ${name.padEnd(width)} = ${value}\n`).join('');
};

const isBoolean = ({ AllowedValues }: Parameter): boolean => AllowedValues?.join() === 'true,false';

const typeOf = (parameter: Parameter): string =>
  isBoolean(parameter) ? 'bool' : parameter.Type === 'Number' ? 'number' : 'string';

/** A default with the name of a stage is unknown here, so the template's default applies. */
function defaultOf(parameter: Parameter): string | undefined {
  const { Default } = parameter;
  if (Default === undefined) return undefined;
  if (String(Default).includes('${sls:')) return 'null';
  return typeOf(parameter) === 'string' ? text(String(Default)) : String(Default);
}

/**
 * @returns undefined if the type says it all, or if the pattern looks ahead, which Terraform's regular expressions cannot. Then only
 *   CloudFormation checks the value.
 */
function conditionFor(value: string, parameter: Parameter): string | undefined {
  const { AllowedPattern, AllowedValues, MinValue, MaxValue } = parameter;
  if (isBoolean(parameter)) return undefined;
  if (AllowedValues) {
    const isText = typeOf(parameter) === 'string';
    return `contains([${AllowedValues.map((it) => (isText ? text(String(it)) : it)).join(', ')}], ${value})`;
  }
  if (MinValue !== undefined && MaxValue !== undefined)
    return `${value} >= ${MinValue} && ${value} <= ${MaxValue} && floor(${value}) == ${value}`;
  if (AllowedPattern && !/\(\?<?[=!]/.test(AllowedPattern)) return `can(regex(${text(AllowedPattern)}, ${value}))`;
  return undefined;
}

/** A text in HCL, in which nothing is a template. */
const text = (value: string): string => JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
