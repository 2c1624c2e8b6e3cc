import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diagram, readmeText, withDiagram } from '../../docs/generators/diagram.ts';
import { readDefinition } from '../../statemachine/definition.ts';

for (const machine of ['connect', 'disconnect'])
  describe(`the picture of the ${machine} machine`, () => {
    it('shows every state', () => {
      const definition = readDefinition(machine);
      const picture = diagram(definition);
      for (const name of Object.keys(definition.States)) assert.match(picture, new RegExp(`\\b${name}[\\[{(]`), name);
    });

    it('is the one in the README (npm run diagram puts it there)', () => {
      const readme = readmeText();
      assert.match(readme, new RegExp(`<!-- ${machine}.asl.json -->\n\`\`\`mermaid\nflowchart`));
      assert.equal(readme, withDiagram(readme, machine));
    });
  });

it('shows both ways out of a choice', () => {
  const { States } = readDefinition('connect');
  const picture = diagram({ Comment: '', StartAt: 'IsDryRun', TimeoutSeconds: 1, States });
  assert.match(picture, /IsDryRun -- yes --> Planned/);
  assert.match(picture, /IsDryRun -- no --> IsAlreadyConnected/);
});
