import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { parse } from 'yaml';
import { readInput } from '../../shared/request/input.ts';
import { readHcl } from '../fixtures/hcl.ts';
import { blocks } from './markdown.ts';

/** How the text of a block is checked, by its language. */
const checks: Record<string, (text: string) => unknown> = {
  // The JSON in the documentation is what people start a run with, or an IAM policy.
  json: (text) => {
    const value = JSON.parse(text);
    return 'Statement' in value ? assert.ok(value.Statement.length > 0) : readInput(value);
  },
  yaml: (text) => parse(text, { strict: true, customTags }),
  mermaid: (text) => assert.match(text, /^flowchart TD\n/),
  js: (text) => transformSync(text, { loader: 'js' }),
  hcl: (text) => assert.ok(readHcl(text).length > 0),
  text: () => undefined,
  sh: () => undefined,
};

/** The short forms of functions in CloudFormation. */
const customTags = [
  { tag: '!Ref', resolve: (name: string) => ({ Ref: name }) },
  { tag: '!GetAtt', resolve: (name: string) => ({ 'Fn::GetAtt': name.split('.') }) },
];

describe('the blocks of the documentation', () => {
  for (const { file, language, text } of blocks)
    it(`in ${file} are valid ${language}: ${text.split('\n')[0]}`, () => {
      const check = checks[language];
      assert.ok(check, `No check is known for the language "${language}".`);
      check(text);
    });
});
