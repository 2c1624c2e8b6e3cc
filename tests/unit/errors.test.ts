import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { transform } from 'esbuild';
import * as errors from '../../shared/errors.ts';

type Classes = Record<string, new (message: string, details: object) => Error>;

const details = { status: 404, errorCode: 'NOT_FOUND', code: 'NotFoundException', said: 'There is none.' };

describe('the name of an error', () => {
  it('is that of its class', () => {
    for (const [name, Class] of Object.entries(errors as Classes)) {
      const error = new Class('Something is wrong.', details);
      assert.ok(error instanceof Error);
      assert.deepEqual([error.name, error.message], [name, 'Something is wrong.']);
    }
  });

  it('survives minifying', async () => {
    const source = await readFile(new URL('../../shared/errors.ts', import.meta.url), 'utf8');
    const { code } = await transform(source, { loader: 'ts', minify: true, format: 'esm' });
    const minified: Classes = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    assert.deepEqual(Object.keys(minified).sort(), Object.keys(errors).sort());
    for (const [name, Class] of Object.entries(minified)) assert.equal(new Class('', details).name, name);
  });
});

describe('an error', () => {
  it('keeps its cause', () => {
    const cause = new Error('Earlier.');
    assert.equal(new errors.VersionConflict('Later.', { cause }).cause, cause);
    assert.equal(new errors.AwsRefused('Later.', { ...details, cause }).cause, cause);
  });

  it('keeps the codes on which the callers branch', () => {
    const { status, errorCode } = new errors.AtlasRefused('', details);
    const { code, said } = new errors.AwsRefused('', details);
    assert.deepEqual({ status, errorCode, code, said }, details);
  });
});
