import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundledPackage, bundledPackages } from './bundled-packages.ts';

/** The licences, by SPDX, that allow us to pass on the code of a package if its notice goes with it. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'];

/** The texts of packages that are published without theirs: `<package>.txt`, or `<scope>.txt` for all packages of a scope. */
const ownTexts = join(import.meta.dirname, 'licences');

/**
 * The licence notices of all packages whose code is in the bundles. Packages with the same text share it.
 *
 * @throws Error if a package has a licence that we do not know, or no text
 */
export async function thirdPartyNotices(): Promise<string> {
  return noticesOf(await bundledPackages());
}

/** @throws Error if a package has a licence that we do not know, or no text */
export function noticesOf(packages: BundledPackage[]): string {
  const byText = Map.groupBy(packages, textOf);
  const notices = [...byText].map(([text, sharing]) => {
    const names = sharing.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${'='.repeat(80)}\n${names.join('\n')}\n${'='.repeat(80)}\n\n${text}\n`;
  });
  return ['The functions contain code of these packages, under these licences.\n', ...notices].join('\n');
}

function textOf({ name, version, license, folder }: BundledPackage): string {
  if (!license || !permissive.includes(license))
    throw new Error(
      `${name} ${version} is in a bundle and has ${license ? `the licence ${license}` : 'no licence'}; it must be one of ${permissive.join(', ')}. Replace the package, or add its licence to packaging/notices.ts.`,
    );
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
  const own = [name, name.split('/')[0]].map((it) => join(ownTexts, `${it}.txt`)).filter(existsSync);
  const texts = files.length > 0 ? files.sort().map((file) => join(folder, file)) : own.slice(0, 1);
  if (texts.length === 0)
    throw new Error(
      `${name} ${version} is in a bundle, but has no file with the text of its licence. Add it as packaging/licences/${name}.txt.`,
    );
  return texts.map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n');
}
