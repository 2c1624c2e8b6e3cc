import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { DescribeClusterV2Command, KafkaClient } from '@aws-sdk/client-kafka';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOptions, fromAws, noneWhenNotFound } from '../../shared/aws.ts';
import { AwsRefused, AwsThrottled, AwsUnavailable } from '../../shared/errors.ts';
import { forgetPasswords, usePassword } from '../../shared/secrets/in-use.ts';
import { listen } from '../fixtures/loopback.ts';
import { clusterArn, region, secretArn } from '../fixtures/request.ts';

const answering =
  (status: number, errorType: string, body: object = { message: 'AWS said so.' }): RequestListener =>
  (_, response) =>
    response
      .writeHead(status, { 'x-amzn-errortype': errorType, 'content-type': 'application/json' })
      .end(JSON.stringify(body));

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' };

async function describeClusterAt(t: TestContext, listener: RequestListener, maxAttempts = 1) {
  const endpoint = await listen(t, listener);
  const kafka = new KafkaClient({ ...clientOptions, maxAttempts, endpoint, region, credentials });
  return fromAws('kafka:DescribeClusterV2', kafka.send(new DescribeClusterV2Command({ ClusterArn: clusterArn })));
}

describe('a call to AWS', () => {
  const transient: [status: number, errorType: string, Class: typeof AwsThrottled | typeof AwsUnavailable][] = [
    [500, 'InternalServerErrorException', AwsUnavailable],
    [503, 'ServiceUnavailableException', AwsUnavailable],
    [409, 'ConflictException', AwsUnavailable],
    [408, 'RequestTimeout', AwsUnavailable],
    [429, 'TooManyRequestsException', AwsThrottled],
    [400, 'ThrottlingException', AwsThrottled],
    [400, 'ProvisionedThroughputExceededException', AwsThrottled],
    [400, 'RequestLimitExceeded', AwsThrottled],
  ];
  for (const [status, errorType, Class] of transient)
    it(`is ${Class.name} after HTTP ${status} ${errorType}`, async (t) => {
      await assert.rejects(describeClusterAt(t, answering(status, errorType)), (error: Error) => {
        assert.ok(error instanceof Class, String(error));
        assert.match(error.message, new RegExp(`kafka:DescribeClusterV2 \\(HTTP ${status}, ${errorType}\\)`));
        assert.equal((error.cause as Error).name, errorType);
        return true;
      });
    });

  it('is AwsUnavailable after a broken connection', async (t) => {
    const reset: RequestListener = (_, response) => response.socket?.resetAndDestroy();
    await assert.rejects(describeClusterAt(t, reset), { name: 'AwsUnavailable', message: /\(ECONNRESET\)/ });
  });

  it('is AwsUnavailable after an answer that was cut short', async (t) => {
    const cut: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"clusterInfo":', () => response.socket?.destroy());
    };
    await assert.rejects(describeClusterAt(t, cut), { name: 'AwsUnavailable' });
  });

  it('is AwsUnavailable after a refusal that was cut short, because its text is not known', async (t) => {
    const cut: RequestListener = (_, response) => {
      response.writeHead(400, { 'x-amzn-errortype': 'BadRequestException', 'content-length': '1000' });
      response.write('{"message":', () => response.socket?.destroy());
    };
    await assert.rejects(describeClusterAt(t, cut), { name: 'AwsUnavailable' });
  });

  it('fails only after three attempts by the SDK', async (t) => {
    let attempts = 0;
    const thirdTime: RequestListener = (request, response) =>
      ++attempts < 3
        ? answering(503, 'ServiceUnavailableException')(request, response)
        : answering(200, '', { clusterInfo: { clusterArn } })(request, response);
    const answer = await describeClusterAt(t, thirdTime, clientOptions.maxAttempts);
    assert.equal(answer.ClusterInfo?.ClusterArn, clusterArn);
  });

  it('is AwsRefused after HTTP 400, with what AWS said', async (t) => {
    const refused = answering(400, 'BadRequestException', { message: 'The version of the cluster is not current.' });
    await assert.rejects(describeClusterAt(t, refused), (error: Error) => {
      assert.ok(error instanceof AwsRefused, String(error));
      assert.deepEqual([error.code, error.said], ['BadRequestException', 'The version of the cluster is not current.']);
      assert.match(error.message, /kafka:DescribeClusterV2 with HTTP 400 \(BadRequestException: "The version of/);
      assert.equal((error.cause as Error).name, 'BadRequestException');
      return true;
    });
  });

  it('repeats no secret in use that AWS repeats, and no text without end', async (t) => {
    usePassword('hunter22');
    t.after(forgetPasswords);
    for (const [status, errorType] of [
      [400, 'BadRequestException'],
      [400, 'hunter22'],
      [429, 'TooManyRequestsException'],
      [500, 'InternalServerErrorException'],
    ] as const) {
      const body = { message: `hunter22 is wrong. ${'x'.repeat(300_000)}`, invalidParameter: 'hunter22' };
      await assert.rejects(describeClusterAt(t, answering(status, errorType, body)), (error: Error) => {
        const { message, code, said, cause } = error as AwsRefused;
        const all = inspect({ message, code, said, cause, stack: error.stack }, { depth: 9, maxStringLength: 10_000 });
        assert.ok(!all.includes('hunter22'), all.slice(0, 3000));
        assert.ok(message.length < 1500);
        return true;
      });
    }
  });

  for (const errorType of ['ForbiddenException', 'AccessDeniedException'])
    it(`names the missing permission after ${errorType}`, async (t) => {
      await assert.rejects(describeClusterAt(t, answering(403, errorType)), {
        name: 'AwsRefused',
        message:
          /Something denies kafka:DescribeClusterV2 to the function's role: .* If the role was edited, deploy again\.$/,
      });
    });

  it('may turn not found into undefined, but no other refusal', async (t) => {
    const none = describeClusterAt(t, answering(404, 'NotFoundException')).catch(noneWhenNotFound);
    assert.equal(await none, undefined);
    const refused = describeClusterAt(t, answering(400, 'BadRequestException')).catch(noneWhenNotFound);
    await assert.rejects(refused, AwsRefused);
    const unavailable = describeClusterAt(t, answering(500, 'InternalServerErrorException')).catch(noneWhenNotFound);
    await assert.rejects(unavailable, AwsUnavailable);
  });

  it('keeps a secret in an unreadable answer out of its error', async (t) => {
    for (const body of ['hunter2', '{"SecretString":"hunter2",,}', '"hunter2']) {
      const endpoint = await listen(t, (_, response) => response.end(body));
      const client = new SecretsManagerClient({ ...clientOptions, maxAttempts: 1, endpoint, region, credentials });
      const call = fromAws('GetSecretValue', client.send(new GetSecretValueCommand({ SecretId: secretArn })));
      await assert.rejects(call, (error: Error) => {
        assert.ok(error instanceof AwsUnavailable, String(error));
        assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('hunter2'), error.message);
        return true;
      });
    }
  });
});
