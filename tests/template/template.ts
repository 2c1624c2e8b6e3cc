import { readFileSync } from 'node:fs';

/** The parts of a CloudFormation template that the tests read. */
export interface Template {
  Description: string;
  Parameters: Record<string, { Default?: string | number }>;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Condition?: string; Value: unknown }>;
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
  Policies: { PolicyDocument: { Statement: Statement[] } }[];
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

export const statementsOf = ({ Policies }: RoleProperties): Statement[] =>
  Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

export const list = <Item>(value: Item | Item[]): Item[] => (Array.isArray(value) ? value : [value]);
