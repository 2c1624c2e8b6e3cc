import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { KafkaClient, ListTagsForResourceCommand } from '@aws-sdk/client-kafka';
import { atlasClient, atlasCredentialsOf } from '../../cli/atlas-access.ts';
import { keptOutput } from '../../docs/generators/keep.ts';
import { masked } from '../../docs/generators/outputs.ts';
import { keepCloud } from '../../local/keep.ts';
import type { Kept } from '../../local/kept.ts';
import type { Scenario } from '../../local/scenario.ts';
import { scenarios } from '../../local/scenarios.ts';
import { awsCli } from '../fixtures/aws-cli.ts';
import { type KeptCloud, startKeptCloud } from '../fixtures/kept-cloud.ts';

const cli = await awsCli();
const skip = typeof cli === 'string' && cli;

/** One local cloud for all tests, which follow each other. */
suite('npm start -- --keep', () => {
  let cloud: KeptCloud;
  before(async () => {
    cloud = await startKeptCloud('--speed', '9000');
  });
  after(() => cloud.interrupt());

  /** Calls the AWS CLI with the variables that the cloud has printed. */
  const aws = async <Answer>(...args: string[]) => {
    assert.ok(typeof cli !== 'string');
    return (await cli(args, cloud.environment)) as Answer;
  };

  /** Runs the command of ours that the cloud has printed. @returns its exit code and all of its output */
  const own = (command: 'preflight' | 'status' | 'remove') => {
    const printed = cloud.lines.find((line) => line.startsWith(`npm run ${command} -- `)) ?? '';
    const main = join(import.meta.dirname, '../../cli', command, 'main.ts');
    return new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile(
        process.execPath,
        [main, ...printed.split(' ').slice(4)],
        { env: cloud.environment },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
  };

  test('prints what docs/local-cloud.md shows', () => {
    const printed = masked(cloud.lines.join('\n'));
    assert.equal(masked(keptOutput().join('\n')).slice(0, printed.length), printed);
  });

  test('has a cluster that npm run preflight calls ready, and that npm run status does not list yet', async () => {
    const [preflight, status] = await Promise.all([own('preflight'), own('status')]);
    assert.match(preflight.output, /\nReady: a run would connect the cluster\.\n$/);
    assert.equal(preflight.code, 0);
    assert.doesNotMatch(status.output, /connected/);
    assert.equal(status.code, 0);
  });

  test('starts a run when the AWS CLI tags the cluster, and shows its end in tags, list and registry', {
    skip,
  }, async () => {
    await aws('kafka', 'tag-resource', '--resource-arn', cloud.clusterArn, '--tags', 'atlas-streaming=connect');
    await cloud.line(/Z {2}RUNNING {4}connect {5}orders {2}\S+$/);
    const line = await cloud.line(/Z {2}SUCCEEDED {2}connect {5}orders {2}\S+ {2}Connected after 1h \d\dm \d\ds$/);
    const name = line.split(/ {2,}/)[4];

    const list = ['kafka', 'list-tags-for-resource', '--resource-arn', cloud.clusterArn];
    const { Tags: tags } = await aws<{ Tags: Record<string, string> }>(...list);
    assert.deepEqual(
      [tags['atlas-streaming/status'], tags['atlas-streaming/execution']],
      ['connected', `connect/${name}`],
    );
    const [, machineArn = ''] = /--state-machine-arn (\S+)/.exec(cloud.lines.join('\n')) ?? [];
    const { executions } = await aws<{ executions: { name: string; status: string }[] }>(
      ...['stepfunctions', 'list-executions', '--state-machine-arn', machineArn, '--status-filter', 'SUCCEEDED'],
    );
    assert.deepEqual([executions.length, executions[0]?.name, executions[0]?.status], [1, name, 'SUCCEEDED']);
    const scan = ['dynamodb', 'scan', '--table-name', 'msk-atlas-privatelink-registry'];
    const { Items } = await aws<{ Items: { status: unknown }[] }>(...scan);
    assert.deepEqual(
      Items.map(({ status }) => status),
      [{ S: 'connected' }],
    );
  });

  test('has a connected cluster that npm run status lists, and for which npm run remove refuses', {
    skip,
  }, async () => {
    const [status, remove] = await Promise.all([own('status'), own('remove')]);
    assert.match(status.output, /orders/);
    assert.match(status.output, /connected/);
    assert.equal(status.code, 0);
    assert.match(remove.output, /orders/);
    assert.match(remove.output, /atlas-streaming=disconnect/);
    assert.equal(remove.code, 1);
  });

  test('ends when it is interrupted, also twice, with the exit code 0', async () => {
    const [ended] = await Promise.all([cloud.interrupt(), cloud.interrupt()]);
    assert.deepEqual(ended, { code: 0, stderr: '' });
    await assert.rejects(fetch(cloud.environment.AWS_ENDPOINT_URL_KAFKA ?? ''), { message: 'fetch failed' });
  });
});

suite('a local cloud that is kept up', { concurrency: true }, () => {
  /** @returns what it prints, and a way to wait until it has printed so many texts */
  function keep(scenario: Scenario, options: { json?: boolean; settings?: Record<string, string> } = {}) {
    const interruption = new AbortController();
    const printed: string[] = [];
    const waiting = new Set<() => void>();
    const ended = keepCloud({
      scenario,
      stage: 'local',
      settings: {},
      speed: 9000,
      json: false,
      print: (text) => {
        printed.push(text);
        for (const wake of waiting) wake();
      },
      signal: interruption.signal,
      ...options,
    });
    const texts = async (count: number) => {
      while (printed.length < count) await new Promise<void>((resolve) => waiting.add(resolve));
      return printed;
    };
    return { texts, end: () => interruption.abort(), ended };
  }

  test('prints one JSON document with --json, with all that a client needs', async () => {
    const { texts, end, ended } = keep(named('tags-stripped'), { json: true });
    const [json = ''] = await texts(1);
    const { environment, clusterArn, projectId, workspace, stateMachines }: Kept = JSON.parse(json);
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment;
    const { AWS_ENDPOINT_URL_KAFKA: endpoint = '', AWS_REGION: region = '' } = environment;
    const kafka = new KafkaClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    // The preparation of the scenario has connected the cluster and removed the tags.
    const { Tags } = await kafka.send(new ListTagsForResourceCommand({ ResourceArn: clusterArn }));
    assert.deepEqual(Tags, {});
    const atlas = atlasClient(atlasCredentialsOf(environment), environment.MONGODB_ATLAS_BASE_URL ?? '');
    assert.equal((await atlas.listConnections(projectId, workspace)).length, 1);
    assert.match(stateMachines.disconnect, /:stateMachine:msk-atlas-privatelink-local-disconnect$/);
    end();
    await ended;
    assert.equal((await texts(1)).length, 1);
  });

  test('starts the runs that the sweep finds, on the schedule of the deployment', async () => {
    const { texts, end, ended } = keep(named('sweep'), { settings: { sweepSchedule: 'rate(1 minute)' } });
    const [, started, connected] = await texts(3);
    end();
    await ended;
    assert.match(started ?? '', /Z {2}RUNNING {4}connect {5}orders {2}sweep-\S+$/);
    assert.match(connected ?? '', /Z {2}SUCCEEDED {2}connect {5}orders {2}sweep-\S+ {2}Connected after /);
  });

  test('ends at once if it is interrupted before it is up, although the preparation of the scenario never ends', async () => {
    const prepare = () => {
      during.end();
      return new Promise<void>(() => {});
    };
    const during = keep({ ...named('default'), prepare });
    const before = keep(named('default'));
    before.end();
    await Promise.all([during.ended, before.ended]);
    assert.deepEqual([...(await during.texts(0)), ...(await before.texts(0))], []);
  });
});

function named(name: string): Scenario {
  const scenario = scenarios.find((it) => it.name === name);
  assert.ok(scenario);
  return scenario;
}
