import { readFileSync, writeFileSync } from 'node:fs';
import { documents, generated, pathOf, readDocument } from './documents.ts';
import { outdatedCommands, outputBlocks, outputOf, withOutputs } from './outputs.ts';
import { pictureOf, pictures } from './pictures.ts';

/** `npm run docs`: writes everything in the documentation that follows from the code, and prints which files it has changed. */
const changed = new Set<string>();
const writeDocument = (file: string, text: string) => {
  if (readFileSync(pathOf(file), 'utf8') === text) return;
  writeFileSync(pathOf(file), text);
  changed.add(file);
};

for (const [file, text] of Object.entries(generated)) writeDocument(file, text());

for (const [file, scenario] of Object.entries(pictures))
  writeDocument(`docs/images/${file}`, await pictureOf(scenario));

const outputs = new Map<string, string[]>();
for (const { args } of documents.flatMap((file) => outputBlocks(readDocument(file))))
  if (!outputs.has(args.join(' '))) outputs.set(args.join(' '), await outputOf(args));
const outdated = outdatedCommands(documents.map(readDocument), outputs);
for (const file of documents) writeDocument(file, withOutputs(readDocument(file), outputs, outdated));

console.log(changed.size > 0 ? `Written: ${[...changed].join(', ')}.` : 'The documentation is up to date.');
