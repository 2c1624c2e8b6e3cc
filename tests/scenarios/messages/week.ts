import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import type { Cluster } from '../../../emulators/msk/cluster.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import { isOn, minutesBetween, Watched } from './watched.ts';

/** Clusters of one account, each with a peculiarity, for a week: for a day with a sweep every 15 minutes, then every hour. */
suite('in a week of sweeps, with notifyOnSuccess', () => {
  let watched: Watched;
  const clusters: Record<string, Cluster> = {};
  let subjects: string[];
  /** Before the week. */
  let subjectsBefore: string[];

  const create = (name: string, seed: Partial<ClusterSeed> = {}) => {
    const { world } = watched.cloud;
    const scramSecretArns = [world.scramSecrets[0]?.arn ?? ''];
    clusters[name] = world.createCluster({ name, ...isOn, scramSecretArns, ...seed });
  };
  const runsOf = (name: string) =>
    watched.cloud.executions.filter(({ input }) => JSON.stringify(input).includes(`:cluster/${name}/`));
  const about = (name: string, all = subjects) => all.filter((subject) => subject.startsWith(`${name}: `));

  before(async () => {
    watched = await Watched.start({ scramSecrets: [{}, { name: 'AmazonMSK_rotated' }] }, { notifyOnSuccess: 'true' });
    const { cloud } = watched;
    const { scramSecrets, project, secretsManager } = cloud.world;
    create('unchanged');
    create('stripped');
    create('moved');
    create('in-use', { scramSecretArns: [scramSecrets[1]?.arn ?? ''] });
    create('without-secret', { scramSecretArns: [] });
    create('mistyped', { tags: { 'atlas-streaming/project-id': 'payments' } });
    await Promise.all(Object.values(clusters).map(({ arn }) => watched.tag(undefined, arn)));
    subjectsBefore = await watched.subjects();

    await cloud.untag(['status', 'detail', 'execution', 'verified-at'].map(statusKey), clusters.stripped?.arn);
    await cloud.tag({ 'atlas-streaming/workspace': 'other' }, clusters.moved?.arn);
    const pipeline = [{ $source: { connectionName: 'in-use' } }];
    project.addProcessor('streams', { name: 'enrich', pipeline });
    secretsManager.rotate(scramSecrets[1]?.arn ?? '', '{"username":"rotated","password":"new"}');
    await watched.sweepFor(24);
    await cloud.untag(['status', 'detail', 'execution', 'verified-at'].map(statusKey), clusters.stripped?.arn);
    // Often enough for pauses of a day.
    await watched.sweepFor(6 * 24, 60);
    subjects = await watched.subjects();
  });

  test('a connect is one message', () => {
    assert.deepEqual(about('unchanged', subjectsBefore), ['unchanged: connect done']);
  });

  test('verifications that change nothing are no message', () => {
    assert.ok(runsOf('unchanged').length >= 28, `${runsOf('unchanged').length} runs`);
    assert.deepEqual(about('unchanged'), []);
  });

  test('a cluster that cannot be connected is one message, and is tried after 15 minutes, 1 hour, 6 hours, and daily', () => {
    assert.deepEqual(about('without-secret', subjectsBefore), ['without-secret: connect failed: PrerequisitesNotMet']);
    assert.deepEqual(about('without-secret'), []);
    const pauses = minutesBetween(runsOf('without-secret'));
    // A run starts with the first sweep after its pause.
    const isRight = (pause: number, index: number) => {
      const least = [15, 60, 360][index] ?? 1440;
      return pause >= least && pause < least + 60;
    };
    assert.ok(pauses.length === 9 && pauses.every(isRight), pauses.join());
  });

  test('a setting tag with a typing mistake is one message', () => {
    assert.deepEqual(about('mistyped', subjectsBefore), ['mistyped: connect failed: InvalidRequest']);
    assert.deepEqual(about('mistyped'), []);
    assert.equal(runsOf('mistyped').length, 10);
  });

  test('a rotated password that a running processor keeps out of Atlas is one message and one attempt', () => {
    assert.deepEqual(about('in-use'), ['in-use: connect failed: ConnectionInUse']);
    assert.equal(runsOf('in-use').length, ['connect', 'update'].length);
  });

  test('a setting that asks for another target is one message', () => {
    assert.deepEqual(about('moved'), ['moved: asked for another target']);
  });

  test('status tags that are removed twice are one message', () => {
    assert.deepEqual(about('stripped'), ['stripped: connect done']);
    assert.equal(clusters.stripped?.tags.all['atlas-streaming/status'], 'connected');
  });

  test('no alarm goes off', () => {
    assert.deepEqual(watched.alarms(), []);
  });
});

const statusKey = (name: string) => `atlas-streaming/${name}`;
