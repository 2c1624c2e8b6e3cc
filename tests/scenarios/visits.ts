import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { machines, readDefinition } from '../../statemachine/definition.ts';
import { seen as requestsToAtlas } from '../fixtures/requests-to-atlas.ts';
import { visited } from './local-cloud.ts';
import { onlyOnce } from './way.ts';

/** Only a connection by IAM has no secret to associate. */
const onlyByIam = 'IsPrivateConnectivityOn → LookUpPrincipal';

// All of these tests run in one process, so that this suite can check what they have visited together.
suite('the tests above visit', onlyOnce, () => {
  const states = machines.flatMap((machine) => Object.entries(readDefinition(machine).States));

  test('every state', () => {
    const names = states.map(([name]) => name);
    assert.deepEqual(
      names.filter((name) => !visited.states.has(name)),
      [],
    );
  });

  test('every transition, including those of a Catch', () => {
    const transitions = states.flatMap(([name, { Next, Choices = [], Default, Catch = [] }]) =>
      [Next, Default, ...[...Choices, ...Catch].map((it) => it.Next)].filter(Boolean).map((to) => `${name} → ${to}`),
    );
    assert.ok(transitions.length > states.length);
    assert.deepEqual(
      transitions.filter((it) => it !== onlyByIam && !visited.transitions.has(it)),
      [],
    );
  });
});

test("the requests of the tests above to Atlas are as MongoDB's API reference has them", () => {
  assert.ok(requestsToAtlas.count > 1000, `${requestsToAtlas.count} requests`);
  assert.deepEqual([...requestsToAtlas.faults], []);
});
