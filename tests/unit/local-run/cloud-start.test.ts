import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Cloud } from '../../../emulators/cloud.ts';

// In a file of its own: the servers of other clouds would be counted, too.
test('a local cloud that cannot start leaves no server open', async () => {
  const world = {
    get cluster(): never {
      throw new Error('no such cluster');
    },
  };
  await assert.rejects(Cloud.start({ speed: 0, world }), /no such cluster/);
  const servers = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  // A closed server is released in one of the next turns of the event loop.
  for (let turn = 0; turn < 10 && servers() > 0; turn += 1) await setImmediate();
  assert.equal(servers(), 0);
});
