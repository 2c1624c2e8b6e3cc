import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { ProcessorSeed } from '../../emulators/atlas/processor.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import { mskError } from '../../emulators/msk/router.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { probeNameOf } from '../../shared/atlas/probe.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import type { Outcome } from '../../shared/outcomes.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  connectByHand,
  connectedCloud,
  disconnectByHand,
  type Ended,
  ended,
  entered,
  faultAt,
  logged,
  recordOf,
  swept,
} from './local-cloud.ts';
import { isByIam, onlyOnce, scramOnly } from './way.ts';

const pipeline = [
  { $source: { connectionName: 'orders', topic: 'orders' } },
  { $emit: { connectionName: '__testLog' } },
];

/** A cluster that is connected, with a stream processor that runs and uses the connection. */
async function cloudInUse(seed: WorldSeed = {}, ...processors: Partial<ProcessorSeed>[]): Promise<Cloud> {
  const cloud = await connectedCloud(seed);
  for (const processor of [{ name: 'enrich', tier: 'SP10' as const }, ...processors])
    cloud.world.project.addProcessor('streams', { name: 'other', pipeline, ...processor });
  return cloud;
}

const processorOf = ({ world }: Cloud, name = 'enrich') => world.project.processor('streams', name);

/** From now on, the connection must be updated: its password is old, or another party has given it another role. */
function makeOutdated({ world }: Cloud): void {
  if (isByIam()) {
    const aws = { roleArn: 'arn:aws:iam::123456789012:role/of-another-party' };
    const { settings } = world.project.connection('streams', 'orders');
    world.project
      .connection('streams', 'orders')
      .update({ ...settings, authentication: { mechanism: 'AWS_MSK_IAM', aws } });
  } else {
    const secret = JSON.stringify({ username: 'atlas', password: 'new' });
    world.secretsManager.rotate(world.scramSecrets[0]?.arn ?? '', secret);
  }
}

function assertUpdated({ world }: Cloud): void {
  const { authentication } = world.project.connection('streams', 'orders').settings;
  if (isByIam()) assert.doesNotMatch(authentication.aws?.roleArn ?? '', /of-another-party/);
  else assert.equal(authentication.password, 'new');
}

/** The processors that a run on its way to a failure has seen STARTED. */
const seenStarted = async (cloud: Cloud) =>
  ((await recordOf(cloud)).stoppedProcessors ?? []).flatMap((it) => (it.seenStarted ? it.name : []));

const restart = { restartProcessors: true };

/** Asks for another connection, with which a processor can log in before and after the update. */
const restartForConfig = { ...restart, config: { 'client.id': 'atlas' } };

const processorsIn = ({ output }: Ended): string[] =>
  (output as { done: Outcome[] }).done
    .filter(({ resource }) => resource === 'streamProcessor')
    .map(({ result, note }) => `${result}: ${note}`);

/** Atlas carries out the first call of an operation, and refuses all others. */
function refuseAfterFirst(cloud: Cloud, refused: string): void {
  let calls = 0;
  cloud.intercept = async ({ operation }, next) =>
    operation === refused && ++calls > 1 ? atlasError(400, 'VALIDATION_ERROR', 'No.').answer : next();
}

suite('a connection that must be updated, and that a running stream processor uses', () => {
  test('is updated between a stop and a start from the checkpoint, if the run may do that', async () => {
    const cloud = await cloudInUse({}, { name: 'without-a-tier' });
    cloud.world.project.addProcessor('streams', {
      name: 'of-another',
      pipeline: [{ $source: { connectionName: 'x' } }],
    });
    makeOutdated(cloud);
    const run = await connectByHand(cloud, restart);
    assertConnected(run);
    assertUpdated(cloud);
    const { state, startedFrom, checkpoint, tier } = processorOf(cloud);
    assert.deepEqual([state, startedFrom, tier], ['STARTED', 'checkpoint', 'SP10']);
    assert.ok((checkpoint ?? 0) >= 1000);
    assert.deepEqual(processorOf(cloud, 'of-another').runs, []);
    assert.deepEqual(changes(cloud), [
      'atlas stopGroupStreamProcessor',
      'atlas stopGroupStreamProcessor',
      'atlas updateGroupStreamConnection',
      'atlas startGroupStreamProcessorWith',
      'atlas startGroupStreamProcessorWith',
    ]);
    const [first, second, ...others] = processorsIn(run);
    const time = String.raw`\d+ min \d+ s`;
    assert.match(
      first ?? '',
      RegExp(`^updated: enrich was stopped for ${time}, and started again from its checkpoint on tier SP10$`),
    );
    assert.match(
      second ?? '',
      RegExp(`^updated: without-a-tier was stopped for ${time}, and started again from its checkpoint$`),
    );
    assert.deepEqual(others, []);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
    assert.ok(
      logged.some((line) => /"processor":"enrich".*"seconds":\d+|"seconds":\d+.*"processor":"enrich"/.test(line)),
    );
  });

  test('is left as it is if no setting allows a restart, and the run names the commands that do', async () => {
    const cloud = await cloudInUse();
    makeOutdated(cloud);
    const run = await connectByHand(cloud);
    assertFailed(
      run,
      'ConnectionInUse',
      /in use by stream processor "enrich".*\n {2}aws kafka tag-resource .* --tags atlas-streaming\/restart-processors=true\n.*"restartProcessors": true/,
    );
    assert.match(run.cause ?? '', /starts no run until the cluster, .* or the parameter restartProcessors changes/);
    assert.equal(processorOf(cloud).state, 'STARTED');
    assert.deepEqual(changes(cloud), []);
  });

  test('is not tried again until a tag allows the restart', async () => {
    const cloud = await cloudInUse();
    makeOutdated(cloud);
    assertFailed(await connectByHand(cloud), 'ConnectionInUse', /enrich/);
    for (const hours of [0, 1, 24, 48]) assert.deepEqual((await swept(cloud, hours * 60)).ends, [], `${hours} h`);
    await cloud.tag({ [settingTags.restartProcessors]: 'true' });
    const { result, runs } = await swept(cloud, 15);
    assert.match(result.started[0]?.reason ?? '', /runs may stop and start its stream processors now/);
    assertConnected(runs[0] ?? assert.fail('not started'));
    assertUpdated(cloud);
    assert.equal(processorOf(cloud).state, 'STARTED');
  });

  test('waits for a processor that is starting, and stops it then', async () => {
    const cloud = await cloudInUse({}, { state: 'CREATED' });
    const other = processorOf(cloud, 'other');
    other.start(() => undefined);
    assert.equal(other.state, 'PROVISIONING');
    makeOutdated(cloud);
    const run = await connectByHand(cloud, restart);
    assertConnected(run);
    assertUpdated(cloud);
    assert.equal(processorsIn(run).length, 2);
    assert.deepEqual([processorOf(cloud).state, other.state], ['STARTED', 'STARTED']);
  });

  test('stays in use if a processor never stops, and no other processor is stopped', async () => {
    const cloud = await cloudInUse({}, { state: 'STOPPING' });
    makeOutdated(cloud);
    const run = await connectByHand(cloud, restart);
    assertFailed(
      run,
      'ConnectionInUse',
      /15 minutes after .* still in use by .*"other" \(STOPPING\).* has stopped none/,
    );
    assert.deepEqual(changes(cloud), []);
    assert.deepEqual([processorOf(cloud).state, processorOf(cloud).runs], ['STARTED', []]);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
  });

  test('stays in use if one that the run has stopped never stops: the next run starts the others again', async () => {
    const cloud = await cloudInUse({}, {});
    makeOutdated(cloud);
    cloud.intercept = async ({ operation, path }, next) => {
      const answer = await next();
      if (operation === 'stopGroupStreamProcessor' && path.includes('other'))
        processorOf(cloud, 'other').state = 'STOPPING';
      return answer;
    };
    const run = await connectByHand(cloud, restart);
    assertFailed(run, 'ConnectionInUse', /15 minutes after .* it is still in use by "other" \(STOPPING\)\. Look/);
    cloud.intercept = (_, next) => next();
    processorOf(cloud, 'other').state = 'STOPPED';
    assertConnected(await connectByHand(cloud, restart));
    assertUpdated(cloud);
    assert.deepEqual([processorOf(cloud).state, processorOf(cloud, 'other').state], ['STARTED', 'STARTED']);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
  });

  test(
    'stays as it is if Atlas says for too long that it is in use, although no processor uses it',
    onlyOnce,
    async () => {
      const cloud = await cloudInUse();
      cloud.intercept = async ({ operation }, next) =>
        operation === 'updateGroupStreamConnection'
          ? atlasError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS', 'In use.').answer
          : next();
      const run = await connectByHand(cloud, restartForConfig);
      assertFailed(run, 'ConnectionInUse', /15 minutes after .* shows no stream processor that uses it/);
      assert.equal(processorOf(cloud).state, 'STARTED');
      assert.deepEqual(await seenStarted(cloud), ['enrich']);
    },
  );

  test('gets its processors back if Atlas refuses the update', async () => {
    const cloud = await cloudInUse();
    refuseAfterFirst(cloud, 'updateGroupStreamConnection');
    const run = await connectByHand(cloud, restartForConfig);
    assertFailed(run, 'AtlasRefused', /^CreateConnection failed: .*VALIDATION_ERROR(.|\n)*enrich was stopped for/);
    assert.equal(processorOf(cloud).state, 'STARTED');
  });

  test('gets them back from the next run if they cannot log in before the update', scramOnly, async () => {
    const cloud = await cloudInUse();
    makeOutdated(cloud);
    refuseAfterFirst(cloud, 'updateGroupStreamConnection');
    const run = await connectByHand(cloud, restart);
    assertFailed(run, 'AtlasRefused', /Also, StartProcessors failed.*enrich.*it is FAILED.*The next run that updates/);
    assert.equal(processorOf(cloud).state, 'FAILED');
    assert.equal((await recordOf(cloud)).stoppedProcessors?.length, 1);
    cloud.intercept = (_, next) => next();
    assertConnected(await connectByHand(cloud, restart));
    assertUpdated(cloud);
    assert.deepEqual([processorOf(cloud).state, processorOf(cloud).startedFrom], ['STARTED', 'checkpoint']);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
  });

  test('gets one back that fails after the run that has seen it STARTED', async () => {
    const cloud = await cloudInUse();
    refuseAfterFirst(cloud, 'updateGroupStreamConnection');
    const run = await connectByHand(cloud, restartForConfig);
    assertFailed(run, 'AtlasRefused', /enrich was stopped for .*, and started again/);
    assert.deepEqual(await seenStarted(cloud), ['enrich']);
    processorOf(cloud).state = 'FAILED';
    cloud.intercept = (_, next) => next();
    // Nothing has to be given back, so the sweep pauses as after any failure.
    assert.deepEqual((await swept(cloud, 1)).runs, []);
    assertConnected((await swept(cloud, 20)).runs[0] ?? assert.fail('not started'));
    assert.deepEqual([processorOf(cloud).state, processorOf(cloud).startedFrom], ['STARTED', 'checkpoint']);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
  });

  test('gets them back if Atlas refuses the list of processors after the stop', async () => {
    const cloud = await cloudInUse();
    refuseAfterFirst(cloud, 'getGroupStreamProcessors');
    assertFailed(await connectByHand(cloud, restartForConfig), 'AtlasRefused', /^StopProcessors failed/);
    assert.equal(processorOf(cloud).state, 'STARTED');
  });

  test('is reported if a processor does not start again, with the command that starts it', async () => {
    const cloud = await cloudInUse();
    makeOutdated(cloud);
    cloud.world.atlas.behaviour.processorStartMinutes = 30;
    const run = await connectByHand(cloud, restart);
    assertFailed(
      run,
      'ProcessorsNotStarted',
      /Stream processor "enrich" did not start again, because it is still PROVISIONING\..*\n {2}atlas streams processors start enrich --projectId [0-9a-f]+ --instance streams\n/,
    );
    assertUpdated(cloud);
    assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
  });

  test('is updated all the same if another party changes, starts or deletes a processor meanwhile', async () => {
    const cloud = await cloudInUse({}, { name: 'started' }, { name: 'deleted' }, { name: 'resized', tier: 'SP10' });
    makeOutdated(cloud);
    cloud.intercept = async ({ operation }, next) => {
      const answer = await next();
      if (operation === 'updateGroupStreamConnection' && answer.status === 200) {
        processorOf(cloud).pipeline = [...pipeline, { $match: {} }] as typeof pipeline;
        processorOf(cloud, 'resized').tier = 'SP30';
        processorOf(cloud, 'started').state = 'STARTED';
        const { processors } = cloud.world.project.workspace('streams');
        processors.splice(processors.indexOf(processorOf(cloud, 'deleted')), 1);
      }
      return answer;
    };
    const run = await connectByHand(cloud, restart);
    assertConnected(run);
    assert.deepEqual(processorsIn(run).toSorted(), [
      'kept: deleted was not started again, because it no longer exists',
      'kept: enrich was not started again, because another party has changed its pipeline',
      'kept: resized was not started again, because another party has changed its tier from SP10 to SP30',
      'kept: started was not started again, because it runs already',
    ]);
    assert.equal(processorOf(cloud).state, 'STOPPED');
  });
});

suite('stream processors that a run has stopped before it died', () => {
  /** A run that is stopped while it waits for the processors to stop. */
  async function diedRun(input: object = restartForConfig) {
    const cloud = await cloudInUse();
    if (input === restart) makeOutdated(cloud);
    const execution = cloud.start({ clusterArn: cloud.world.cluster.arn, ...input });
    await entered(execution, 'WaitForProcessorsToStop');
    execution.abort();
    await ended(execution);
    cloud.clock.advance(5);
    assert.equal(processorOf(cloud).state, 'STOPPED');
    assert.equal((await recordOf(cloud)).stoppedProcessors?.length, 1);
    return cloud;
  }

  test('are started by the next sweep, with or without the tag', async () => {
    for (const tag of ['connect', 'hold']) {
      const cloud = await diedRun(restart);
      cloud.world.cluster.tags.setWithoutEvent({ 'atlas-streaming': tag });
      const { runs } = await swept(cloud);
      assertConnected(runs[0] ?? assert.fail('not started'));
      assert.equal(processorOf(cloud).state, 'STARTED');
      assert.equal((await recordOf(cloud)).stoppedProcessors, undefined);
      assertUpdated(cloud);
    }
  });

  test('are started by a disconnect, which then ends as it would have before', async () => {
    const cloud = await diedRun();
    const run = await disconnectByHand(cloud);
    assert.deepEqual([run.endState, run.error], ['RemovalFailed', 'ConnectionInUse']);
    assert.match(run.cause ?? '', /enrich was stopped for .*, and started again/);
    assert.equal(processorOf(cloud).state, 'STARTED');
  });

  test('are started by a disconnect also if it cannot end a probe', async () => {
    const cloud = await diedRun();
    const { arn } = cloud.world.cluster;
    const { id: projectId } = cloud.world.project;
    const probe = {
      name: probeNameOf(arn),
      startedAt: cloud.clock.now().toISOString(),
      projectId,
      workspace: 'streams',
    };
    await cloud.registry.put({ ...(await recordOf(cloud)), clusterArn: arn, probe });
    cloud.world.project.addProcessor('streams', { name: probe.name, pipeline });
    cloud.intercept = async ({ operation, path }, next) =>
      operation === 'stopGroupStreamProcessor' && path.includes(probe.name)
        ? atlasError(403, 'USER_UNAUTHORIZED', 'No.').answer
        : next();
    const run = await disconnectByHand(cloud);
    assert.equal(run.endState, 'RemovalFailed');
    assert.match(run.cause ?? '', /^EndProbe failed: (.|\n)*enrich was stopped for .*, and started again/);
    assert.equal(processorOf(cloud).state, 'STARTED');
  });

  test('are left alone by a dry run', async () => {
    const cloud = await diedRun();
    assert.equal((await connectByHand(cloud, { dryRun: true })).endState, 'Planned');
    assert.equal((await disconnectByHand(cloud, { dryRun: true })).endState, 'Planned');
    assert.equal(processorOf(cloud).state, 'STOPPED');
  });

  test('are reported by a disconnect if they do not start', async () => {
    const cloud = await diedRun();
    cloud.world.atlas.behaviour.billing = false;
    const run = await disconnectByHand(cloud);
    assert.deepEqual([run.endState, run.error], ['RemovalFailed', 'ProcessorsNotStarted']);
    assert.match(run.cause ?? '', /Atlas refuses to start it: .*HTTP 402/);
  });

  test('are started also if the run fails before it gets to the connection', async () => {
    const cloud = await diedRun();
    cloud.intercept = faultAt(
      'DescribeClusterV2',
      () => mskError('ForbiddenException', 'Not you.').answer,
      Number.POSITIVE_INFINITY,
    );
    const run = await connectByHand(cloud);
    assert.equal(run.endState, 'SetupFailed');
    assert.equal(processorOf(cloud).state, 'STARTED');
  });
});
