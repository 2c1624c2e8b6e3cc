import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { configKeys } from '../../../shared/atlas/config-keys.ts';
import { connectByHand } from '../local-cloud.ts';
import { assertUntouched, cloudInUse } from './rejection.ts';

suite('an unusual but valid input is accepted:', () => {
  const unusual: [what: string, input: object][] = [
    [
      'a config of every setting that Atlas passes on',
      { config: Object.fromEntries([...configKeys].map((key, i) => [key, `${i}`])) },
    ],
    ['a config of emoji and control characters', { config: { 'client.id': 'ö😀\n\u0000\u202e' } }],
    ['an empty config', { config: {} }],
    ['a connection name with every kind of character that Atlas allows', { connectionName: 'A.b-c_d*9' }],
    ['a connection name of 64 characters', { connectionName: 'n'.repeat(64) }],
    [
      'settings that are equal to the defaults',
      { projectId: '64b7e1c2d3f4a5968778695a', workspace: 'streams', mechanism: 'SCRAM-512' },
    ],
  ];
  for (const [what, input] of unusual)
    test(what, async () => {
      const cloud = await cloudInUse();
      const run = await connectByHand(cloud, { ...input, dryRun: true });
      assert.equal(run.endState, 'Planned', run.cause);
      assertUntouched(cloud);
    });
});
