import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bundledPackages } from '../../../packaging/bundled-packages.ts';
import { sbom } from '../../../packaging/sbom.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));

suite('the software bill of materials', async () => {
  const { metadata, components, dependencies } = await sbom();
  const refs = components.map((it) => it['bom-ref']);

  test('names every package whose code is in a bundle', async () => {
    const packages = (await bundledPackages()).map(({ name, version }) => `${name}@${version}`);
    assert.ok(packages.length > 20, `${packages.length} packages`);
    assert.deepEqual(
      packages.filter((it) => !refs.includes(it)),
      [],
    );
  });

  test('names every dependency of package.json, and nothing for development', () => {
    const { dependencies: direct, devDependencies, optionalDependencies } = read('package.json');
    const names = components.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(direct).filter((name) => !names.includes(name)),
      [],
    );
    const notShipped = Object.keys({ ...devDependencies, ...optionalDependencies }).filter((name) =>
      names.includes(name),
    );
    // The AWS SDK and Powertools use these themselves.
    assert.deepEqual(notShipped, ['@aws-lambda-powertools/jmespath', '@smithy/core']);
  });

  test('names the project, and the licence of every package', () => {
    const { name, version } = read('package.json');
    assert.deepEqual([metadata.component.name, metadata.component.version], [name, version]);
    assert.deepEqual(
      components.filter(({ licenses = [] }) => licenses.length === 0).map((it) => it.name),
      [],
    );
  });

  test('has a graph of dependencies without loose ends', () => {
    const known = [metadata.component['bom-ref'], ...refs];
    assert.deepEqual(dependencies.map(({ ref }) => ref).toSorted(), known.toSorted());
    for (const { ref, dependsOn } of dependencies)
      assert.deepEqual(
        dependsOn.filter((it) => !known.includes(it)),
        [],
        ref,
      );
  });
});
