import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parse } from 'yaml';
import { pathOf, readDocument } from '../../docs/generators/documents.ts';

interface Resource {
  Type: string;
  Properties?: { AlarmName?: string | { 'Fn::Sub': string } };
}

it('docs/operations.md has a row for each alarm, and no other', () => {
  const files = globSync('infrastructure/*.yml', { cwd: pathOf('') });
  const resources = files.flatMap((file): Resource[] => {
    const { Resources = {} } = parse(readFileSync(pathOf(file), 'utf8'), { merge: true });
    return Object.values(Resources);
  });
  const alarms = resources.flatMap(({ Type, Properties: { AlarmName = '' } = {} }) =>
    Type === 'AWS::CloudWatch::Alarm' ? [typeof AlarmName === 'string' ? AlarmName : AlarmName['Fn::Sub']] : [],
  );
  const rows = readDocument('docs/operations.md').matchAll(/^\| `…-([\w-]+)` \|/gm);
  assert.ok(alarms.length > 5);
  assert.deepEqual([...rows].map(([, name]) => name).sort(), alarms.map((name) => name.replace(/^.*}-/, '')).sort());
});
