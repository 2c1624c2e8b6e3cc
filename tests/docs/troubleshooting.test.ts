import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as errors from '../../shared/errors.ts';
import { headingsOf } from './markdown.ts';

it('docs/troubleshooting.md has one heading for each error class, and no other of that depth', () => {
  // A base class has no name of its own.
  const classes = Object.entries(errors).filter(([name, Class]) => Reflect.construct(Class, ['', {}]).name === name);
  const headings = headingsOf('docs/troubleshooting.md').filter(({ depth }) => depth === 3);
  assert.ok(classes.length > 15);
  assert.deepEqual(headings.map(({ text }) => text).sort(), classes.map(([name]) => name).sort());
});
