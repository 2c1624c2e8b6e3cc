import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  clusterSink,
  probeGroupOf,
  probeNameOf,
  probePipeline,
  probeTierFor,
  testLog,
} from '../../shared/atlas/probe.ts';
import { inWords } from '../../shared/atlas/probe-proof.ts';
import { clusterArn } from '../fixtures/request.ts';

const source = { clusterArn, connectionName: 'orders', topic: 'orders' };

const groupOf = (stage?: object): string =>
  (stage as { $source: { config: { group_id: string } } }).$source.config.group_id;

describe('The probe', () => {
  it('has a name and a prefix of consumer groups that every run knows', () => {
    assert.match(probeNameOf(clusterArn), /^aspprobe[\da-f]{16}$/);
    assert.equal(probeGroupOf(clusterArn), probeNameOf(clusterArn).replace(/^aspprobe/, 'asp-probe-'));
    assert.notEqual(probeNameOf(clusterArn), probeNameOf(`${clusterArn}1`));
  });

  it('reads the topic from its beginning, and lets no record pass', () => {
    const [$source, match, sink] = probePipeline(source, testLog);
    const hex = probeNameOf(clusterArn).replace('aspprobe', '');
    assert.deepEqual($source, {
      $source: {
        connectionName: 'orders',
        topic: 'orders',
        config: { auto_offset_reset: 'earliest', group_id: groupOf($source), enable_auto_commit: false },
      },
    });
    assert.match(groupOf($source), new RegExp(`^asp-probe-${hex}-[\\da-f]{8}$`));
    const [[field, value] = []] = Object.entries((match as { $match: Record<string, string> }).$match);
    assert.equal(field, `aspProbe${hex}`);
    assert.match(value ?? '', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    assert.deepEqual(sink, { $emit: { connectionName: '__testLog' } });
  });

  it('has a new value for each pipeline, so that no record can have it', () => {
    assert.notDeepEqual(probePipeline(source, testLog)[1], probePipeline(source, testLog)[1]);
  });

  it('has a new consumer group for each pipeline: Atlas commits offsets at a checkpoint, and a later probe must read the same records', () => {
    const [first, second] = [probePipeline(source, testLog), probePipeline(source, testLog)];
    assert.notEqual(groupOf(first[0]), groupOf(second[0]));
  });

  it('may have a collection of a connected cluster as its sink', () => {
    const [, , sink] = probePipeline(source, clusterSink('warehouse'));
    assert.deepEqual(sink, { $merge: { into: { connectionName: 'warehouse', db: 'aspProbe', coll: 'aspProbe' } } });
  });

  for (const [partitions, tier] of [
    [null, 'SP2'],
    [1, 'SP2'],
    [32, 'SP2'],
    [33, 'SP5'],
    [64, 'SP5'],
    [65, 'SP10'],
    [3000, 'SP10'],
  ] as const)
    it(`runs on tier ${tier} for ${partitions ?? 'an unknown number of'} partitions`, () => {
      assert.equal(probeTierFor(partitions), tier);
    });
});

describe('What a probe has proved', () => {
  for (const [finding, words] of [
    [{ result: 'read', partitions: 6, records: 1204 }, 'topic orders can be read: 6 partitions, 1,204 records'],
    [{ result: 'read', partitions: 1, records: 1 }, 'topic orders can be read: 1 partition, 1 record'],
    [{ result: 'read', records: 2_000_000 }, 'topic orders can be read: 2,000,000 records'],
    [{ result: 'reachable', partitions: 3 }, 'topic orders is reachable, no record to read'],
    [{ result: 'notProved', note: 'no topic is named' }, 'not proved: no topic is named'],
  ] as const)
    it(`is worded as "${words}"`, () => {
      assert.equal(inWords({ topic: 'orders', ...finding }), words);
    });
});
