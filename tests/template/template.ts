import { readFileSync } from 'node:fs';

/** The parts of a CloudFormation template that the tests read. */
export interface Template {
  Description: string;
  Metadata: Record<string, unknown>;
  Parameters: Record<string, { Default?: string | number }>;
  Rules: Record<string, unknown>;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Condition?: string; Description?: string; Value: unknown }>;
}

interface Resource {
  Type: string;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  Resource?: unknown;
  Condition?: unknown;
}

export interface RoleProperties {
  AssumeRolePolicyDocument: { Statement: Statement[] };
  Policies: (Policy | { 'Fn::If': [string, Policy, { Ref: 'AWS::NoValue' }] })[];
  [property: string]: unknown;
}

interface Policy {
  PolicyName: string;
  PolicyDocument: { Statement: Statement[] };
}

export interface FunctionProperties {
  FunctionName: unknown;
  Handler: string;
  Runtime: string;
  Architectures: string[];
  MemorySize: number;
  Timeout: number;
  Role: unknown;
  Environment: { Variables: Record<string, unknown> };
}

export const readTemplate = (file: string): Template => JSON.parse(readFileSync(file, 'utf8')) as Template;

/** The resources of a type: logical id → properties. */
export function ofType<Properties>({ Resources }: Template, type: string): Record<string, Properties> {
  const matching = Object.entries(Resources).filter(([, { Type }]) => Type === type);
  return Object.fromEntries(matching.map(([id, { Properties }]) => [id, Properties as Properties]));
}

/** The properties of one resource. */
export function properties<Properties = Record<string, unknown>>({ Resources }: Template, id: string): Properties {
  const resource = Resources[id];
  if (!resource) throw new Error(`The template has no resource ${id}.`);
  return resource.Properties as Properties;
}

export const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
export const ref = (id: string) => ({ Ref: id });
export const sub = (text: string) => ({ 'Fn::Sub': text });

/** What a role may do whatever the settings are. */
export const statementsOf = ({ Policies }: RoleProperties): Statement[] =>
  Policies.flatMap((policy) => ('PolicyDocument' in policy ? policy.PolicyDocument.Statement : []));

/** What a role may do in addition if a condition of the template is true. */
export const statementsIf = ({ Policies }: RoleProperties, condition: string): Statement[] =>
  Policies.flatMap((policy) =>
    'Fn::If' in policy && policy['Fn::If'][0] === condition ? [policy['Fn::If'][1]] : [],
  ).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

export const list = <Item>(value: Item | Item[]): Item[] => (Array.isArray(value) ? value : [value]);
