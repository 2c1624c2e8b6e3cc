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
      if (/^(TEST|ATLAS|CLUSTER|KAFKA|REMOVAL|DISCONNECT)_/.test(name)) delete process.env[name];
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
        cluster: { pollSeconds: 60, timeoutMinutes: 720 },
        privateLink: { pollSeconds: 30, timeoutMinutes: 90 },
        connection: { pollSeconds: 30, timeoutMinutes: 60 },
        removal: { pollSeconds: 30, timeoutMinutes: 120 },
      },
    });
  });

  it('may hold the least and the greatest of these numbers', () => {
    for (const CLUSTER_POLL_SECONDS of ['30', '3600']) {
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS }));
      assert.equal(environment(Environment)().waits.cluster.pollSeconds, Number(CLUSTER_POLL_SECONDS));
    }
  });

  it('must hold whole numbers that Step Functions can keep up with', () => {
    for (const CLUSTER_POLL_SECONDS of ['', '29', '3601', '1e3', '60.5', '-60', 'often']) {
      Object.assign(process.env, variables({ CLUSTER_POLL_SECONDS }));
      assert.throws(
        environment(Environment),
        /CLUSTER_POLL_SECONDS \(must be .*from 30 to 3600\)/,
        CLUSTER_POLL_SECONDS,
      );
    }
  });

  it('says in so many words whether removing the tag disconnects', () => {
    Object.assign(process.env, variables({ DISCONNECT_ON_UNTAG: 'true' }));
    assert.equal(environment(Environment)().disconnectOnUntag, true);
    for (const DISCONNECT_ON_UNTAG of ['', 'yes', '1']) {
      Object.assign(process.env, variables({ DISCONNECT_ON_UNTAG }));
      assert.throws(environment(Environment), /DISCONNECT_ON_UNTAG \(/, DISCONNECT_ON_UNTAG);
    }
  });
});
