import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { table } from './marked-parts.ts';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
}

interface Role {
  Properties: { Policies: { PolicyDocument: { Statement: Statement[] } }[] };
}

const { Resources: roles }: { Resources: Record<string, Role> } = parse(
  readFileSync(new URL('../../infrastructure/roles.yml', import.meta.url), 'utf8'),
  { merge: true },
);

/** What every function may do: write its log and its traces. */
const isEverybodys = (action: string) => /^(logs|xray):/.test(action);

/** @returns the table of the functions and the actions that their roles allow */
export const permissions = (): string =>
  table(
    ['Function', 'Allowed actions'],
    Object.entries(roles).map(([name, role]) => [
      `\`${name.replace(/Role$/, '')}\``,
      allowed(role)
        .map((action) => `\`${action}\``)
        .join(', '),
    ]),
  );

function allowed({ Properties: { Policies } }: Role): string[] {
  const statements = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const actions = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
  return [...new Set(actions)].filter((action) => !isEverybodys(action)).sort();
}
