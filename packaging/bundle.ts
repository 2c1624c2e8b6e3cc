import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { withConstantKeys } from './constant-keys.ts';

const root = join(import.meta.dirname, '..');
export const dist = join(root, 'dist');

/**
 * Bundles every folder of functions/ in memory, as it deploys: one ES module each, with its source map.
 *
 * @returns `outputFiles`, and `metafile`: which files of the project and its dependencies went into which bundle
 */
export const bundle = () =>
  build({
    ...settings,
    entryPoints: folders(join(root, 'functions')).map((name) => ({ in: `functions/${name}/handler.ts`, out: name })),
    outdir: dist,
    write: false,
    metafile: true,
  });

const folders = (parent: string) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/**
 * Keeps the dependencies out of the source maps: a stack trace leads to our own code, and the zip is less than half as
 * large as with the maps of the AWS SDK. esbuild follows the map that a file brings along; this one begins after its end.
 */
const ownCodeInMaps: Plugin = {
  name: 'own code in maps',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]node_modules[/\\].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const text = isSchemas.test(path) ? withConstantKeys(source) : source;
      const mappings = `${';'.repeat(text.split('\n').length + 1)}AAAA`;
      const map = JSON.stringify({ version: 3, sources: [basename(path)], names: [], mappings });
      const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
      return { contents: `${text}\n//# sourceMappingURL=${url}` };
    });
  },
};

/** Of a client of the AWS SDK. */
const isSchemas = /[/\\]@aws-sdk[/\\]client-[\w-]+[/\\]dist-es[/\\]schemas[/\\]\w+\.js$/;

/** What makes a bundle that deploys. */
export const settings = {
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  legalComments: 'none',
  sourcemap: true,
  sourcesContent: false,
  plugins: [ownCodeInMaps],
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // esbuild's default for Node prefers CommonJS, of which it can drop nothing that is unused.
  mainFields: ['module', 'main'],
  alias: {
    '@aws-sdk/credential-provider-node': './packaging/environment-credentials.ts',
    '@smithy/core/event-streams': './packaging/no-event-streams.ts',
    'base-64': './packaging/digest-hashes.ts',
    'js-sha256': './packaging/digest-hashes.ts',
    'js-sha512': './packaging/digest-hashes.ts',
    md5: './packaging/digest-hashes.ts',
  },
  // digest-fetch imports it only where there is no global fetch.
  external: ['node-fetch'],
  // The CommonJS among the dependencies requires modules of Node, and an ES module has no `require`.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
} satisfies BuildOptions;
