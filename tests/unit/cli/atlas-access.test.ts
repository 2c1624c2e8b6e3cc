import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atlasAccess } from '../../../cli/atlas-access.ts';
import type { SecretsClient } from '../../../shared/secrets/client.ts';

describe('the secret of a stage with the credentials of Atlas', () => {
  /** The Region in which a secret is looked up, and the id by which it is read. */
  async function lookedUp(ofStage: string) {
    const found: string[] = [];
    const secretsIn = async (region: string) => {
      const read = async (id: string) => {
        found.push(region, id);
        return { value: { publicKey: 'abcdefgh', privateKey: 'k' }, versionId: '1' };
      };
      return { read } as unknown as SecretsClient;
    };
    const given = { option: undefined, ofStage, baseUrl: 'https://cloud.mongodb.com', region: 'eu-west-1' };
    const access = await atlasAccess(given, {}, secretsIn);
    assert.equal('source' in access && access.source, `the secret ${ofStage}`);
    return found;
  }

  it('is read by its ARN in the Region of the ARN', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-a1B2c3';
    assert.deepEqual(await lookedUp(arn), ['us-east-1', arn]);
  });

  it('is read by its name in the Region of the command', async () =>
    assert.deepEqual(await lookedUp('atlas'), ['eu-west-1', 'atlas']));
});
