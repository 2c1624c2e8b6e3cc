import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
export const dist = join(root, 'dist');

/**
 * Bundles each folder of functions/ in memory: one ES module each, with its source map.
 *
 * @returns `outputFiles`, and `metafile`: which files of the project and its dependencies each bundle contains
 */
export const bundle = () =>
  build({
    ...settings,
    entryPoints: entryPoints(),
    outdir: dist,
    write: false,
    metafile: true,
  });

export const entryPoints = () =>
  readdirSync(join(root, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ in: `functions/${name}/handler.ts`, out: name }));

/**
 * Keeps dependencies out of the source maps, which halves a zip: stack traces need our own code only. esbuild reads a file's
 * inline source map. We append one that maps only positions after the file's end, so the file adds nothing.
 *
 * @see https://github.com/evanw/esbuild/issues/1685
 */
const ownCodeInMaps: Plugin = {
  name: 'own code in maps',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]node_modules[/\\].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const mappings = `${';'.repeat(source.split('\n').length + 1)}AAAA`;
      const map = Buffer.from(JSON.stringify({ version: 3, sources: [''], names: [], mappings })).toString('base64');
      return { contents: `${source}\n//# sourceMappingURL=data:application/json;base64,${map}` };
    });
  },
};

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
  // For Node, esbuild picks CommonJS by default, and cannot remove unused code from it.
  mainFields: ['module', 'main'],
  alias: { '@aws-sdk/credential-provider-node': './packaging/environment-credentials.ts' },
  // Source maps have the paths of packages. A node_modules that is a link must not bring the path of its target into them.
  preserveSymlinks: true,
  // digest-fetch imports it only if there is no global fetch.
  external: ['node-fetch'],
  // Dependencies in CommonJS require Node's modules, and an ES module has no `require`.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
} satisfies BuildOptions;
