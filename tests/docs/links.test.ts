import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { documents, pathOf } from '../../docs/generators/documents.ts';
import { anchorsOf, linksOf } from './markdown.ts';

for (const file of documents)
  describe(`the links of ${file}`, () => {
    for (const link of new Set(linksOf(file)))
      it(`${link} leads somewhere`, () => {
        if (/^[a-z]+:/.test(link)) return assert.match(link, /^https:\/\/[\w.-]+(\/|$)/);
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? file : join(dirname(file), path);
        assert.ok(existsSync(pathOf(target)), `There is no file ${target}.`);
        if (anchor !== undefined) assert.ok(anchorsOf(target).includes(anchor), `${target} has no heading #${anchor}.`);
      });
  });
