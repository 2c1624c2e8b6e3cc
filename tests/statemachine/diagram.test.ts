import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readDefinition } from '../../statemachine/definition.ts';
import { diagram, readmeText, withDiagram } from '../../statemachine/diagram.ts';

it('shows every state of the connect machine', () => {
  const definition = readDefinition('connect');
  const picture = diagram(definition);
  for (const name of Object.keys(definition.States)) assert.match(picture, new RegExp(`\\b${name}[\\[{(]`), name);
});

it('shows both ways out of every choice', () => {
  const { States } = readDefinition('connect');
  const picture = diagram({ Comment: '', StartAt: 'IsDryRun', TimeoutSeconds: 1, States });
  assert.match(picture, /IsDryRun -- yes --> Planned/);
  assert.match(picture, /IsDryRun -- no --> IsPrivateConnectivityOn/);
});

it('is the picture that the README has (npm run diagram puts it there)', () => {
  const readme = readmeText();
  assert.match(readme, /<!-- connect.asl.json -->\n```mermaid\nflowchart/);
  assert.equal(readme, withDiagram(readme, 'connect'));
});
