import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bundle } from '../../../packaging/bundle.ts';
import { withConstantKeys } from '../../../packaging/constant-keys.ts';

suite('the keys of a schema', () => {
  test('are written as the constants that they are, and lines stay where they were', () => {
    const source = 'const _h = "http";\nconst _b = "a:b";\nexport var A$ = [9, { [_h]: ["GET"], [_b]: _h }];\n';
    const written = 'const _h = "http";\nconst _b = "a:b";\nexport var A$ = [9, { "http": ["GET"], "a:b": _h }];\n';
    assert.equal(withConstantKeys(source), written);
  });

  test('stay as they are where they are no plain constants of the module', () => {
    for (const source of [
      'let _h = "http";\nvar a = { [_h]: 1 };',
      'const _h = "ht" + "tp";\nvar a = { [_h]: 1 };',
      'import { _h } from "./b";\nvar a = { [_h]: 1 };',
      'const _p = "__proto__";\nvar a = { [_p]: 1 };',
    ])
      assert.equal(withConstantKeys(source), source);
  });
});

test('a bundle holds the schemas of the operations that its function calls, and no others', async () => {
  const { outputFiles } = await bundle();
  const text = (folder: string) => outputFiles.find(({ path }) => path.endsWith(`/${folder}.mjs`))?.text ?? '';
  const operations = [
    ['inspect-cluster', 'DescribeClusterV2', 'ListReplicators'],
    ['check-connection', 'GetSecretValue', 'RotateSecret'],
    ['record-failure', 'DescribeExecution', 'ListActivities'],
    ['notify-outcome', 'Publish', 'CreatePlatformApplication'],
  ];
  for (const [folder = '', called = '', other = ''] of operations) {
    assert.ok(text(folder).includes(`"${called}"`), `${folder}: ${called}`);
    assert.ok(!text(folder).includes(`"${other}"`), `${folder}: ${other}`);
  }
});
