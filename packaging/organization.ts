import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

/** An entry of infrastructure/organization.yml. */
interface Addition {
  /** All resources of a type, the named ones, or the roles of all functions. */
  To: { Type: string; Except?: string[] } | { Resources: string[] } | { RolesOf: 'functions' };
  Properties?: Record<string, unknown>;
  Policy?: { Condition: string; Name: string; Statement: object[] };
}

const { Additions }: { Additions: Addition[] } = parse(
  readFileSync(join(import.meta.dirname, '../infrastructure/organization.yml'), 'utf8'),
);

/** Adds what the settings of an organization change, to every resource of a type or to one resource, by infrastructure/organization.yml. */
export function addOrganizationSettings(resources: Resources): void {
  for (const { To, Properties, Policy } of Additions)
    for (const id of idsOf(To, resources)) {
      const resource = resources[id];
      if (!resource) throw new Error(`infrastructure/organization.yml names ${id}, which is not a resource.`);
      Object.assign(resource.Properties, Properties);
      if (Policy) resource.Properties.Policies = [...policiesOf(resource.Properties), conditional(Policy)];
    }
}

function idsOf(to: Addition['To'], resources: Resources): string[] {
  if ('Resources' in to) return to.Resources;
  if ('Type' in to)
    return Object.keys(resources).filter((id) => resources[id]?.Type === to.Type && !to.Except?.includes(id));
  const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return functions.map(({ Properties }) => (Properties.Role as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0]);
}

const policiesOf = ({ Policies = [] }: Record<string, unknown>): unknown[] => Policies as unknown[];

const conditional = ({ Condition, Name, Statement }: NonNullable<Addition['Policy']>) => ({
  'Fn::If': [
    Condition,
    { PolicyName: Name, PolicyDocument: { Version: '2012-10-17', Statement } },
    { Ref: 'AWS::NoValue' },
  ],
});
