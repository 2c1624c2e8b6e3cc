import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { machines, readDefinition } from '../../statemachine/definition.ts';
import { atlasKnowledge } from './atlas-knowledge.ts';
import { configuration } from './configuration.ts';
import { diagram } from './diagram.ts';
import { keptOutput } from './keep.ts';
import { withPart } from './marked-parts.ts';
import { permissions } from './permissions.ts';
import { statusOutput } from './status.ts';
import { terraformOutputs, terraformSettings } from './terraform.ts';
import { waitsTable } from './waits.ts';

const project = join(import.meta.dirname, '../..');

/** The paths of all Markdown files, relative to the project. */
export const documents: string[] = globSync(['*.md', 'docs/*.md', 'infrastructure/*/*.md'], { cwd: project }).sort();

export const pathOf = (file: string): string => join(project, file);

export const readDocument = (file: string): string => readFileSync(pathOf(file), 'utf8');

const status = await statusOutput();

/** The documents with generated parts, as they should be. Outputs of commands and pictures are not among these parts. */
export const generated: Record<string, () => string> = {
  'docs/configuration.md': configuration,
  'infrastructure/terraform/settings.tf': terraformSettings,
  'infrastructure/terraform/outputs.tf': terraformOutputs,
  'docs/local-cloud.md': () =>
    withPart(
      withPart(readDocument('docs/local-cloud.md'), 'atlas', atlasKnowledge()),
      'keep',
      `\`\`\`text\n${keptOutput().join('\n')}\n\`\`\``,
    ),
  'docs/security.md': () => withPart(readDocument('docs/security.md'), 'permissions', permissions()),
  'docs/architecture.md': () =>
    machines.reduce<string>(
      (text, machine) =>
        withPart(text, `${machine} diagram`, `\`\`\`mermaid\n${diagram(readDefinition(machine))}\n\`\`\``),
      withPart(readDocument('docs/architecture.md'), 'waits', waitsTable()),
    ),
  'docs/usage.md': () =>
    withPart(
      readDocument('docs/usage.md'),
      'after-connect',
      `\`\`\`yaml\n${readDocument('infrastructure/samples/after-connect.yml').trimEnd()}\n\`\`\``,
    ),
  'docs/operations.md': () => withPart(readDocument('docs/operations.md'), 'status', `\`\`\`text\n${status}\n\`\`\``),
};
