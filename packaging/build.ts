import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundle, dist } from './bundle.ts';

/**
 * Writes the bundles to dist/ and removes old ones. A file is replaced in one step, and only if its content differs, so another
 * process that runs or packages the bundles at the same time always reads complete files.
 */
export async function build(): Promise<void> {
  await mkdir(dist, { recursive: true });
  const { outputFiles } = await bundle();
  await Promise.all(outputFiles.map(({ path, contents }) => replace(path, contents)));

  const currentNames = new Set(outputFiles.map(({ path }) => basename(path)));
  const oldFiles = (await readdir(dist)).filter((name) => /\.mjs(\.map)?$/.test(name) && !currentNames.has(name));
  await Promise.all(oldFiles.map((name) => rm(join(dist, name), { force: true })));
}

async function replace(path: string, contents: Uint8Array): Promise<void> {
  const existing = await readFile(path).catch(() => undefined);
  if (existing?.equals(contents)) return;
  const written = `${path}.${process.pid}`;
  await writeFile(written, contents);
  await rename(written, path);
}

// Not awaited: Serverless loads this module with require(), which does not support top-level await. Node 24.0 has no
// import.meta.main.
if (process.argv[1] === import.meta.filename) void build();
