import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bundle } from '../../../packaging/bundle.ts';

const { metafile, outputFiles } = await bundle();
const bundles = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));

suite('a bundle', () => {
  for (const [path, { inputs }] of bundles) {
    const included = Object.keys(inputs).filter((file) => inputs[file] && inputs[file].bytesInOutput > 0);

    test(`${path} reads the credentials of an AWS client from the environment only`, () => {
      assert.ok(included.some((file) => file.includes('/@aws-sdk/client-')));
      assert.ok(included.includes('packaging/environment-credentials.ts'));
      assert.deepEqual(
        included.filter((file) => file.includes('/@aws-sdk/credential-provider-')),
        [],
      );
    });

    test(`${path} has a source map of our own code only`, () => {
      const map = outputFiles.find((file) => file.path.endsWith(`/${path}.map`));
      const { sources } = JSON.parse(map?.text ?? '') as { sources: string[] };
      const own = included.filter((file) => /^(functions|shared|packaging)\//.test(file)).map((file) => `../${file}`);
      assert.deepEqual(sources.filter((source) => /[jt]s$/.test(source)).toSorted(), own.toSorted());
    });
  }
});
