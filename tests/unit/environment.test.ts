import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import * as z from 'zod/mini';
import { Environment } from '../../functions/resolve-request/settings.ts';
import { environment } from '../../shared/lambda/environment.ts';
import { projectId } from '../fixtures/request.ts';
import { variables } from '../fixtures/settings.ts';

describe("a function's environment", () => {
  beforeEach(() => {
    for (const name of Object.keys(process.env))
      if (/^(TEST|ATLAS|ALLOWED|CLUSTER|PRIVATE|CONNECTION|KAFKA|REMOVAL|DISCONNECT)_/.test(name))
        delete process.env[name];
  });

  it('is read on first use, and once', () => {
    const settings = environment(z.object({ TEST_ONE: z.string() }));
    process.env.TEST_ONE = 'a';
    assert.deepEqual(settings(), { TEST_ONE: 'a' });
    process.env.TEST_ONE = 'b';
    assert.deepEqual(settings(), { TEST_ONE: 'a' });
  });

  it('that is wrong is told by the names of all wrong variables, and by no value', () => {
    process.env.TEST_ONE = 'hunter2';
    const settings = environment(z.object({ TEST_ONE: z.url(), TEST_TWO: z.string() }));
    assert.throws(settings, (error: Error) => {
      assert.equal(error.name, 'DeploymentMisconfigured');
      assert.match(error.message, /TEST_ONE .*TEST_TWO .*deploy again/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });

  it('gives ResolveRequest its defaults', () => {
    Object.assign(process.env, variables({ ALLOWED_PROJECT_IDS: ` ${'a'.repeat(24)}, ,${'b'.repeat(24)}` }));
    assert.deepEqual(environment(Environment)(), {
      projectId,
      workspace: 'streams',
      allowedProjectIds: new Set([projectId, 'a'.repeat(24), 'b'.repeat(24)]),
      mechanism: 'SCRAM-512',
      disconnectOnUntag: false,
      waits: {
        cluster: { pollSeconds: 20, usualMinutes: 45, timeoutMinutes: 720 },
        privateLink: { pollSeconds: 20, usualMinutes: 32, timeoutMinutes: 90 },
        connection: { pollSeconds: 20, usualMinutes: 26, timeoutMinutes: 90 },
        removal: { pollSeconds: 30, timeoutMinutes: 120 },
      },
    });
  });

  it('may hold the least and the greatest of these numbers', () => {
    for (const CLUSTER_POLL_SECONDS of ['10', '3600']) {
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS, CLUSTER_TIMEOUT_MINUTES: '60' }));
      assert.equal(environment(Environment)().waits.cluster.pollSeconds, Number(CLUSTER_POLL_SECONDS));
    }
  });

  it('must hold whole numbers that Step Functions can keep up with', () => {
    for (const CLUSTER_POLL_SECONDS of ['', '9', '3601', '1e3', '60.5', '-60', 'often']) {
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS }));
      assert.throws(
        environment(Environment),
        /CLUSTER_POLL_SECONDS \(must be a whole number from 10 to 3600, for example 20\)\. Correct/,
        CLUSTER_POLL_SECONDS,
      );
    }
  });

  const mostWaits: [what: string, most: Record<string, string>, more: Record<string, string>][] = [
    ['the cluster', { CLUSTER_TIMEOUT_MINUTES: '873' }, { CLUSTER_TIMEOUT_MINUTES: '874' }],
    [
      'all three together',
      { CLUSTER_TIMEOUT_MINUTES: '730', PRIVATE_LINK_POLL_SECONDS: '10', CONNECTION_POLL_SECONDS: '11' },
      { CLUSTER_TIMEOUT_MINUTES: '730', PRIVATE_LINK_POLL_SECONDS: '10', CONNECTION_POLL_SECONDS: '10' },
    ],
  ];
  for (const [what, most, more] of mostWaits)
    it(`may not ask for more polls of ${what} than an execution's history holds`, () => {
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS: '10', ...most }));
      assert.doesNotThrow(environment(Environment));
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS: '10', ...more }));
      assert.throws(environment(Environment), {
        name: 'DeploymentMisconfigured',
        message:
          /wrong: clusterPollSeconds=10 for clusterTimeoutMinutes=\d+, privateLinkPollSeconds=.*connectionTimeoutMinutes=90 are .* more polls .*25,000 events; poll less often, for example with clusterPollSeconds=400\. Correct/,
      });
    });

  it('may say any usual time, with the polls that are the default', () => {
    for (const CLUSTER_USUAL_MINUTES of ['1', '180', '450', '1080']) {
      Object.assign(process.env, variables({ CLUSTER_USUAL_MINUTES }));
      assert.doesNotThrow(environment(Environment), CLUSTER_USUAL_MINUTES);
    }
  });

  it('names the mechanisms that are known', () => {
    Object.assign(process.env, variables({ KAFKA_AUTH_MECHANISM: 'SCRAM-256' }));
    assert.throws(environment(Environment), {
      name: 'DeploymentMisconfigured',
      message: /KAFKA_AUTH_MECHANISM \(must be SCRAM-512 or PLAIN\)/,
    });
  });

  it('says in so many words whether removing the tag disconnects', () => {
    Object.assign(process.env, variables({ DISCONNECT_ON_UNTAG: 'true' }));
    assert.equal(environment(Environment)().disconnectOnUntag, true);
    for (const DISCONNECT_ON_UNTAG of ['', 'yes', '1']) {
      Object.assign(process.env, variables({ DISCONNECT_ON_UNTAG }));
      assert.throws(environment(Environment), /DISCONNECT_ON_UNTAG \(must be true or false\)/, DISCONNECT_ON_UNTAG);
    }
  });
});
