import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readmeText } from '../../docs/generators/diagram.ts';
import { pictureOf, pictures } from '../../docs/generators/graph.ts';
import { readDefinition } from '../../statemachine/definition.ts';

for (const [file, scenario] of Object.entries(pictures))
  describe(`docs/${file}`, () => {
    it(`is the graph of a run of ${scenario} (npm run diagram puts it there)`, async () => {
      const picture = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
      assert.equal(picture, await pictureOf(scenario));
      for (const name of Object.keys(readDefinition('connect').States)) assert.match(picture, new RegExp(`>${name}<`));
    });

    it('is in the README', () => assert.match(readmeText(), new RegExp(`docs/${file}`)));
  });
