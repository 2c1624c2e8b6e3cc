import { addOrganizationSettings } from './organization.ts';
import { rules } from './rules.ts';

/** The parts of a CloudFormation template that packaging changes. */
export interface Template {
  Parameters?: object;
  Rules?: object;
  Resources: Record<string, { Type: string; DependsOn?: string[]; Properties: Record<string, unknown> }>;
}

/**
 * Completes the template that Serverless has compiled, by what Serverless cannot express.
 *
 * @param literal the start of the names that Serverless gives, such as `msk-atlas-privatelink-prod-`
 */
export function completeTemplate(template: Template, literal: string): void {
  startNamesWithPrefix(template, literal);
  dropImpliedDependencies(template);
  // In `resources`, Serverless refuses this section.
  template.Rules = rules;
  addOrganizationSettings(template.Resources);
}

/** Serverless writes literal names of functions and their log groups. Here they start with the parameter `prefix`. */
function startNamesWithPrefix({ Resources }: Template, literal: string): void {
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    const property = { 'AWS::Lambda::Function': 'FunctionName', 'AWS::Logs::LogGroup': 'LogGroupName' }[Type];
    const name = property && Properties[property];
    // The log groups of the machines have an Fn::Sub already.
    if (!property || typeof name === 'object') continue;
    if (!String(name).includes(literal)) throw new Error(`${property} of ${id} is ${name}, without ${literal}.`);
    Properties[property] = { 'Fn::Sub': String(name).replace(literal, '${prefix}-') };
  }
}

/** Serverless has each function depend on its role, to which it refers anyway. cfn-lint warns about that. */
function dropImpliedDependencies({ Resources }: Template): void {
  for (const resource of Object.values(Resources)) {
    if (resource.Type !== 'AWS::Lambda::Function' || !resource.DependsOn) continue;
    const [role] = (resource.Properties.Role as { 'Fn::GetAtt': string[] })['Fn::GetAtt'];
    resource.DependsOn = resource.DependsOn.filter((id) => id !== role);
  }
}
