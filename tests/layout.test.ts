import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const linesOf = (path: string) => read(path).trimEnd().split('\n').length;

/** Files of the project that match, without those of dependencies. */
const filesIn = (...patterns: string[]) => globSync(patterns, { cwd: root }).toSorted();

/** The files of the project that a file imports, types included. */
const importsOf = (path: string) =>
  [...read(path).matchAll(/\b(?:from|import) ?\(?'(\.[^']+)'/g)].map(([, specifier = '']) =>
    relative(root, join(root, path, '..', specifier)),
  );

/** The imports of these files that are not allowed, as `a.ts imports b.ts`. */
const forbidden = (patterns: string[], isForbidden: (imported: string, importer: string) => boolean) => {
  const files = filesIn(...patterns);
  assert.ok(files.flatMap(importsOf).length > 0);
  return files.flatMap((importer) =>
    importsOf(importer)
      .filter((imported) => isForbidden(imported, importer))
      .map((imported) => `${importer} imports ${imported}`),
  );
};

const folderOf = (path: string) => path.split('/').slice(0, 2).join('/');
const ships = ['functions/**/*.ts', 'shared/**/*.ts'];

suite('the layout of the project', () => {
  test('has no import cycle, types included', () => {
    const biome = join(root, 'node_modules/.bin/biome');
    const { status, stdout, stderr } = spawnSync(biome, ['lint', '--only=suspicious/noImportCycles', '.'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(read('biome.json'), /"noImportCycles": \{ "level": "error", "options": \{ "ignoreTypes": false \} \}/);
  });

  test('keeps shared/ independent of functions/', () => {
    assert.deepEqual(
      forbidden(['shared/**/*.ts'], (imported) => imported.startsWith('functions/')),
      [],
    );
  });

  test('keeps the functions independent of each other', () => {
    const isAnotherFunction = (imported: string, importer: string) =>
      imported.startsWith('functions/') && folderOf(imported) !== folderOf(importer);
    assert.deepEqual(forbidden(['functions/**/*.ts'], isAnotherFunction), []);
  });

  test('deploys only what is in functions/ and shared/', () => {
    assert.deepEqual(
      forbidden(ships, (imported) => !/^(functions|shared)\//.test(imported)),
      [],
    );
  });

  test('keeps the emulator of Atlas independent of the code that it tests', () => {
    assert.deepEqual(
      forbidden(['emulators/atlas/**/*.ts'], (imported) => !imported.startsWith('emulators/')),
      [],
    );
  });

  test('has no deployed file of more than 250 lines', () => {
    assert.deepEqual(
      filesIn(...ships).filter((path) => linesOf(path) > 250),
      [],
    );
  });

  test('has state machines of at most 850 lines together', () => {
    const files = filesIn('statemachine/*.yaml');
    assert.ok(files.length > 0);
    const lines = files.reduce((sum, path) => sum + linesOf(path), 0);
    assert.ok(lines <= 850, `${lines} lines`);
  });

  test('has a README of at most 200 lines', () => {
    assert.ok(linesOf('README.md') <= 200, `${linesOf('README.md')} lines`);
  });
});
