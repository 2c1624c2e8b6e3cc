import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { transform } from 'esbuild';
import * as errors from '../../shared/errors.ts';

type Class = new (message: string, details: object) => Error;

const details = { status: 404, errorCode: 'NOT_FOUND', code: 'NotFoundException', said: 'It does not exist.' };

const { TransientError, ThrottlingError, RedirectError, NeedsPersonError } = errors;
/** The base classes, one for each reaction of a machine. ThrottlingError is a TransientError. */
const reactions = { TransientError, ThrottlingError, RedirectError, NeedsPersonError };

const classesOf = (module: object) =>
  Object.entries(module as Record<string, Class>).filter(([name]) => !Object.hasOwn(reactions, name));

describe('an error class', () => {
  const classes = classesOf(errors);

  it('exists', () => assert.ok(classes.length > 0));

  for (const [name, Class] of classes) {
    it(`has a name that equals its export: ${name}`, () => {
      const error = new Class('Something is wrong.', details);
      assert.ok(error instanceof Error);
      assert.deepEqual([error.name, error.message], [name, 'Something is wrong.']);
    });

    it(`has one reaction, which it or its parent extends directly: ${name}`, () => {
      const parent = Object.getPrototypeOf(Class);
      assert.ok(Object.values(reactions).some((it) => it === parent || it === Object.getPrototypeOf(parent)));
    });
  }

  it('has a literal name, which minifying keeps', async () => {
    const source = await readFile(new URL('../../shared/errors.ts', import.meta.url), 'utf8');
    const { code } = await transform(source, { loader: 'ts', minify: true, format: 'esm' });
    const minified: object = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    assert.deepEqual(Object.keys(minified).sort(), Object.keys(errors).sort());
    for (const [name, Class] of classesOf(minified)) assert.equal(new Class('', details).name, name);
  });
});

describe('the reactions', () => {
  it('are separate, except that throttling is transient', () => {
    assert.equal(Object.getPrototypeOf(ThrottlingError), TransientError);
    for (const reaction of [TransientError, RedirectError, NeedsPersonError])
      assert.equal(Object.getPrototypeOf(reaction), Error);
  });

  it('suit what happened', () => {
    assert.ok(new errors.AtlasThrottled('') instanceof errors.ThrottlingError);
    assert.ok(new errors.AwsThrottled('') instanceof errors.ThrottlingError);
    assert.ok(new errors.VersionConflict('') instanceof errors.TransientError);
    assert.ok(new errors.ClusterBusy('') instanceof errors.RedirectError);
    assert.ok(new errors.AwsRefused('', details) instanceof errors.NeedsPersonError);
    assert.ok(new errors.AtlasCredentialsRefused('', details) instanceof errors.AtlasRefused);
  });
});

describe('an error', () => {
  it('keeps its cause', () => {
    const cause = new Error('Earlier.');
    assert.equal(new errors.VersionConflict('Later.', { cause }).cause, cause);
    assert.equal(new errors.AwsRefused('Later.', { ...details, cause }).cause, cause);
  });

  it('keeps the codes on which callers branch', () => {
    const { status, errorCode } = new errors.AtlasRefused('', details);
    const { code, said } = new errors.AwsRefused('', details);
    assert.deepEqual({ status, errorCode, code, said }, details);
  });
});
