import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');

/** The part of CycloneDX that is read here. @see https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  serialNumber?: string;
  metadata: { timestamp?: string; tools?: unknown; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Component {
  'bom-ref': string;
  type: string;
  name: string;
  version: string;
  licenses?: unknown[];
  properties?: { name: string; value: string }[];
}

const isForDevelopment = ({ properties = [] }: Component): boolean =>
  properties.some(({ name }) => name === 'cdx:npm:package:development');

/** The licences of a package that names them in the form of before npm 2, which npm leaves out. */
function oldLicenses(name: string): unknown[] {
  const file = join(root, 'node_modules', name, 'package.json');
  const { licenses = [] } = JSON.parse(readFileSync(file, 'utf8')) as { licenses?: { type: string }[] };
  return licenses.map(({ type }) => ({ license: { id: type } }));
}

/**
 * The software bill of materials of what is deployed, in CycloneDX: this project and its dependencies in the lockfile, without
 * those for development and without Node, which runs the scripts.
 *
 * `npm sbom --omit dev` (npm 11) also leaves out what dependencies for development use as well, such as zod. So npm lists everything
 * here, and this leaves out what it marks as for development. The number, the time and the tool of this run are left out, too, so that
 * the bill is the same in each run.
 */
export async function sbom(): Promise<Sbom> {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 100_000_000 });
  const { serialNumber, ...whole } = JSON.parse(stdout) as Sbom;
  const { name, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const components = whole.components
    .filter((it) => !isForDevelopment(it) && !(it.name in optionalDependencies))
    .map((it) => (it.licenses?.length ? it : { ...it, licenses: oldLicenses(it.name) }));
  const { timestamp, tools, component, ...metadata } = whole.metadata;
  const refs = new Set([component, ...components].map((it) => it['bom-ref']));
  return {
    ...whole,
    // npm gives the name of the folder.
    metadata: { ...metadata, component: { ...component, type: 'application', name } },
    components,
    dependencies: whole.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((it) => refs.has(it)) })),
  };
}
