import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RecordingFile } from '../../../cli/recording/recording.ts';
import { Cloud } from '../../../emulators/cloud.ts';
import { personsEnvironment } from '../../fixtures/person.ts';
import { faultsIn } from '../../fixtures/recordings.ts';

test('npm run preflight records every answer with --record, also if the cluster is not ready', async (t) => {
  const cloud = await Cloud.start({ speed: 1, world: { cluster: { serverProperties: undefined } } });
  t.after(() => cloud.close());
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const main = new URL('../../../cli/preflight/main.ts', import.meta.url).pathname;
  const { id, workspaces } = cloud.world.project;
  const target = ['--project', id, '--workspace', workspaces[0]?.name ?? ''];
  const args = [main, '--cluster', cloud.world.cluster.arn, ...target, '--json', '--record', folder];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, args, { env: personsEnvironment(cloud) }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    ),
  );
  assert.equal(JSON.parse(stdout).ready, false);
  assert.match(stderr, /^The answers of AWS and Atlas are in .*recording\.json\. Read the file before you send it/);
  const text = readFileSync(join(folder, 'recording.json'), 'utf8');
  const recording: RecordingFile = JSON.parse(text);
  const answered = cloud.recorder.exchanges.filter(({ caller }) => caller !== undefined);
  assert.equal(recording.exchanges.length, answered.length);
  assert.deepEqual(faultsIn(recording, recording), []);
  for (const value of [...cloud.world.secretValues, cloud.world.cluster.arn, id])
    assert.ok(!text.includes(value), value);
});
