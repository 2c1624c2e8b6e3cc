// Loaded with `node --import` by npm run package and npm run deploy. Serverless itself reports these mistakes in a way that does
// not show what to do.
import { parseArgs } from 'node:util';
import { complaintAboutStageName } from './check-settings.ts';
import { complaintAboutNpmOptions } from './npm-options.ts';

const { stage } = parseArgs({ options: { stage: { type: 'string', short: 's' } }, strict: false }).values;
const complaint =
  complaintAboutNpmOptions(['stage', 'region', 'param'], process.env) ??
  (typeof stage === 'string' ? complaintAboutStageName(stage) : undefined);
if (complaint !== undefined) {
  console.error(complaint);
  process.exit(1);
}
