import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { bundle, dist, settings } from '../packaging/bundle.ts';

/** The AWS services of which a function's bundle holds a client, and a call that reads something there. */
const services = {
  kafka: { client: 'KafkaClient', command: 'DescribeClusterV2Command', input: '{ClusterArn:event.clusterArn}' },
  'secrets-manager': {
    client: 'SecretsManagerClient',
    command: 'GetSecretValueCommand',
    input: '{SecretId:event.secretArn}',
  },
  sfn: {
    client: 'SFNClient',
    command: 'DescribeExecutionCommand',
    input: '{executionArn:event.executionArn}',
  },
} as const;
export type ServiceClient = keyof typeof services;

/** What a function is compared with. */
export type Baseline = 'echo' | 'fetch' | `${'builds' | 'calls'} ${string}`;

/** The name of the baseline that builds the same clients, or makes one call with each of them and with Atlas. */
export const baselineFor = (kind: 'builds' | 'calls', clients: ServiceClient[]): Baseline =>
  `${kind} ${clients.toSorted().join('+')}`;

/** Which AWS clients each function's bundle holds, by the function's folder. */
export async function clientsOfFunctions(): Promise<Map<string, ServiceClient[]>> {
  const { metafile } = await bundle();
  return new Map(
    Object.entries(metafile.outputs).flatMap(([path, { inputs }]) => {
      const name = /([^/]+)\.mjs$/.exec(path)?.[1];
      const isIn = (service: string) =>
        Object.keys(inputs).some((file) => file.includes(`/@aws-sdk/client-${service}/`));
      return name ? [[name, (Object.keys(services) as ServiceClient[]).filter(isIn)] as const] : [];
    }),
  );
}

export const functionBundle = (folder: string): string => join(dist, `${folder}.mjs`);

/** Bundles that exist for a benchmark only, made with the settings of those that deploy. */
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

/** The smallest program that does what its name says. */
export function sourceOf(baseline: Baseline): string {
  if (baseline === 'echo') return 'export const handler = async (event) => event;';
  // Atlas is called by global fetch, without any authentication: the least that a call to it can be.
  const atlas = 'if (event.atlasUrl) await (await fetch(event.atlasUrl)).text();';
  if (baseline === 'fetch') return `export const handler = async (event) => { ${atlas} };`;
  const [kind, names = ''] = baseline.split(' ');
  const clients = names.split('+').map((name) => services[name as ServiceClient]);
  const imports = names.split('+').map((name, index) => {
    const { client, command } = clients[index] ?? services.kafka;
    return `import { ${kind === 'calls' ? `${client}, ${command}` : client} } from '@aws-sdk/client-${name}';`;
  });
  const made = clients.map(({ client }) => `new ${client}({})`).join(', ');
  const calls = clients.map(
    ({ command, input }, index) => `await clients[${index}].send(new ${command}(${input})).catch(() => undefined);`,
  );
  return [
    ...imports,
    `const clients = [${made}];`,
    'export const handler = async (event) => {',
    ...(kind === 'calls' ? [...calls, atlas] : []),
    '  return event;',
    '};',
  ].join('\n');
}

/** The size of a zip with these files, as Serverless makes it: deflated, with yazl's headers and extended timestamps. */
export function zipBytes(files: { name: string; content: Uint8Array }[]): number {
  const endOfDirectory = 22;
  return files.reduce((sum, { name, content }) => {
    const [header, descriptor, entry] = [30 + name.length, 16, 46 + name.length + 9];
    return sum + header + deflateRawSync(content).length + descriptor + entry;
  }, endOfDirectory);
}

/** Of a function's zip: the bundle and its source map. */
export function zipBytesOf(folder: string): number {
  const names = [`dist/${folder}.mjs`, `dist/${folder}.mjs.map`];
  return zipBytes(names.map((name) => ({ name, content: readFileSync(join(settings.absWorkingDir, name)) })));
}
