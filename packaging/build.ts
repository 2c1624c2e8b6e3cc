import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundle, dist } from './bundle.ts';

/**
 * Writes the bundles into dist/ and removes what is no bundle any more. A file changes in one step, and only if its
 * content does, so that whoever runs or packages the bundles meanwhile finds them whole.
 */
export async function build(): Promise<void> {
  await mkdir(dist, { recursive: true });
  const { outputFiles } = await bundle();
  await Promise.all(outputFiles.map(({ path, contents }) => replace(path, contents)));

  const current = new Set(outputFiles.map(({ path }) => basename(path)));
  const strays = (await readdir(dist)).filter((name) => /\.mjs(\.map)?$/.test(name) && !current.has(name));
  await Promise.all(strays.map((name) => rm(join(dist, name), { force: true })));
}

async function replace(path: string, contents: Uint8Array): Promise<void> {
  const existing = await readFile(path).catch(() => undefined);
  if (existing?.equals(contents)) return;
  const written = `${path}.${process.pid}`;
  await writeFile(written, contents);
  await rename(written, path);
}

// Not awaited: Serverless loads this module with require(), which takes no top-level await.
if (import.meta.main) void build();
