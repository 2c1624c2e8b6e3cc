import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { withoutBuild } from '../fixtures/node-options.ts';

const build = JSON.stringify(new URL('../../packaging/build.ts', import.meta.url).pathname);

for (const [how, script] of [
  ['import', `import(${build}).then(({ build }) => console.log(String(build)))`],
  ['require, as Serverless does', `console.log(String(require(${build}).build))`],
] as const)
  test(`a process without the build gets an empty one by ${how}`, () => {
    const printed = execFileSync(process.execPath, [...withoutBuild, '-e', script], { encoding: 'utf8' });
    assert.equal(printed, 'async () => {}\n');
  });
