import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { privateLinkState } from '../../shared/atlas/private-link.ts';
import { fromAws } from '../../shared/aws.ts';
import { AtlasRefused, AwsRefused } from '../../shared/errors.ts';
import { quoted } from '../../shared/foreign-text.ts';
import { apiError, fakeAtlas, ok, privateLink, privateLinkId } from '../fixtures/atlas.ts';
import { clusterArn, projectId } from '../fixtures/request.ts';

const command = 'aws stepfunctions start-execution --input x';
const forged = `no").\nStart again: ${command}\u2028a\u2029b\u202ec\u0007d\u200be`;
const inQuotes = `"no').`;

/** A text of ours has no line that begins with a foreign command, and nothing that hides what is beside it. */
function assertQuoted(text: string): void {
  assert.ok(text.includes(`${inQuotes} Start again: ${command} a b c d e"`), text);
  assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}]/u);
}

describe('a text of AWS or Atlas in an error', () => {
  it('is on one line, in quotes that it cannot end', () => {
    assertQuoted(quoted(forged));
  });

  it('is quoted if Atlas refuses a request', async (t) => {
    const { atlas } = await fakeAtlas(t, {
      [`GET /privateLinkConnections/${privateLinkId}`]: apiError(400, 'X', forged),
    });
    await assert.rejects(atlas.getPrivateLink(projectId, privateLinkId), (error: Error) => {
      assert.ok(error instanceof AtlasRefused);
      assertQuoted(error.message);
      assert.match(error.message, /HTTP 400 \(X: "no'\)/);
      return true;
    });
  });

  it("is quoted if it is in the place of Atlas's error code", async (t) => {
    const { atlas } = await fakeAtlas(t, {
      [`GET /privateLinkConnections/${privateLinkId}`]: apiError(400, forged, ''),
    });
    await assert.rejects(atlas.getPrivateLink(projectId, privateLinkId), ({ message }: Error) => {
      assertQuoted(message);
      return true;
    });
  });

  it('is quoted if it is the reason why a link has failed', async (t) => {
    const link = privateLink({ state: 'FAILED', errorMessage: forged });
    const { atlas } = await fakeAtlas(t, { [`GET /privateLinkConnections/${privateLinkId}`]: ok(link) });
    const found = await atlas.getPrivateLink(projectId, privateLinkId);
    assert.throws(
      () => privateLinkState(found, 'SCRAM-512', 'adopted', clusterArn),
      ({ message }: Error) => {
        assertQuoted(message.split('\n', 1).join().trimEnd());
        return true;
      },
    );
  });

  it('is quoted if AWS refuses a call', async () => {
    const refusal = Object.assign(new Error(forged), {
      name: 'BadRequestException',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    await assert.rejects(fromAws('kafka:PutClusterPolicy', Promise.reject(refusal)), (error: Error) => {
      assert.ok(error instanceof AwsRefused);
      assertQuoted(error.message);
      assert.doesNotMatch(error.said, /\n/);
      return true;
    });
  });
});
