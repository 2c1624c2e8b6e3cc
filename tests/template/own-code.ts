import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { dist, entryPoints, settings } from '../../packaging/bundle.ts';

/** The classes through which our code calls a service. */
const clients = {
  kafka: 'shared/msk/client.ts',
  states: 'shared/executions.ts',
  secretsmanager: 'shared/secrets/client.ts',
  dynamodb: 'shared/registry/registry.ts',
};

/** Our own code without its dependencies: esbuild drops functions that are never reached, but no methods of a class. */
const ownCode = await build({
  ...settings,
  plugins: [],
  packages: 'external',
  minify: false,
  sourcemap: false,
  entryPoints: entryPoints(),
  outdir: dist,
  write: false,
  metafile: true,
});

/**
 * The IAM actions that a function's code can call. At all of our services, each operation has one action of the same name.
 *
 * @param folder in functions/
 */
export function calledActions(folder: string): string[] {
  const text = textOf(folder);
  const modules = modulesOf(folder);
  // Inside a class, a method calls another one by `this`.
  const calledNames = new Set([...text.matchAll(/(?<!\bthis)\.(\w+)\(/g)].map(([, name = '']) => name));
  const ofClients = Object.entries(clients)
    .filter(([, file]) => modules.includes(file))
    .flatMap(([service, file]) => {
      const methods = methodsIn(file);
      return Object.keys(methods)
        .filter((name) => calledNames.has(name))
        .flatMap((name) => operationsOf(name, methods))
        .map((operation) => `${service}:${operation}`);
    });
  // SNS is called directly.
  const published = text.includes('new PublishCommand(') ? ['sns:Publish'] : [];
  return [...new Set([...ofClients, ...published])];
}

/** The environment variables that a function's code reads: they are fields of schemas. */
export const readVariables = (folder: string): string[] => [
  ...new Set(Array.from(textOf(folder).matchAll(/\b([A-Z_]+): z\d*\./g), ([, name = '']) => name)),
];

/** The files of the project that a function's code consists of, at least in part. */
export function modulesOf(folder: string): string[] {
  const { inputs = {} } = ownCode.metafile.outputs[`dist/${folder}.mjs`] ?? {};
  return Object.keys(inputs).filter((file) => (inputs[file]?.bytesInOutput ?? 0) > 0);
}

const textOf = (folder: string): string =>
  ownCode.outputFiles.find(({ path }) => path.endsWith(`/${folder}.mjs`))?.text ?? '';

/** The methods of the class in a file: name → source. */
function methodsIn(file: string): Record<string, string> {
  const source = readFileSync(join(settings.absWorkingDir, file), 'utf8');
  const start = source.indexOf('export class');
  const [, ...methods] = source.slice(start, source.indexOf('\n}\n', start)).split(/^ {2}(?:async )?(?=#?\w+\()/m);
  return Object.fromEntries(methods.map((method) => [method.slice(0, method.indexOf('(')), method]));
}

function operationsOf(name: string, methods: Record<string, string>): string[] {
  const source = methods[name] ?? '';
  const sent = Array.from(source.matchAll(/new (\w+)Command\(|\bpaginate(\w+)\(/g), ([, one, all]) => one ?? all ?? '');
  const others = Array.from(source.matchAll(/\bthis\.(#?\w+)\(/g), ([, other = '']) => other);
  return [...sent, ...others.flatMap((other) => operationsOf(other, methods))];
}
