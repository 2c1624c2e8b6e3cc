import { writeFileSync } from 'node:fs';
import { documents, generated, pathOf, readDocument } from './documents.ts';
import { pictureOf, pictures } from './graph.ts';
import { outdatedCommands, outputBlocks, outputOf, withOutputs } from './outputs.ts';

/** `npm run docs`: writes everything in the documentation that follows from the code. */
for (const [file, text] of Object.entries(generated)) writeFileSync(pathOf(file), text());

for (const [file, scenario] of Object.entries(pictures))
  writeFileSync(pathOf(`docs/images/${file}`), await pictureOf(scenario));

const outputs = new Map<string, string[]>();
for (const { args } of documents.flatMap((file) => outputBlocks(readDocument(file))))
  if (!outputs.has(args.join(' '))) outputs.set(args.join(' '), await outputOf(args));
const outdated = outdatedCommands(documents.map(readDocument), outputs);
for (const file of documents) writeFileSync(pathOf(file), withOutputs(readDocument(file), outputs, outdated));
