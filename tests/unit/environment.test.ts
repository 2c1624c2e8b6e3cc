import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import * as z from 'zod/mini';
import { allowedAccounts } from '../../shared/lambda/atlas-accounts.ts';
import { environment } from '../../shared/lambda/environment.ts';
import { waits as deployedWaits } from '../../shared/lambda/waits.ts';
import { Environment } from '../../shared/request/settings.ts';
import { waits } from '../../shared/waits.ts';
import { projectId } from '../fixtures/request.ts';

/** The environment of ResolveRequest, as serverless.yml sets it. */
const variables = {
  ATLAS_PROJECT_ID: projectId,
  ATLAS_WORKSPACE: 'streams',
  AWS_REGION: 'eu-west-1',
  ALLOWED_TARGETS: '',
  MECHANISM: 'SCRAM-512',
  RESTART_PROCESSORS: 'false',
  PROBE: 'false',
  REBOOT_WINDOW: '',
  PAUSED: 'false',
  DISCONNECT_ON_UNTAG: 'false',
};

describe("a function's environment", () => {
  const original = { ...process.env };
  afterEach(() => {
    process.env = { ...original };
  });

  /** What ResolveRequest reads of these variables. */
  function settingsOf(overrides: Record<string, string>) {
    Object.assign(process.env, variables, overrides);
    return environment(Environment)();
  }

  it('is read on first use, and once', () => {
    const settings = environment(z.object({ TEST_ONE: z.string() }));
    process.env.TEST_ONE = 'a';
    assert.deepEqual(settings(), { TEST_ONE: 'a' });
    process.env.TEST_ONE = 'b';
    assert.deepEqual(settings(), { TEST_ONE: 'a' });
  });

  it('fails with the names of all wrong variables, each once, and without a value', () => {
    process.env.TEST_ONE = 'hunter2';
    const url = z.string().check(z.startsWith('https:'), z.endsWith('/'));
    const settings = environment(z.object({ TEST_ONE: url, TEST_TWO: z.string() }));
    assert.throws(settings, {
      name: 'DeploymentMisconfigured',
      message: /^(?!.*hunter2).* environment variable TEST_ONE, TEST_TWO is missing or wrong\. Deploy again/,
    });
  });

  it('has the settings of ResolveRequest', () => {
    const [a, b] = ['a'.repeat(24), 'b'.repeat(24)];
    assert.deepEqual(settingsOf({ ALLOWED_TARGETS: ` ${a}/x, ,${b}/*` }), {
      projectId,
      workspace: 'streams',
      allowedTargets: new Set([`${projectId}/streams`, `${a}/x`, `${b}/*`]),
      mechanism: 'SCRAM-512',
      restartProcessors: false,
      probe: false,
      rebootWindow: null,
      paused: false,
      disconnectOnUntag: false,
    });
  });

  it('has the workspace of its Region, where the setting names the Region', () => {
    const { workspace, allowedTargets } = settingsOf({ ATLAS_WORKSPACE: '{region}-streams-{region}' });
    assert.equal(workspace, 'eu-west-1-streams-eu-west-1');
    assert.deepEqual(allowedTargets, new Set([`${projectId}/eu-west-1-streams-eu-west-1`]));
  });

  it('allows only its own target if no other is listed', () => {
    assert.deepEqual(settingsOf({}).allowedTargets, new Set([`${projectId}/streams`]));
  });

  it('has the AWS accounts of Atlas that the deployment lists', () => {
    process.env.ATLAS_AWS_ACCOUNT_IDS = '123456789012 , 210987654321';
    assert.deepEqual(allowedAccounts(), new Set(['123456789012', '210987654321']));
  });

  it('has only known mechanisms', () => {
    for (const mechanism of ['auto', 'PLAIN', 'AWS_MSK_IAM'])
      assert.equal(settingsOf({ MECHANISM: mechanism }).mechanism, mechanism);
    assert.throws(() => settingsOf({ MECHANISM: 'SCRAM-256' }), {
      name: 'DeploymentMisconfigured',
      message: /MECHANISM/,
    });
  });

  it('says with true or false whether removing the tag disconnects', () => {
    assert.equal(settingsOf({ DISCONNECT_ON_UNTAG: 'true' }).disconnectOnUntag, true);
    for (const DISCONNECT_ON_UNTAG of ['', 'yes', '1'])
      assert.throws(() => settingsOf({ DISCONNECT_ON_UNTAG }), {
        name: 'DeploymentMisconfigured',
        message: /DISCONNECT_ON_UNTAG/,
      });
  });

  it('says with true or false what runs do beyond connecting, and whether tags and the sweep start nothing', () => {
    const names = { RESTART_PROCESSORS: 'restartProcessors', PROBE: 'probe', PAUSED: 'paused' } as const;
    for (const [variable, name] of Object.entries(names)) {
      assert.equal(settingsOf({ [variable]: 'true' })[name], true);
      assert.throws(() => settingsOf({ [variable]: 'yes' }), { message: new RegExp(variable) });
    }
  });

  it('has a window for reboots, or none', () => {
    assert.equal(settingsOf({ REBOOT_WINDOW: 'Sat 02:00-06:00 UTC' }).rebootWindow, 'Sat 02:00-06:00 UTC');
    for (const REBOOT_WINDOW of ['none', 'Sat', 'Sat 02:00-06:00'])
      assert.throws(() => settingsOf({ REBOOT_WINDOW }), { message: /REBOOT_WINDOW/ });
  });

  it('makes the waits shorter in tests', () => {
    process.env.WAIT_SPEED = '10';
    const { cluster } = waits;
    assert.deepEqual(deployedWaits().cluster, {
      pollSeconds: cluster.pollSeconds / 10,
      timeoutMinutes: cluster.timeoutMinutes / 10,
    });
  });
});
