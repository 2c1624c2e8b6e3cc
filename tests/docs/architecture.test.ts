import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readDocument } from '../../docs/generators/documents.ts';
import { RegistryRecord } from '../../shared/registry/record.ts';

it('docs/architecture.md has a row for each attribute of the registry, and no other', () => {
  const [, text = ''] = readDocument('docs/architecture.md').split('\n## The registry\n');
  const [own = ''] = text.split('\n### ');
  const names = [...own.matchAll(/^\| (`.*?`) \|/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .map((name) => name.slice(1, -1));
  assert.deepEqual(names.sort(), Object.keys(RegistryRecord.shape).sort());
});
