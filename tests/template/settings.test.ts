import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { serverless, serviceFolder } from './serverless.ts';

describe('npm run package', () => {
  const refused: { args: string[]; says: string[] }[] = [
    {
      args: ['--param=atlasProjectId=mine'],
      says: [
        'atlasProjectId is "mine"; it must be the 24 hexadecimal characters of an Atlas project id, for example "5f1a2b3c4d5e6f7a8b9c0d1e".',
      ],
    },
    {
      args: ['--param=clusterPollSeconds=9', '--param=atlasBaseUrl=http://cloud.mongodb.com'],
      says: [
        'clusterPollSeconds is "9"; it must be a whole number from 10 to 3600, for example 20.',
        'atlasBaseUrl is "http://cloud.mongodb.com"; it must be an https address (http only on loopback) without user, path and query, for example "https://cloud.mongodb.com".',
      ],
    },
    {
      args: [
        ...['--region', 'eu-west-1', '--stage', 'production-europe', '--param=atlasProjectID=mine'],
        '--param=atlasCredentialsSecretArn=arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-x1Y2z3',
      ],
      says: [
        'There is no parameter "atlasProjectID"; serverless.yml has atlasProjectId, ',
        '; it must be in Region eu-west-1, where this is deployed, ',
        'The stage "production-europe" has 17 characters; it must have at most 16, ',
      ],
    },
  ];
  for (const { args, says } of refused)
    it(`writes nothing, and says why: ${args.join(' ')}`, async (t) => {
      const folder = serviceFolder(t);
      const { code, output } = await serverless(folder, ['package', '--package', 'packaged', ...args]);
      assert.equal(code, 1, output);
      for (const sentence of says) assert.ok(output.includes(sentence), output);
      for (const name of ['packaged', '.serverless']) assert.equal(existsSync(join(folder, name)), false, name);
    });
});

describe('npm run deploy', () => {
  it('stops at the same, before it looks for credentials', async (t) => {
    const { code, output } = await serverless(serviceFolder(t), ['deploy', '--param=disconnectOnUntag=yes']);
    assert.equal(code, 1);
    assert.match(output, /\ndisconnectOnUntag is "yes"; it must be true or false\.\n/);
    assert.doesNotMatch(output, /example values|credentials/i);
  });
});
