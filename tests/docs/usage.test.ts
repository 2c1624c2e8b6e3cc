import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocument } from '../../docs/generators/documents.ts';
import { configKeys } from '../../shared/atlas/config-keys.ts';
import { settingTags, triggerTag } from '../../shared/msk/tags.ts';
import { Outcome, Result } from '../../shared/outcomes.ts';
import { rules } from '../../shared/request/fields.ts';

const usage = readDocument('docs/usage.md');

/** The names in the first cells of a section's table. */
function namesIn(section: string): string[] {
  const [, text = ''] = usage.split(`## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^\| (`.*?`) \|/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .map((name) => name.slice(1, -1));
}

describe('docs/usage.md', () => {
  it('has a row for each tag that an owner sets', () =>
    assert.deepEqual(namesIn('Tags that you set'), [triggerTag, ...Object.values(settingTags)]));

  it('has a row for each optional field of the input', () =>
    assert.deepEqual(['clusterArn', ...namesIn('Start a run manually')].sort(), Object.keys(rules).sort()));

  it('has a row for each resource and each result in the output of a run', () => {
    const named = [...Outcome.shape.resource.options, ...Result.options];
    assert.deepEqual(namesIn('The result of a run').sort(), ['result', 'resource', ...named].sort());
  });

  it('lists every key of config that a run accepts, and no other', () => {
    const [, section = ''] = /\n### config\n(.*?)\n## /s.exec(usage) ?? [];
    const named = [...section.matchAll(/`([a-z.]+)`/g)].map(([, key = '']) => key);
    assert.deepEqual(new Set(named), configKeys);
  });
});
