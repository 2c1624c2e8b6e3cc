import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fewest, fewestRequests, type Journey } from '../../../bench/trips/fewest.ts';
import { pollsAmong } from '../../../bench/trips/polls.ts';
import { countRequests } from '../../../bench/trips/trips.ts';

suite('the polls of a run', () => {
  const states = (text: string) =>
    text
      .split(' ')
      .map((name) => ({ name, type: name.startsWith('Wait') ? 'Wait' : name.startsWith('Is') ? 'Choice' : 'Task' }));

  test('are the Tasks between two waits', () => {
    const run = states('Enable Wait Inspect Is Wait Inspect Is Wait Inspect Is Check');
    assert.deepEqual([...pollsAmong(run)], [1, 2]);
  });

  test('are absent if the run does not wait twice', () => {
    assert.deepEqual([...pollsAmong(states('Inspect Is Check Apply'))], []);
    assert.deepEqual([...pollsAmong(states('Enable Wait Inspect Is Check'))], []);
  });
});

suite('the fewest requests', () => {
  test('have reasons', () => {
    for (const { work } of Object.values(fewest))
      for (const { operation, reason } of work) assert.match(reason, /\.$/, operation);
  });

  test('are the work, and credentials and challenge for each function that calls Atlas', () => {
    const counts = Object.keys(fewest).map((journey) => [journey, fewestRequests(journey as Journey)]);
    assert.deepEqual(Object.fromEntries(counts), {
      'first connect': 47,
      'first connect by IAM': 43,
      'connect, all done': 19,
      'all done, by IAM': 16,
      'the same, warm': 17,
      'verify by the sweep': 22,
      'prove a topic': 38,
      'restart a processor': 43,
      disconnect: 25,
    });
  });
});

test('a first connect by IAM sends at most the requests of one by SCRAM', async () => {
  const withoutPolls = async (journey: Journey) => {
    const { all, polls } = await countRequests(journey);
    return all - polls.requests;
  };
  const [iam, scram] = [await withoutPolls('first connect by IAM'), await withoutPolls('first connect')];
  assert.ok(iam <= scram, `${iam} by IAM, ${scram} by SCRAM`);
});
