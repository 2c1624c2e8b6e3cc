import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { release } from '../../packaging/release.ts';
import { namesInZip, serviceFolder } from './serverless.ts';
import type { Template } from './template.ts';

const project = join(import.meta.dirname, '../..');
const script = join(project, 'packaging/release.ts');

/** Runs the script. @returns what it prints, and its exit code */
function run(args: string[], env: Record<string, string> = {}, cwd = '.'): { status: number; output: string } {
  try {
    return {
      status: 0,
      output: execFileSync(process.execPath, [script, ...args], { encoding: 'utf8', env, cwd, stdio: 'pipe' }),
    };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, output: stdout + stderr };
  }
}

describe('npm run release', () => {
  it('writes the template, the zips, the bill of materials and the checksums of all of them', async (t) => {
    const folder = serviceFolder(t);
    const out = join(folder, 'released');
    await release(out, folder);
    const names = readdirSync(out);
    const { Parameters, Resources } = JSON.parse(readFileSync(join(out, 'template.json'), 'utf8')) as Template;
    assert.equal(Parameters.prefix?.Default, 'msk-atlas-privatelink-dev');
    const functions = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    const zips = names.filter((name) => name.endsWith('.zip'));
    assert.deepEqual(names.filter((name) => !zips.includes(name)).sort(), [
      'checksums.txt',
      'sbom.json',
      'template.json',
    ]);
    assert.ok(zips.length > 15);
    const keys = functions.map(({ Properties: { Code } }) => (Code as { S3Key: string }).S3Key.split('/').at(-1));
    assert.deepEqual(keys.toSorted(), zips.toSorted());
    assert.deepEqual(namesInZip(join(out, 'ResolveRequest.zip')).toSorted(), [
      'dist/resolve-request.mjs',
      'dist/resolve-request.mjs.map',
    ]);
    const { components } = JSON.parse(readFileSync(join(out, 'sbom.json'), 'utf8'));
    assert.ok(components.some(({ name }: { name: string }) => name === '@aws-sdk/client-kafka'));

    const lines = readFileSync(join(out, 'checksums.txt'), 'utf8').trimEnd().split('\n');
    const sumOf = (name: string) =>
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex');
    const others = names.filter((name) => name !== 'checksums.txt').sort();
    assert.deepEqual(
      lines,
      others.map((name) => `${sumOf(name)}  ${name}`),
    );
    await assert.rejects(release(out, folder), /released is not empty; --out must name a new or an empty folder/);
  });

  it('keeps no file of an earlier release', (t) => {
    const out = join(serviceFolder(t), 'old');
    mkdirSync(out);
    writeFileSync(join(out, 'Old.zip'), '');
    const { status, output } = run(['--out', out]);
    assert.deepEqual(
      [status, output],
      [1, `${out} is not empty; --out must name a new or an empty folder. Choose a new folder.\n`],
    );
    assert.deepEqual(readdirSync(out), ['Old.zip']);
  });

  it('refuses the folder of the project, those above it and its own folders', () => {
    for (const out of ['.', '..', 'shared', 'functions/..'])
      assert.deepEqual(run(['--out', out], {}, project), {
        status: 1,
        output: `${resolve(project, out)} is not empty; --out must name a new or an empty folder. Choose a new folder.\n`,
      });
  });

  it('says which option is missing', () => {
    const missing = 'The folder of the release is missing: npm run release -- --out <folder>\n';
    for (const args of [[], ['--out'], ['--out='], ['--out', ''], ['--out', '--stage']])
      assert.deepEqual(run(args), { status: 1, output: missing });
    assert.match(
      run([], { npm_config_out: 'x', npm_lifecycle_event: 'release' }).output,
      /put "--" before all options/,
    );
  });

  it('refuses any other option or word', () => {
    const out = join(tmpdir(), 'never-written');
    for (const [args, what] of [
      [['--out', out, '--stage', 'prod'], "Unknown option '--stage'"],
      [[out], `Unexpected argument '${out}'`],
    ] as const)
      assert.deepEqual(run([...args]), {
        status: 1,
        output: `${what}; the only option is --out: npm run release -- --out <folder>\n`,
      });
    assert.equal(existsSync(out), false);
  });
});
