import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documents, readDocument } from '../../docs/generators/documents.ts';
import {
  masked,
  outdatedCommands,
  outputBlocks,
  outputOf,
  partsOf,
  preflight,
  withOutputs,
} from '../../docs/generators/outputs.ts';

/** An hour takes 0.4 seconds. How fast a run is, is among what is masked. */
const fast = ['--speed', '9000'];

/** One run of each command, however often the documentation shows it. */
const runs = new Map<string, Promise<string[]>>();
function runOf(args: string[]): Promise<string[]> {
  const run = runs.get(args.join(' ')) ?? outputOf(args[0] === preflight ? args : [...args, ...fast]);
  runs.set(args.join(' '), run);
  return run;
}

describe('the outputs in the documentation (npm run docs writes them)', () => {
  for (const file of documents)
    for (const { args, isWhole, lines } of outputBlocks(readDocument(file)))
      it(`${args[0] === preflight ? 'npm run' : 'npm start'} ${args.join(' ')} prints what ${file} shows`, async () => {
        const output = masked((await runOf(args)).join('\n'));
        if (isWhole) assert.equal(masked(lines.join('\n')), output);
        for (const part of partsOf(lines)) {
          const shown = masked(part.join('\n'));
          assert.ok(output.includes(shown), `${shown}\n\nis not in\n\n${output}`);
        }
      });
});

describe('masked', () => {
  it('drops times, counts, ids and passing states, and keeps the rest', () => {
    const line = ' 0:40:10  ⇄ WaitForPrivateLink ⇄ CheckPrivateLink    32m 08s  58 polls  IDLE → WORKING → DONE';
    assert.equal(masked(line), '0:0:0 ⇄ WaitForPrivateLink ⇄ CheckPrivateLink 0s 0 polls DONE');
    assert.equal(masked('cluster/orders/a3374dc6-6256-44ff-aa16-06a3343f7e99-5'), 'cluster/orders/#-0');
  });
});

describe('the outputs that npm run docs writes', () => {
  const block = (command: string, ...lines: string[]) =>
    `<!-- output: npm start${command} -->\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n<!-- /output -->`;
  const begin = 'Started at 0:00:01';
  const outputs = new Map([
    ['', [begin, 'created a link', 'Ended after 9s']],
    ['--list', ['2 scenarios']],
  ]);

  it('are all of the same run, in all documents, if one of them is outdated', () => {
    const one = block('', 'Started at 0:00:02', '…', 'Ended after 5s');
    const other = block('', 'Started at 0:00:02', 'made a link', 'Ended after 5s');
    const outdated = outdatedCommands([one, other], outputs);
    assert.deepEqual([...outdated], ['']);
    assert.equal(withOutputs(one, outputs, outdated), block('', begin, '…', 'Ended after 9s'));
    assert.equal(withOutputs(other, outputs, outdated), block('', begin, 'created a link', 'Ended after 9s'));
  });

  it('stay as they are if they differ only in what is masked', () => {
    const list = block(' -- --list', '3 scenarios');
    assert.deepEqual([...outdatedCommands([list], outputs)], []);
    assert.equal(withOutputs(list, outputs, new Set([''])), list);
  });

  it('are refused if a command no longer prints the line that begins a part', () =>
    assert.throws(() => outdatedCommands([block('', 'Begun', 'Ended after 5s')], outputs), /no longer has the lines/));
});
