import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { preflightOutput } from './preflight-output.ts';

const main = new URL('../../local/main.ts', import.meta.url).pathname;

/** Begins the arguments of a block that shows the output of `npm run preflight`. */
export const preflight = 'preflight';

/** A block that shows what a command prints, or the parts of it between lines `…`. */
export interface OutputBlock {
  /** The arguments after `npm start --`, or `preflight` and the arguments after `npm run preflight --`. */
  args: string[];
  isWhole: boolean;
  lines: string[];
}

/** From `<!-- output: npm start … -->`, `<!-- whole output: npm start … -->` or the same of `npm run preflight` to `<!-- /output -->`. */
const blocks =
  /(<!-- (whole )?output: npm (?:start|run (preflight))(?: -- (.*?))? -->\n```text\n)([\s\S]*?)(\n```\n<!-- \/output -->)/g;

export const outputBlocks = (text: string): OutputBlock[] =>
  [...text.matchAll(blocks)].map(([, , whole, script, args, shown = '']) => ({
    args: argumentsOf(script, args),
    isWhole: whole !== undefined,
    lines: shown.split('\n'),
  }));

const argumentsOf = (script = '', args = ''): string[] => [script, ...args.split(' ')].filter(Boolean);

/**
 * Runs the command line of `npm start`, or of `npm run preflight` against the local cloud.
 *
 * @returns the lines that it prints, whatever its exit code is
 */
export async function outputOf(args: string[]): Promise<string[]> {
  if (args[0] === preflight) return preflightOutput(args.slice(1));
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-maglev', main, ...args], { env: {} }).catch(
    (error) => error,
  );
  return stdout.trimEnd().split('\n');
}

const leftOut = '…';

/** The parts of a block that are shown, without the lines that are left out between them. */
export const partsOf = (lines: string[]): string[][] =>
  lines
    .join('\n')
    .split(`\n${leftOut}\n`)
    .map((part) => part.split('\n'));

/**
 * A text without what differs from run to run (times, counts, ids, which states the polls of a wait saw before the last one), and without
 * the line breaks and column widths that follow from it.
 */
export const masked = (text: string): string =>
  text
    .replace(/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g, '#')
    .replace(/\b[\da-f]{6,}\b/g, '#')
    .replace(/\b(?:\d+h )?(?:\d+m )?\d+s\b/g, '0s')
    .replace(/\d+(?:\.\d+)*/g, '0')
    .replace(/\s+/g, ' ')
    .replace(/ polls? (?:[A-Z_]+ → )*/g, ' polls ')
    .trim();

/**
 * The commands of which a text no longer shows what they print, apart from what is masked.
 *
 * @param texts the documents: all of them show the same run of a command, so that their times agree
 * @param outputs the lines that each command prints, by its arguments
 * @throws if a command no longer prints the first or the last line of a part
 */
export function outdatedCommands(texts: string[], outputs: Map<string, string[]>): Set<string> {
  const isOutdated = ({ args, isWhole, lines }: OutputBlock) => {
    const now = shownNow(lines, isWhole, outputs.get(args.join(' ')) ?? []);
    return masked(now.join('\n')) !== masked(lines.join('\n'));
  };
  const outdated = texts.flatMap(outputBlocks).filter(isOutdated);
  return new Set(outdated.map(({ args }) => args.join(' ')));
}

/**
 * Replaces the output blocks of some commands by those of new runs. A part of an output is found by its first and its last line.
 *
 * @param outputs the lines that each command prints, by its arguments
 * @param commands the arguments of those commands
 * @throws if a command no longer prints the first or the last line of a part
 */
export const withOutputs = (text: string, outputs: Map<string, string[]>, commands: ReadonlySet<string>): string =>
  text.replace(
    blocks,
    (
      block,
      begin: string,
      whole: string | undefined,
      script: string | undefined,
      given: string | undefined,
      shown: string,
      end: string,
    ) => {
      const args = argumentsOf(script, given).join(' ');
      if (!commands.has(args)) return block;
      const lines = shownNow(shown.split('\n'), whole !== undefined, outputs.get(args) ?? []);
      return `${begin}${lines.join('\n')}${end}`;
    },
  );

/** What a block must show of an output. */
const shownNow = (lines: string[], isWhole: boolean, output: string[]): string[] =>
  isWhole
    ? output
    : partsOf(lines).flatMap((part, index) => [...(index > 0 ? [leftOut] : []), ...sliceOf(output, part)]);

function sliceOf(output: string[], part: string[]): string[] {
  const [first = '', last = ''] = [part[0], part.at(-1)].map((line = '') => masked(line));
  const from = output.findIndex((line) => masked(line) === first);
  const to = output.findLastIndex((line) => masked(line) === last);
  if (from < 0 || to < from)
    throw new Error(`The output no longer has the lines from "${part[0]}" to "${part.at(-1)}".`);
  return output.slice(from, to + 1);
}
