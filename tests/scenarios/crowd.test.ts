import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Cloud } from '../../emulators/cloud.ts';
import type { Action } from '../../emulators/deployment/deployment.ts';
import { tagChangeEvent } from '../../emulators/event-bridge.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { ended } from '../fixtures/ended.ts';
import { checkRequestToAtlas } from '../fixtures/requests-to-atlas.ts';
import { setUp } from '../fixtures/set-up.ts';
import { oneAfterTheOther, watchChanges } from './crowd/watch.ts';
import { addForeign, foreignThings, removable, seedWith } from './killed/foreign.ts';

/** A simulated day takes a second. Functions run in real time. */
const speed = 86_400;

const entries = new EventEmitter().setMaxListeners(0);
const cloud = await setUp(() =>
  Cloud.start({
    speed,
    world: seedWith(),
    onEvent: (event, { arn }) => event.type === 'StateEntered' && entries.emit(`${arn} ${event.state.name}`),
    onExchange: checkRequestToAtlas,
  }),
);
after(() => cloud.close());

const entered = ({ arn }: Execution, state: string) => once(entries, `${arn} ${state}`);

async function begin(seed: WorldSeed = {}) {
  await cloud.replaceWorld(seedWith(seed));
  addForeign(cloud);
  return { foreign: foreignThings(cloud), made: watchChanges(cloud) };
}

/** A generator of pseudo-random numbers from 0 to 1: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<Item>(items: Item[], next: () => number): Item[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(next() * rest.length), 1)[0] as Item);
}

const startByHand = (action: Action) => cloud.start({ clusterArn: cloud.world.cluster.arn }, action);

/** Sets the tag. If it has that value already, EventBridge delivers an event for it once more. */
async function startByTag(action: Action): Promise<void> {
  const { cluster } = cloud.world;
  if (cluster.tags.all['atlas-streaming'] !== action) return void (await cloud.tag({ 'atlas-streaming': action }));
  const tags = cluster.tags.all;
  const change = { resourceArn: cluster.arn, changedTagKeys: ['atlas-streaming'], tags, version: 1 };
  cloud.deliver(tagChangeEvent({ ...change, time: cloud.clock.now() }));
}

/** All executions, also those that others have started meanwhile, after their end. */
async function allEnded() {
  let count = 0;
  while (count < cloud.executions.length) {
    count = cloud.executions.length;
    await Promise.all(cloud.executions.map(({ result }) => result));
  }
  return Promise.all(cloud.executions.map(ended));
}

type Ended = Awaited<ReturnType<typeof ended>>;

/** Every execution has done its work, was stopped by a disconnect, or says why there was nothing to do. */
function assertEnds(runs: Ended[]): void {
  for (const { endState, status, error, cause, output } of runs) {
    if (status === 'ABORTED') assert.deepEqual([error, endState !== 'Connected'], ['NoLongerWanted', true]);
    // A manual connect while the tag says disconnect.
    else if (error === 'InvalidRequest') assert.match(cause ?? '', /is "disconnect", so a connect would be undone/);
    else assert.match(endState, /^(Connected|Disconnected|NothingToDo|NoLongerWanted)$/, cause);
    if (endState === 'NothingToDo')
      assert.match((output as { reason: string }).reason, /^(Execution arn:aws:states:\S+ is working|The tag )/);
  }
}

const recordOf = async () => (await cloud.registry.get(cloud.world.cluster.arn)) as Record<string, unknown> | undefined;

/** The cluster is connected, or nothing is left, and nobody holds it. */
async function endsIn(): Promise<Action> {
  const record = await recordOf();
  assert.equal(record?.holder, undefined);
  const isConnected = record?.status === 'connected';
  assert.deepEqual(removable(cloud), isConnected ? ['private link', 'connection', 'statement'] : []);
  if (isConnected) return 'connect';
  assert.equal(record?.privateLink ?? record?.connection ?? record?.statement, undefined);
  return 'disconnect';
}

suite('a crowd of runs of one cluster:', () => {
  for (const executionsAppearAfterSeconds of [0, 120])
    test(`of 20 connects, exactly one works, and the others name it (executions appear after ${executionsAppearAfterSeconds} s)`, async () => {
      const { foreign, made } = await begin({ executionsAppearAfterSeconds });
      for (let count = 0; count < 20; count++) {
        if (count % 3 > 0) startByHand('connect');
        else await startByTag('connect');
      }
      const runs = await allEnded();
      const [worker = assert.fail('none works'), ...others] = oneAfterTheOther(cloud);
      assert.deepEqual(others, []);
      for (const { execution, endState, output } of runs) {
        if (execution === worker) assert.equal(endState, 'Connected');
        else assert.ok((output as { reason: string }).reason.startsWith(`Execution ${worker.arn} is working on`));
      }
      assert.ok(made.length > 3);
      for (const change of made) assert.deepEqual(change, { ...change, executionArn: worker.arn, isByHolder: true });
      assert.equal(new Set(made.map(({ operation }) => operation)).size, made.length, 'nothing is created twice');
      assert.equal(await endsIn(), 'connect');
      assert.equal(foreignThings(cloud), foreign);
    });

  for (const [seed, executionsAppearAfterSeconds] of [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 120],
    [5, 0],
  ] as const)
    test(`20 connects and 5 disconnects end in one of the two states (order ${seed}, executions appear after ${executionsAppearAfterSeconds} s)`, async () => {
      const next = random(seed);
      const { foreign, made } = await begin({ executionsAppearAfterSeconds });
      const actions = Array.from({ length: 25 }, (_, index): Action => (index < 20 ? 'connect' : 'disconnect'));
      for (const action of shuffled(actions, next)) {
        if (next() < 0.6) startByHand(action);
        else await startByTag(action);
        // Some start while a function works, others while the machine waits.
        if (next() < 0.3) await cloud.clock.wait(next() * 120);
      }
      assertEnds(await allEnded());
      oneAfterTheOther(cloud);
      for (const change of made) assert.deepEqual(change, { ...change, isByHolder: true });
      await endsIn();
      assert.equal(foreignThings(cloud), foreign);

      // The sweep brings the cluster to the state that the tag asks for.
      cloud.clock.advance(16);
      await cloud.sweep();
      await allEnded();
      assert.equal(await endsIn(), cloud.world.cluster.tags.all['atlas-streaming']);
      assert.equal(foreignThings(cloud), foreign);
    });
});

const exited = { errorType: 'Runtime.ExitError', errorMessage: 'Error: Runtime exited with error: exit status 1' };

/** Lets a run go on until it invokes the function of a state, and stops it there, before the function makes a call. */
async function stoppedAt(state: string, victim: Execution, stop: () => Promise<unknown>): Promise<void> {
  const { interceptInvocation } = cloud;
  const stopped = Promise.withResolvers<void>();
  cloud.interceptInvocation = async (invocation, next) => {
    const { executionArn } = invocation.payload as { executionArn?: string };
    if (invocation.name !== state || executionArn !== victim.arn) return interceptInvocation(invocation, next);
    cloud.interceptInvocation = interceptInvocation;
    await stop();
    while (!victim.ended) await setTimeout(1);
    stopped.resolve();
    return { milliseconds: 0, error: exited };
  };
  await stopped.promise;
  await victim.result;
}

async function tagged(action: Action): Promise<Execution> {
  const [execution = assert.fail('the tag starts no execution')] = await cloud.tag({ 'atlas-streaming': action });
  return execution;
}

const assertLost = ({ status, error, cause = '' }: Ended) => {
  assert.deepEqual([status, error], ['FAILED', 'ClaimLost'], cause);
  assert.match(cause, /Don't redrive it/);
};

suite('an execution that was stopped and is redriven changes nothing:', () => {
  const times = ['while the other run works', 'after the other run has ended'];
  for (const state of ['AssociateScramSecret', 'ApplyClusterPolicy', 'RequestPrivateLink', 'CreateConnection'])
    for (const [index, time] of times.entries())
      test(`a connect in ${state}, stopped by a disconnect, ${time}`, async () => {
        const { foreign, made } = await begin({ scramSecrets: [{ isAssociated: false }] });
        const { cluster, scramSecrets } = cloud.world;
        const connect = cloud.start({ clusterArn: cluster.arn, secretArn: scramSecrets[0]?.arn });
        let disconnect: Execution | undefined;
        await stoppedAt(state, connect, async () => {
          disconnect = await tagged('disconnect');
        });
        assert.ok(disconnect);
        const before = made.length;
        if (index > 0) assert.equal((await disconnect.result).endState, 'Disconnected');
        connect.redrive();
        assertLost(await ended(connect));
        assert.equal((await disconnect.result).endState, 'Disconnected');
        assert.ok(made.slice(before).every(({ executionArn }) => executionArn === disconnect?.arn));
        assert.equal(await endsIn(), 'disconnect');
        assert.equal(await recordOf(), undefined);
        assert.equal(foreignThings(cloud), foreign);
      });

  for (const state of ['DeleteConnection', 'DeletePrivateLink', 'RemoveClusterPolicy', 'RecordRemoval'])
    for (const [index, time] of times.entries())
      test(`a disconnect in ${state}, stopped by a person and followed by a connect, ${time}`, async () => {
        const { foreign, made } = await begin();
        assert.equal((await startByHand('connect').result).endState, 'Connected');
        const disconnect = await tagged('disconnect');
        await stoppedAt(state, disconnect, async () => disconnect.abort());
        const connect = await tagged('connect');
        if (index === 0) await entered(connect, 'CheckPrerequisites');
        else assert.equal((await connect.result).endState, 'Connected');
        const before = made.length;
        disconnect.redrive();
        assertLost(await ended(disconnect));
        assert.equal((await connect.result).endState, 'Connected');
        assert.ok(made.slice(before).every(({ executionArn }) => executionArn === connect.arn));
        assert.equal(await endsIn(), 'connect');
        assert.equal(foreignThings(cloud), foreign);
      });
});
