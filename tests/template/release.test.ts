import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import { thirdPartyNotices } from '../../packaging/notices.ts';
import { release } from '../../packaging/release.ts';
import { namesInZip, serviceFolder, writeStageFile } from './serverless.ts';
import { readTemplate, sub } from './template.ts';

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

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What the template of a release must be, so that it can be deployed in every account and Region without anything of ours but the zips. */
function assertDeployable(folder: string, zips: string[]): void {
  const file = join(folder, 'template.json');
  const { Parameters, Resources, Outputs, ...rest } = readTemplate(file);
  assert.ok(statSync(file).size < 1_000_000, `${statSync(file).size} bytes`);
  assert.ok(Object.keys(Resources).length < 500);

  const functions = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  const codes = functions.map(([id, { Properties }]) => {
    const name = id.replace(/LambdaFunction$/, '');
    const zip = zips.find((it) => it.startsWith(`${name}-`)) ?? '';
    assert.equal(zip, `${name}-${sha256(join(folder, zip)).slice(0, 16)}.zip`);
    const code = { S3Bucket: sub('${AssetBucket}-${AWS::Region}'), S3Key: sub(`\${AssetPrefix}${zip}`) };
    assert.deepEqual(Properties.Code, code);
    return zip;
  });
  assert.deepEqual(codes.toSorted(), zips.toSorted());

  const without = Object.keys(Parameters).filter((name) => Parameters[name]?.Default === undefined);
  assert.deepEqual(without, ['AssetBucket', 'atlasProjectId', 'atlasWorkspace', 'atlasCredentialsSecretArn']);
  assert.deepEqual([Parameters.AssetPrefix?.Default, Parameters.prefix?.Default], ['', 'msk-atlas-privatelink']);
  const { ParameterGroups } = rest.Metadata['AWS::CloudFormation::Interface'] as {
    ParameterGroups: { Parameters: string[] }[];
  };
  assert.deepEqual(ParameterGroups.flatMap((group) => group.Parameters).sort(), Object.keys(Parameters).sort());
  assert.deepEqual(ParameterGroups[0]?.Parameters, ['AssetBucket', 'AssetPrefix']);
  // Descriptions and patterns have examples.
  const defaults = Object.values(Parameters).map(({ Default }) => Default);
  const outputs = Object.values(Outputs).map(({ Description, ...others }) => others);
  const text = JSON.stringify({ Resources, outputs, ...rest, defaults });
  const bound = /serverless|msk-atlas-privatelink-(release|dev)|"Export"|arn:aws|\b\d{12}\b|\b[a-z]{2}-[a-z]+-\d\b/gi;
  assert.deepEqual(text.match(bound) ?? [], [], 'names a stage, a Region, an account, a partition, or Serverless');
  const names = Object.entries(Resources).flatMap(([id, { Properties }]) => namesOf(id, Properties));
  assert.ok(names.length > 50);
  // In one account, IAM's roles and CloudWatch's dashboards are shared by all Regions.
  for (const [id, name] of names)
    if (id === 'Registry') assert.equal(name, 'msk-atlas-privatelink-registry');
    else if (id === 'StreamsRole') assert.deepEqual(name, sub('msk-atlas-privatelink-streams-${AWS::Region}'));
    else if (id === 'Dashboard') assert.deepEqual(name, sub('${prefix}-${AWS::Region}'));
    else assert.match(JSON.stringify(name), /^\{"Fn::Sub":"(\/aws\/[a-z/]+)?\$\{prefix\}-[A-Za-z-]+"\}$/, id);
}

/** The name that a resource gets in its service. Each type has its own word for it. */
const namesOf = (id: string, properties: Record<string, unknown>): [string, unknown][] =>
  Object.entries(properties)
    .filter(([property, value]) => isName.test(property) && !isReference(value))
    .map(([, value]) => [id, value]);
const isName = /^(Name|(Alarm|Dashboard|Function|LogGroup|Queue|Role|Rule|StateMachine|Table|Topic)Name)$/;
const isReference = (value: unknown) => 'Ref' in Object(value) || 'Fn::GetAtt' in Object(value);

/** Our own files, without what is installed or built. */
const isOurs = (path: string) => !/^(node_modules|dist|reports|\.\w+)(\/|$)/.test(relative(project, path));

const folder = mkdtempSync(join(tmpdir(), 'releases of a copy-'));
after(() => rmSync(folder, { recursive: true }));
const out = join(folder, 'released');
await release(out, serviceFolder({ after }));

describe('npm run release', () => {
  it('writes the template, the zips, the bill of materials, the licence notices and the checksums of all of them', async () => {
    const names = readdirSync(out);
    const zips = names.filter((name) => name.endsWith('.zip'));
    assert.deepEqual(names.filter((name) => !zips.includes(name)).sort(), [
      'THIRD-PARTY-NOTICES.txt',
      'checksums.txt',
      'sbom.json',
      'template.json',
    ]);
    assert.ok(zips.length > 15);
    const resolveRequest = zips.find((name) => name.startsWith('ResolveRequest-')) ?? '';
    assert.deepEqual(namesInZip(join(out, resolveRequest)).toSorted(), [
      'dist/resolve-request.mjs',
      'dist/resolve-request.mjs.map',
    ]);
    const { components } = JSON.parse(readFileSync(join(out, 'sbom.json'), 'utf8'));
    assert.ok(components.some(({ name }: { name: string }) => name === '@aws-sdk/client-kafka'));
    assert.equal(readFileSync(join(out, 'THIRD-PARTY-NOTICES.txt'), 'utf8'), await thirdPartyNotices());

    const lines = readFileSync(join(out, 'checksums.txt'), 'utf8').trimEnd().split('\n');
    const others = names.filter((name) => name !== 'checksums.txt').sort();
    assert.deepEqual(
      lines,
      others.map((name) => `${sha256(join(out, name))}  ${name}`),
    );
    await assert.rejects(release(out), /released is not empty; --out must name a new or an empty folder/);
    assertDeployable(out, zips);
  });

  it('writes the same bytes in another folder, with other settings, at another time and in another time zone', () => {
    const copy = join(folder, 'copy');
    cpSync(project, copy, { recursive: true, filter: isOurs });
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
    writeStageFile(copy, 'dev', { prefix: 'own', atlasWorkspace: 'own-workspace' });
    const second = join(folder, 'second');
    const args = [join(copy, 'packaging/release.ts'), '--out', second];
    const { PATH = '', HOME = '' } = process.env;
    execFileSync(process.execPath, args, { cwd: copy, env: { PATH, HOME, TZ: 'Asia/Tokyo' }, stdio: 'pipe' });
    const contents = (path: string) =>
      Object.fromEntries(readdirSync(path).map((name) => [name, sha256(join(path, name))]));
    assert.deepEqual(contents(second), contents(out));
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
