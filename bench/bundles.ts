import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import type { ServiceName } from '../emulators/emulator.ts';
import { bundle, dist, settings } from '../packaging/bundle.ts';

/** The AWS services whose clients our bundles contain: the service's name in the local cloud, and one request to it. */
const services = {
  dynamodb: {
    service: 'dynamodb',
    client: 'DynamoDBClient',
    command: 'GetItemCommand',
    input: '{TableName:event.tableName,Key:{clusterArn:{S:event.clusterArn}}}',
  },
  kafka: {
    service: 'kafka',
    client: 'KafkaClient',
    command: 'DescribeClusterV2Command',
    input: '{ClusterArn:event.clusterArn}',
  },
  'secrets-manager': {
    service: 'secretsmanager',
    client: 'SecretsManagerClient',
    command: 'GetSecretValueCommand',
    input: '{SecretId:event.secretArn}',
  },
  sfn: {
    service: 'states',
    client: 'SFNClient',
    command: 'DescribeExecutionCommand',
    input: '{executionArn:event.executionArn}',
  },
  sns: {
    service: 'sns',
    client: 'SNSClient',
    command: 'PublishCommand',
    input: '{TopicArn:event.topicArn,Subject:"-",Message:"-"}',
  },
} as const satisfies Record<string, { service: ServiceName; client: string; command: string; input: string }>;
export type ServiceClient = keyof typeof services;

/** The number of HTTP requests that one invocation sends to each service. */
export type Requests = Partial<Record<ServiceName, number>>;

/** A minimal function that is measured for comparison. */
export type Baseline = 'echo' | `${'builds' | 'calls'} ${string}`;

/** The baseline that only builds these clients. */
export const buildsBaseline = (clients: ServiceClient[]): Baseline => `builds ${clients.toSorted().join('+')}`;

/** The baseline that builds these clients and sends as many requests. Those to Atlas have no authentication. */
export function callsBaseline(clients: ServiceClient[], requests: Requests): Baseline {
  const toAws = clients.toSorted().map((name) => `${name}:${requests[services[name].service] ?? 0}`);
  return `calls ${[...toAws, `atlas:${requests.atlas ?? 0}`].join('+')}`;
}

/** The AWS clients in each function's bundle, by the function's folder. @throws Error if the baselines don't know one */
export async function clientsOfFunctions(): Promise<Map<string, ServiceClient[]>> {
  const { metafile } = await bundle();
  return new Map(
    Object.entries(metafile.outputs).flatMap(([path, { inputs }]) => {
      const name = /([^/]+)\.mjs$/.exec(path)?.[1];
      const found = Object.keys(inputs).map((file) => /\/@aws-sdk\/client-([^/]+)\//.exec(file)?.[1] ?? []);
      const clients = [...new Set(found.flat())];
      const unknown = clients.filter((client) => !(client in services));
      if (unknown.length > 0)
        throw new Error(`The baselines have no client of ${unknown.join(', ')}, which ${path} contains.`);
      return name ? [[name, clients.toSorted() as ServiceClient[]] as const] : [];
    }),
  );
}

export const functionBundle = (folder: string): string => join(dist, `${folder}.mjs`);

/** Makes the bundles that only the benchmark needs, with the settings of the deployed ones. */
export class Workshop {
  readonly #directory = mkdtempSync(join(tmpdir(), 'bench-'));

  /** @returns the path of each baseline's bundle */
  async makeBaselines(baselines: Baseline[]): Promise<Map<Baseline, string>> {
    const entries = baselines.map((baseline) => ({ in: `baseline:${baseline}`, out: fileName(baseline) }));
    await build({
      ...settings,
      plugins: [...settings.plugins, baselineSources],
      entryPoints: entries,
      outdir: this.#directory,
    });
    return new Map(baselines.map((baseline) => [baseline, join(this.#directory, `${fileName(baseline)}.mjs`)]));
  }

  /** @returns the path of the runtime client's bundle */
  async makeRuntime(): Promise<string> {
    const entryPoints = [fileURLToPath(new URL('./runtime/client.ts', import.meta.url))];
    await build({ ...settings, entryPoints, outdir: this.#directory, sourcemap: false });
    return join(this.#directory, 'client.mjs');
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const fileName = (baseline: Baseline) => baseline.replaceAll(/\W/g, '-');

const baselineSources: Plugin = {
  name: 'baselines',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^baseline:/ }, ({ path }) => ({
      path: path.slice('baseline:'.length),
      namespace: 'baseline',
    }));
    onLoad({ filter: /.*/, namespace: 'baseline' }, ({ path }) => ({
      contents: sourceOf(path as Baseline),
      resolveDir: settings.absWorkingDir,
    }));
  },
};

/** The smallest program that does what the baseline's name says. */
export function sourceOf(baseline: Baseline): string {
  if (baseline === 'echo') return 'export const handler = async (event) => event;';
  const parts = baseline
    .slice(baseline.indexOf(' ') + 1)
    .split('+')
    .map((part) => part.split(':') as [ServiceClient | 'atlas', string?]);
  const lines = parts.map(([name, times = '0']) => (name === 'atlas' ? atlasLines(times) : awsLines(name, times)));
  return [
    ...lines.map(({ setUp }) => setUp),
    'export const handler = async (event) => {',
    ...lines.map(({ calls }) => calls),
    '  return event;',
    '};',
  ].join('\n');
}

interface Lines {
  setUp: string;
  calls: string;
}

function awsLines(name: ServiceClient, times: string): Lines {
  const { client, command, input } = services[name];
  const imported = times === '0' ? client : `${client}, ${command}`;
  const setUp = `import { ${imported} } from '@aws-sdk/client-${name}';\nconst built${client} = new ${client}({});`;
  return { setUp, calls: repeated(times, `await built${client}.send(new ${command}(${input}));`) };
}

const atlasLines = (times: string): Lines => ({
  setUp: "const { get } = process.getBuiltinModule('node:http');",
  calls: repeated(times, "await new Promise((done) => get(event.atlasUrl, (it) => it.resume().on('end', done)));"),
});

const repeated = (times: string, statement: string) =>
  times === '0' ? '' : `for (let call = 0; call < ${times}; call++) ${statement}`;

/** The size of a zip of these files as Serverless makes it: deflated, with yazl's headers and extended timestamps. */
export function zipBytes(files: { name: string; content: Uint8Array }[]): number {
  const endOfDirectory = 22;
  return files.reduce((sum, { name, content }) => {
    const [header, descriptor, entry] = [30 + name.length, 16, 46 + name.length + 9];
    return sum + header + deflateRawSync(content).length + descriptor + entry;
  }, endOfDirectory);
}

/** The size of a function's zip, which has the bundle and its source map. */
export function zipBytesOf(folder: string): number {
  const names = [`dist/${folder}.mjs`, `dist/${folder}.mjs.map`];
  return zipBytes(names.map((name) => ({ name, content: readFileSync(join(settings.absWorkingDir, name)) })));
}
