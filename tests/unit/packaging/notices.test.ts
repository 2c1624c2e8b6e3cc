import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bundledPackages } from '../../../packaging/bundled-packages.ts';
import { noticesOf, thirdPartyNotices } from '../../../packaging/notices.ts';

/** A package as it is installed, with these files. */
function installed(t: { after(work: () => void): void }, files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { name: 'left-pad', version: '1.3.0', license: 'MIT', folder };
}

suite('the licence notices', () => {
  test('name every package whose code is in a bundle, with its licence', async () => {
    const notices = await thirdPartyNotices();
    const packages = await bundledPackages();
    assert.ok(packages.length > 20, `${packages.length} packages`);
    for (const { name, version, license } of packages)
      assert.ok(notices.includes(`\n${name} ${version} (${license})\n`), name);
  });

  test('have the texts of packages that are published without theirs', async () => {
    const notices = await thirdPartyNotices();
    assert.match(notices, /\n@middy\/core [\d.]+ \(MIT\)\n=+\n\nMIT License\n\nCopyright \(c\) [\d-]+ will Farrell/);
    assert.match(notices, /\n@aws-lambda-powertools\/metrics [\d.]+ \(MIT-0\)\n=+\n\nMIT No Attribution\n/);
  });

  test('have all files of a package that are about its licence, and each text once', (t) => {
    const it = installed(t, { LICENSE: 'The text.\r\n', 'NOTICE.txt': 'By us.', 'licensed.js': '', 'index.js': '' });
    const line = '='.repeat(80);
    assert.equal(
      noticesOf([it, { ...it, name: 'right-pad' }]),
      `The functions contain code of these packages, under these licences.\n\n${line}\nleft-pad 1.3.0 (MIT)\nright-pad 1.3.0 (MIT)\n${line}\n\nThe text.\n\nBy us.\n`,
    );
  });

  test('are refused if a licence is unknown or missing, or has no text', (t) => {
    const it = installed(t, { 'index.js': '' });
    const allowed =
      /it must be one of 0BSD, Apache-2\.0, .*MIT-0\. Replace the package, or add its licence to packaging\/notices\.ts\.$/;
    for (const [license, sentence] of [
      ['GPL-3.0', /^left-pad 1\.3\.0 is in a bundle and has the licence GPL-3\.0; /],
      [undefined, /^left-pad 1\.3\.0 is in a bundle and has no licence; /],
    ] as const)
      for (const pattern of [sentence, allowed])
        assert.throws(() => noticesOf([{ ...it, license }]), { message: pattern });
    assert.throws(() => noticesOf([it]), {
      message:
        'left-pad 1.3.0 is in a bundle, but has no file with the text of its licence. Add it as packaging/licences/left-pad.txt.',
    });
  });
});
