import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { connectByHand } from '../local-cloud.ts';
import { assertUntouched, somebodysCloud } from './refused.ts';

suite('what is unusual in an input, and right, is taken:', () => {
  const unusual: [what: string, input: object][] = [
    [
      'a config of 200 settings',
      { config: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`setting.${i}`, `${i}`])) },
    ],
    ['a config with the names that every object has', { config: { constructor: 'a', toString: 'b', valueOf: '' } }],
    ['a config of emoji and control characters', { config: { 'client.id': 'ö😀\n\u0000\u202e' } }],
    ['a config without a setting', { config: {} }],
    ['a connection name of every character that Atlas allows', { connectionName: 'A.b-c_d*9' }],
    ['a connection name of 64 characters', { connectionName: 'n'.repeat(64) }],
    [
      'settings that every default says as well',
      { projectId: '64b7e1c2d3f4a5968778695a', workspace: 'streams', mechanism: 'SCRAM-512' },
    ],
  ];
  for (const [what, input] of unusual)
    test(what, async () => {
      const cloud = await somebodysCloud();
      const run = await connectByHand(cloud, { ...input, dryRun: true });
      assert.equal(run.endState, 'Planned', run.cause);
      assertUntouched(cloud);
    });
});
