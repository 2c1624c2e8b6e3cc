import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeOf, isChange, Outcome, Result, sentenceOf } from '../../shared/outcomes.ts';

const outcome = (result: Result, note?: string): Outcome => ({
  resource: 'privateLink',
  result,
  ...(note !== undefined && { note }),
});

describe('an outcome', () => {
  it('is a change if something was created, updated or removed', () => {
    const changes = Result.options.filter((result) => isChange(outcome(result)));
    assert.deepEqual(changes, ['created', 'updated', 'removed']);
  });

  it('is one line for a person, with its note in brackets', () => {
    assert.equal(sentenceOf(outcome('created')), 'Private link: created');
    assert.equal(sentenceOf(outcome('kept', 'streams/other uses it')), 'Private link: kept (streams/other uses it)');
  });

  it('has a line for every resource', () => {
    for (const resource of Outcome.shape.resource.options)
      assert.match(sentenceOf({ resource, result: 'unchanged' }), /^[A-Z][\w -]+: unchanged$/);
  });

  it('is a part of a sentence about what a run has changed, with what it costs', () => {
    assert.equal(changeOf(outcome('created')), 'private link created (billed by the hour, about $51 a month)');
    assert.equal(changeOf(outcome('removed', 'pl-1')), 'private link removed (pl-1)');
    assert.equal(
      changeOf({ resource: 'multiVpcConnectivity', result: 'updated' }),
      'multi-VPC private connectivity of the cluster turned on (billed by the hour, about $16 a month)',
    );
    assert.equal(changeOf({ resource: 'connection', result: 'created' }), 'Kafka connection created');
  });

  it('cannot have another resource or result', () => {
    assert.equal(Outcome.safeParse(outcome('created')).success, true);
    assert.equal(Outcome.safeParse({ ...outcome('created'), resource: 'topic' }).success, false);
    assert.equal(Outcome.safeParse({ ...outcome('created'), result: 'written' }).success, false);
  });
});
