// Loaded with `node --import` by npm run package, deploy and remove. Serverless itself reports these mistakes in a way that does not
// show what to do.
import { parseArgs } from 'node:util';
import { complaintAboutStageName } from './check-settings.ts';
import { complaintAboutNpmOptions } from './npm-options.ts';
import { complaintAboutName, readParams, WrongSettings } from './settings.ts';

// An option without its value is `true`.
const { stage, param = [] } = parseArgs({
  options: { stage: { type: 'string', short: 's' }, param: { type: 'string', multiple: true } },
  strict: false,
}).values;

function complaintAboutParams(params: string[]): string | undefined {
  try {
    const names = Object.keys(readParams(params));
    return names.map((name) => complaintAboutName(name)).find((complaint) => complaint !== undefined);
  } catch (error) {
    if (error instanceof WrongSettings) return error.message;
    throw error;
  }
}

const complaint =
  complaintAboutNpmOptions(['stage', 'region', 'param'], process.env) ??
  (typeof stage === 'string' ? complaintAboutStageName(stage) : undefined) ??
  complaintAboutParams([param].flat().map((value) => (typeof value === 'string' ? value : '')));
if (complaint !== undefined) {
  console.error(complaint);
  process.exit(1);
}
