import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');

/** A package of npm whose code is in a bundle. */
export interface BundledPackage {
  name: string;
  version: string;
  /** Its SPDX expression, if the package names a licence. */
  license: string | undefined;
  /** Where it is installed. */
  folder: string;
}

/** @returns the packages whose code is in a bundle, by name and version, as esbuild reports them */
export async function bundledPackages(): Promise<BundledPackage[]> {
  const { metafile } = await bundle();
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const packages = [...new Set(folders)].map((folder) => describe(join(root, folder)));
  const byName = new Map(packages.map((it) => [`${it.name}@${it.version}`, it]));
  return [...byName.keys()].sort().map((key) => byName.get(key) as BundledPackage);
}

function describe(folder: string): BundledPackage {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name, version, license: license ?? formerLicense(licenses), folder };
}

/** The licences of a package that names them in the form of before npm 2. */
const formerLicense = (licenses: { type: string }[] = []): string | undefined =>
  licenses.map(({ type }) => type).join(' OR ') || undefined;
