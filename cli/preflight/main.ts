import { exitCodes, runCommand } from '../exit.ts';
import { type Recording, recordTo } from '../recording/recording.ts';
import { parseArguments, usage } from './arguments.ts';
import { exitCodeOf, preflight } from './preflight.ts';
import { settingsOf } from './setup.ts';
import { listOf, screenOf, textOf } from './text.ts';

/** `npm run preflight`: whether a run would connect a cluster, and what is missing. */
async function main(args: string[]): Promise<number> {
  const options = parseArguments(args, process.env);
  if (options.help) {
    console.log(usage);
    return exitCodes.yes;
  }
  const settings = settingsOf(options, process.env);
  const recording = options.record === undefined ? undefined : recordTo(options.record);
  const found = await preflight(options, settings, process.env, recording).finally(() => recording && save(recording));
  const screen = screenOf(process.stdout);
  const { region, reports, notes } = found;
  const [report] = options.clusterArn === undefined ? [] : reports;
  if (options.json) console.log(JSON.stringify(report ?? { region, notes, clusters: reports }, null, 2));
  else console.log(report ? textOf(report, screen) : listOf(found, screen));
  return exitCodeOf(found);
}

/** Not on standard output, which may be one JSON document. */
function save(recording: Recording): void {
  const file = recording.save();
  console.error(
    file === undefined
      ? 'Nothing is recorded: neither AWS nor Atlas has answered.'
      : `The answers of AWS and Atlas are in ${file}. Read the file before you send it: CONTRIBUTING.md, "Send a recording".`,
  );
}

await runCommand(main);
