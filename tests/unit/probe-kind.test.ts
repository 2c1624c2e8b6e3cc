import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diagnose } from '../../shared/atlas/probe-kind.ts';

const line = (message: string, level = 'ERROR') =>
  JSON.stringify({ t: '2026-11-23T12:00:00.000Z', level, streamProcessorName: 'aspprobe1', message });

describe("A probe's operational log", () => {
  for (const [kind, text] of [
    ['unreachable', 'Local: Broker transport failure'],
    ['unreachable', "Failed to resolve 'b-1.scram.orders.abc.c2.kafka.us-east-1.amazonaws.com:14001'"],
    [
      'loginRefused',
      'SASL authentication error: Authentication failed during authentication due to invalid credentials',
    ],
    ['loginRefused', 'SASL authentication error: [b1c2]: Access denied (after 312ms in state AUTH_REQ)'],
    ['loginRefused', 'User is not authorized to perform: sts:AssumeRole'],
    ['topicDenied', 'Broker: Topic authorization failed'],
    ['topicDenied', 'Not authorized to access topics: [orders]'],
    ['groupDenied', 'Broker: Group authorization failed'],
    ['groupDenied', 'Not authorized to access group: asp-probe-1'],
    ['topicMissing', 'Could not get partitions: no partitions found'],
    ['topicMissing', 'Broker: Unknown topic or partition'],
    ['tooManyPartitions', 'Operator parallelism requested exceeds limit for this tier (Requested: 96, Max: 32)'],
    ['sinkRefused', 'Failed to emit to __testLog'],
    ['sinkRefused', 'not authorized on aspProbe to execute command { insert: "aspProbe" }'],
    ['unknown', 'Fatal error: something new'],
  ] as const)
    it(`says ${kind} by "${text.slice(0, 60)}"`, () => {
      assert.equal(diagnose(line(text))?.kind, kind);
      assert.equal(diagnose(`${line('Started', 'INFO')}\n${text}\n`)?.kind, kind);
    });

  it('says the exact reason, although the client then says that all brokers are down', () => {
    const log = [
      line('SASL authentication error: Authentication failed'),
      line('Local: All broker connections are down'),
    ].join('\n');
    assert.deepEqual(diagnose(log), { kind: 'loginRefused', said: 'SASL authentication error: Authentication failed' });
  });

  it('is quoted by the last line that says the reason', () => {
    const log = [line('Broker: Topic authorization failed (1)'), line('Broker: Topic authorization failed (2)')];
    assert.equal(diagnose(log.join('\n'))?.said, 'Broker: Topic authorization failed (2)');
  });

  it('has a code for a topic that is missing', () => {
    assert.equal(diagnose('{"errorCode":419,"message":"Failed"}')?.kind, 'topicMissing');
  });

  it('says nothing as long as it has no error', () => {
    assert.equal(diagnose(''), undefined);
    assert.equal(diagnose(`${line('Starting stream processor', 'INFO')}\n\n`), undefined);
  });

  it('says nothing about the sink by a line that only repeats the pipeline', () => {
    const started =
      'Started: [{"$source":{"topic":"orders"}},{"$emit":{"connectionName":"__testLog"}}], retries on error';
    const reason = line('Local: Broker transport failure');
    assert.equal(diagnose(line(started, 'INFO')), undefined);
    assert.equal(diagnose(`${line(started, 'INFO')}\n${reason}`)?.kind, 'unreachable');
    assert.equal(diagnose(`${started.replace(', retries on error', '')}\n${reason}`)?.kind, 'unreachable');
  });

  it('is not quoted further than to a document, which may be a record', () => {
    const { said } = diagnose(line('Error: cannot parse {"email":"a@example.com"}')) ?? {};
    assert.equal(said, 'Error: cannot parse');
  });

  it('is cut, because a line about a record may repeat the record', () => {
    const { said = '' } = diagnose(line(`Error while reading ${'x'.repeat(5000)}`)) ?? {};
    assert.equal(said.length, 201);
  });
});
