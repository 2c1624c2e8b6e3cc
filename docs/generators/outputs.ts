import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const main = new URL('../../local/main.ts', import.meta.url).pathname;

/** A block that shows what a command prints, or the parts of it between lines `…`. */
export interface OutputBlock {
  /** The arguments after `npm start --`. */
  args: string[];
  isWhole: boolean;
  lines: string[];
}

/** From `<!-- output: npm start … -->` or `<!-- whole output: npm start … -->` to `<!-- /output -->`. */
const blocks = /(<!-- (whole )?output: npm start(?: -- (.*?))? -->\n```text\n)([\s\S]*?)(\n```\n<!-- \/output -->)/g;

export const outputBlocks = (text: string): OutputBlock[] =>
  [...text.matchAll(blocks)].map(([, , whole, args = '', shown = '']) => ({
    args: args.split(' ').filter(Boolean),
    isWhole: whole !== undefined,
    lines: shown.split('\n'),
  }));

/** Runs the command line of `npm start`. @returns the lines that it prints, whatever its exit code is */
export async function outputOf(args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env: {} }).catch((error) => error);
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
 * Replaces the output blocks of a text by those of new runs, unless they differ only in what is masked. A part of an output is found by
 * its first and its last line.
 *
 * @param outputs the lines that each command prints, by its arguments
 * @throws if a command no longer prints such a line
 */
export function withOutputs(text: string, outputs: Map<string, string[]>): string {
  return text.replace(blocks, (_, begin: string, whole: string | undefined, args = '', shown: string, end: string) => {
    const output = outputs.get(args) ?? [];
    const parts = partsOf(shown.split('\n')).map((part) => {
      const now = whole ? output : sliceOf(output, part);
      const [before, after] = [part, now].map((lines) => lines.join('\n'));
      return masked(before ?? '') === masked(after ?? '') ? before : after;
    });
    return `${begin}${parts.join(`\n${leftOut}\n`)}${end}`;
  });
}

function sliceOf(output: string[], part: string[]): string[] {
  const [first = '', last = ''] = [part[0], part.at(-1)].map((line = '') => masked(line));
  const from = output.findIndex((line) => masked(line) === first);
  const to = output.findLastIndex((line) => masked(line) === last);
  if (from < 0 || to < from)
    throw new Error(`The output no longer has the lines from "${part[0]}" to "${part.at(-1)}".`);
  return output.slice(from, to + 1);
}
