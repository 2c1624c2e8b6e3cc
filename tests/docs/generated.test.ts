import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { diagram } from '../../docs/generators/diagram.ts';
import { generated, pathOf, readDocument } from '../../docs/generators/documents.ts';
import { pictureOf, pictures } from '../../docs/generators/pictures.ts';
import { machines, readDefinition } from '../../statemachine/definition.ts';

describe('the generated parts of the documentation (npm run docs writes them)', () => {
  for (const [file, text] of Object.entries(generated))
    it(`are up to date in ${file}`, () => assert.equal(readDocument(file), text()));

  for (const [file, scenario] of Object.entries(pictures))
    it(`docs/images/${file} shows a run of the scenario ${scenario}`, async () => {
      const picture = readFileSync(pathOf(`docs/images/${file}`), 'utf8');
      assert.equal(picture, await pictureOf(scenario));
      for (const name of Object.keys(readDefinition('connect').States)) assert.match(picture, new RegExp(`>${name}<`));
    });
});

describe('the diagram of a machine', () => {
  for (const machine of machines)
    it(`shows every state of ${machine}`, () => {
      const definition = readDefinition(machine);
      const picture = diagram(definition);
      for (const name of Object.keys(definition.States)) assert.match(picture, new RegExp(`\\b${name}[\\[{(]`), name);
    });

  it('shows both ways out of a choice', () => {
    const { States } = readDefinition('connect');
    const picture = diagram({ Comment: '', StartAt: 'IsDryRun', TimeoutSeconds: 1, States });
    assert.match(picture, /IsDryRun -- yes --> Planned/);
    assert.match(picture, /IsDryRun -- no --> IsAlreadyConnected/);
  });
});
