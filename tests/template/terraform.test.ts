import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { releaseParameters, snakeCase } from '../../docs/generators/terraform.ts';
import { type HclBlock, readHcl } from '../fixtures/hcl.ts';

const module = join(import.meta.dirname, '../../infrastructure/terraform');
const files = globSync('*.tf', { cwd: module }).sort();
const blocks = files.flatMap((file) => readHcl(readFileSync(join(module, file), 'utf8')));
const named = (type: string): Record<string, HclBlock> =>
  Object.fromEntries(blocks.filter((block) => block.type === type).map((block) => [block.labels.at(-1), block]));

const names = Object.keys(releaseParameters);
/** The settings without a default. */
const own = {
  asset_bucket: 'example-assets',
  atlas_project_id: '5f1a2b3c4d5e6f7a8b9c0d1e',
  atlas_workspace: 'streams',
  atlas_credentials_secret_arn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-a1B2c3',
};

describe('the Terraform module', () => {
  it('has a variable for each parameter of the stack, and passes it on under its own name', () => {
    const variables = named('variable');
    for (const name of names) assert.ok(variables[snakeCase(name)], name);
    const passed = readFileSync(join(module, 'settings.tf'), 'utf8').matchAll(/^ {4}(\w+) += var\.(\w+)$/gm);
    assert.deepEqual(
      [...passed].map(([, parameter, variable]) => [parameter, variable]),
      names.map((name) => [name, snakeCase(name)]),
    );
  });

  it('needs the same settings as the template of a release', () => {
    const required = Object.values(named('variable')).filter(({ attributes }) => !('default' in attributes));
    assert.deepEqual(required.flatMap(({ labels }) => labels).sort(), [...Object.keys(own).sort()]);
  });

  it('has the outputs that others need', () =>
    assert.deepEqual(Object.keys(named('output')).sort(), [
      'connect_machine_arn',
      'dead_letter_queue_url',
      'disconnect_machine_arn',
      'notification_topic_arn',
      'registry_table_name',
      'streams_role_arn',
      'version',
    ]));

  it('describes each variable and each output', () => {
    for (const { labels, attributes } of [...Object.values(named('variable')), ...Object.values(named('output'))])
      assert.match(attributes.description ?? '', /^".+\."$/, labels.join());
  });

  it('pins the provider to a major version', () => {
    const [terraform] = blocks.filter(({ type }) => type === 'terraform');
    assert.match(terraform?.attributes.required_version ?? '', /^"~> 1\.\d+"$/);
    const providers = terraform?.blocks.find(({ type }) => type === 'required_providers')?.attributes;
    assert.match(providers?.aws ?? '', /version = "~> \d+\.0"/);
  });
});

describe('the parser of the tests', () => {
  for (const text of ['variable "a" {', 'variable "a" {\n  type = \n}\n', 'a = [1, 2\n', 'output "a" { value = }'])
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => readHcl(text), /does not follow the grammar/));
});

const run = (tool: string, args: string[], cwd = module) =>
  spawnSync(tool, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' },
  });

const tool = ['terraform', 'tofu'].find((name) => run(name, ['version']).status === 0);
const skip = tool ? false : 'neither terraform nor tofu is installed';

/** A copy of some files of the module, in a folder of its own. */
function copyOf(t: TestContext, copied: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'terraform-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const file of copied) cpSync(join(module, file), join(folder, file));
  return folder;
}

describe('the Terraform module, read by Terraform', { skip }, () => {
  it('is formatted', () => {
    const { status, stdout, stderr } = run(tool as string, ['fmt', '-check', '-diff', '-no-color']);
    assert.equal(status, 0, stdout + stderr);
  });

  // The settings alone need no provider, so nothing is downloaded.
  it('takes the defaults of the stack, and refuses wrong settings with the sentences of the stack', (t) => {
    const folder = copyOf(t, ['settings.tf']);
    writeFileSync(join(folder, 'result.tf'), 'output "settings" {\n  value = local.settings\n}\n');
    assert.equal(run(tool as string, ['init', '-no-color'], folder).status, 0);
    const plan = (settings: object) => {
      writeFileSync(join(folder, 'terraform.tfvars.json'), JSON.stringify(settings));
      const { status, stdout, stderr } = run(
        tool as string,
        ['plan', '-no-color', '-out=plan', '-input=false'],
        folder,
      );
      if (status !== 0) return stdout + stderr;
      return JSON.parse(run(tool as string, ['show', '-json', 'plan'], folder).stdout).planned_values.outputs.settings
        .value;
    };

    const defaults = plan(own);
    for (const [name, { Default }] of Object.entries(releaseParameters))
      if (Default !== undefined)
        assert.equal(String(defaults[name]), String(Default).includes('${sls:') ? 'null' : String(Default), name);

    const refused = plan({ ...own, atlas_project_id: 'x', verify_every_hours: 0.5, mechanism: 'MTLS', prefix: '1a' });
    // Terraform breaks its lines.
    const text = String(refused).replace(/\s+│?\s*/g, ' ');
    for (const name of ['atlasProjectId', 'verifyEveryHours', 'mechanism', 'prefix'])
      assert.ok(
        text.includes(`${snakeCase(name)} ${releaseParameters[name]?.ConstraintDescription}.`),
        `${name}: ${text}`,
      );
  });

  // Terraform downloads the AWS provider for this, once if it has a folder for it.
  const without = process.env.TF_PLUGIN_CACHE_DIR ? false : 'TF_PLUGIN_CACHE_DIR is not set';
  it('is valid', { skip: without }, (t) => {
    const folder = copyOf(t, files);
    const { status, stdout, stderr } = run(tool as string, ['init', '-backend=false', '-no-color'], folder);
    assert.equal(status, 0, stdout + stderr);
    const { status: valid, stdout: report } = run(tool as string, ['validate', '-no-color'], folder);
    assert.equal(valid, 0, report);
  });
});
