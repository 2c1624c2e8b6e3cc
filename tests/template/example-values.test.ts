import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { listen } from '../fixtures/loopback.ts';
import { serverless, serviceFolder } from './serverless.ts';

const own = {
  atlasProjectId: '64b7f1d2e5a9c80011223344',
  atlasWorkspace: 'streams',
  atlasCredentialsSecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-x1Y2z3',
};
const parameters = (given: Partial<typeof own>) =>
  Object.entries(given).map(([name, value]) => `--param=${name}=${value}`);

/** Runs `serverless deploy` until it is over or asks AWS for something: there is no AWS here. */
async function deploy(t: TestContext, args: string[], folder = serviceFolder(t)) {
  const asked = new AbortController();
  const AWS_ENDPOINT_URL = await listen(t, () => asked.abort());
  const environment = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'none', AWS_ENDPOINT_URL };
  const run = await serverless(folder, ['deploy', ...args], { environment, signal: asked.signal });
  return { ...run, isAwsAsked: asked.signal.aborted };
}

describe('npm run deploy', () => {
  it('refuses example values before it asks AWS anything, and shows the right command', async (t) => {
    const { code, output, isAwsAsked } = await deploy(t, []);
    assert.equal(code, 1);
    assert.equal(isAwsAsked, false);
    assert.ok(
      output.includes(`
Nothing was deployed, because atlasProjectId, atlasWorkspace and atlasCredentialsSecretArn are example values. Give your own:

  npm run deploy -- \\
    --param="atlasProjectId=5f1a2b3c4d5e6f7a8b9c0d1e" \\
    --param="atlasWorkspace=streams" \\
    --param="atlasCredentialsSecretArn=arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-streaming-credentials-a1B2c3"
`),
      output,
    );
  });

  it('keeps what was typed in the command that it shows', async (t) => {
    const { atlasProjectId, atlasWorkspace } = own;
    const { output } = await deploy(t, ['--stage', 'prod', ...parameters({ atlasProjectId, atlasWorkspace })]);
    assert.match(output, /because atlasCredentialsSecretArn is an example value\./);
    assert.match(output, /--stage="prod" \\\n +--param="atlasProjectId=64b7f1d2e5a9c80011223344" \\\n/);
  });

  it('goes on to AWS with values of your own, and refuses nothing else', async (t) => {
    const { output, isAwsAsked } = await deploy(t, parameters(own));
    assert.ok(isAwsAsked, output);
  });

  it('takes a package by the values that it was made with', async (t) => {
    const folder = serviceFolder(t);
    const packaged = (name: string, template: string) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'cloudformation-template-update-stack.json'), template);
      return ['--package', name];
    };
    const ofExamples = await deploy(t, packaged('of-examples', '{"ATLAS_WORKSPACE":"example:streams"}'), folder);
    assert.match(ofExamples.output, /because atlasWorkspace is an example value\./);
    const ofOwn = await deploy(t, packaged('of-own', '{"ATLAS_WORKSPACE":"streams"}'), folder);
    assert.ok(ofOwn.isAwsAsked, ofOwn.output);
  });

  it('shows its help without any values', async (t) => {
    const { code, output } = await deploy(t, ['--help']);
    assert.equal(code, 0, output);
  });
});
