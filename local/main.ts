import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { build } from '../packaging/build.ts';
import { type Arguments, parseArguments, UsageError, usage } from './arguments.ts';
import { readInput } from './input.ts';
import { keepCloud } from './keep.ts';
import { NoMatchingRule } from './no-matching-rule.ts';
import { page } from './page/page.ts';
import { runScenario } from './run.ts';
import { scenarios } from './scenarios.ts';
import { Presentation } from './screen/presentation.ts';
import { columnsOf, hasColours, isLive, wrap } from './screen/text.ts';

/** `npm start`: one run of a state machine in the local cloud. */
async function main(args: string[]): Promise<number> {
  const options = parseArguments(args, scenarios, process.env);
  if (options.help) console.log(usage);
  else if (options.list) console.log(scenarioList());
  else if (options.keep) return keep(options);
  else return run(options);
  return 0;
}

/** @returns the exit code, after a signal has ended the local cloud */
async function keep({ scenario, stage = 'local', settings, speed, json, logs }: Arguments): Promise<number> {
  const signal = abortedBy('SIGINT', 'SIGTERM');
  const onLog = logs ? printLog : undefined;
  await buildUnless(signal);
  if (!signal.aborted) await keepCloud({ scenario, stage, settings, speed, json, print: console.log, onLog, signal });
  // The preparation of the scenario may still wait for something.
  process.exit(0);
}

/** Both npm and the terminal may pass a signal on, so it may come twice: the second one must not end the process at once. */
function abortedBy(...names: NodeJS.Signals[]): AbortSignal {
  const interruption = new AbortController();
  for (const name of names) process.on(name, () => interruption.abort());
  return interruption.signal;
}

/** A terminal interrupts esbuild, too. Then the build fails, perhaps before this process has received its signal. */
async function buildUnless(interrupted: AbortSignal): Promise<void> {
  try {
    await build();
  } catch (error) {
    await setTimeout(interruptionMs);
    if (!interrupted.aborted) throw error;
  }
}

/** More than a terminal needs to send a signal to all processes. */
const interruptionMs = 100;

const printLog = (name: string, line: string) => console.error(`${name}: ${line}`);

/** @returns the exit code: 0 if the execution succeeds */
async function run({
  scenario,
  input: path,
  disconnect,
  settings,
  speed,
  json,
  html,
  logs,
}: Arguments): Promise<number> {
  const input =
    path === undefined
      ? undefined
      : { path, value: readInput(path), action: disconnect ? ('disconnect' as const) : ('connect' as const) };
  if (html !== undefined) checkWritable(html);
  const signal = abortedBy('SIGINT');
  // No live line with --logs, because the logs would be printed into it.
  const presentation = json
    ? undefined
    : new Presentation(process.stdout, {
        isLive: !logs && isLive(process.stdout, process.env),
        isColoured: hasColours(process.stdout, process.env),
      });
  const onLog = logs ? printLog : undefined;
  try {
    await buildUnless(signal);
    signal.throwIfAborted();
    const report = await runScenario({ scenario, input, settings, speed, presentation, onLog, signal });
    if (json) console.log(JSON.stringify(report, null, 2));
    presentation?.end(report);
    if (html !== undefined) {
      writeFileSync(html, page(report));
      if (!json) console.log(`The page about the run is in ${html}.`);
    }
    return report.error === undefined ? 0 : 1;
  } catch (error) {
    presentation?.close();
    if (signal.aborted) {
      console.error('Interrupted.');
      return interrupted;
    }
    if (!(error instanceof NoMatchingRule)) throw error;
    if (json)
      console.log(JSON.stringify({ scenario: scenario.name, status: 'NotStarted', cause: error.message }, null, 2));
    else console.error(error.message);
    return 1;
  }
}

/** Checks this first, because a run takes a while. It leaves no file behind. @throws UsageError */
function checkWritable(path: string): void {
  const exists = existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
    if (!exists) unlinkSync(path);
  } catch (error) {
    throw new UsageError(`--html ${path} cannot be written: ${(error as Error).message}.`);
  }
}

/** The exit code that shells use: 128 plus the number of the signal. */
const interrupted = 130;

function scenarioList(): string {
  const entries = scenarios.flatMap(({ name, description, expected: { endState, error } }) => [
    '',
    `  ${name}`,
    ...wrap(`${description} Ends in ${endState}${error ? ` with ${error}` : ''}.`, columnsOf(process.stdout) - 16).map(
      (line) => `      ${line}`,
    ),
  ]);
  return ['Scenarios, for npm start -- --scenario NAME', ...entries].join('\n');
}

// The reader of the output may close it, as `head` does.
process.stdout.on('error', () => process.exit(1));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
