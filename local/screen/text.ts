import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours a text, or returns it unchanged. */
export type Style = (format: Format, text: string) => string;

export const plain: Style = (_, text) => text;
export const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });

/** How lines are printed: their colours, and how many characters a line may have. */
export interface Layout {
  style: Style;
  columns: number;
}

type Environment = Record<string, string | undefined>;

/** Whether a stream is a terminal that can erase and redraw a line. */
export const isLive = (stream: { isTTY?: boolean }, environment: Environment): boolean =>
  stream.isTTY === true && environment.TERM !== 'dumb';

/** Whether a stream may have colours. NO_COLOR turns off nothing else: https://no-color.org */
export const hasColours = (stream: { isTTY?: boolean }, environment: Environment): boolean =>
  isLive(stream, environment) && !environment.NO_COLOR;

/** Longer lines are harder to read. */
const maxColumns = 100;

/** The timeline does not fit into fewer. */
const minColumns = 40;

/** How many characters a line may have: as many as fit into the terminal, within limits. */
export const columnsOf = ({ columns = maxColumns }: { columns?: number }): number =>
  Math.max(minColumns, Math.min(columns || maxColumns, maxColumns));

/** The width of a label such as `Execution:`, which must not stand alone in its line. */
const labelWidth = 12;

/** Breaks a text between words. A word as long as a line, such as an ARN, is not broken. */
export function wrap(text: string, width: number): string[] {
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    const line = `${last} ${word}`;
    const followsLabel = word.length > width - labelWidth && last.length <= labelWidth && !last.includes(' ');
    if (line.length <= width || followsLabel) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

/** Breaks a line between words. The further lines stand below its text, also if it is indented or a numbered step. */
export function wrapBelow(line: string, width: number): string[] {
  const [start = ''] = /^ *(\d+\. )?/.exec(line) ?? [];
  const [first = '', ...rest] = wrap(line.slice(start.length), width - start.length);
  return [`${start}${first}`, ...rest.map((it) => `${' '.repeat(start.length)}${it}`)];
}

/** `45s`, `32m 00s`, `1h 02m 00s` */
export function formatDuration(milliseconds: number): string {
  const { hours, minutes, seconds } = split(milliseconds);
  if (hours > 0) return `${hours}h ${two(minutes)}m ${two(seconds)}s`;
  return minutes > 0 ? `${minutes}m ${two(seconds)}s` : `${seconds}s`;
}

/** `1:02:00` */
export function formatClock(milliseconds: number): string {
  const { hours, minutes, seconds } = split(milliseconds);
  return `${hours}:${two(minutes)}:${two(seconds)}`;
}

function split(milliseconds: number) {
  const all = Math.round(milliseconds / 1000);
  return { hours: Math.floor(all / 3600), minutes: Math.floor(all / 60) % 60, seconds: all % 60 };
}

const two = (value: number) => String(value).padStart(2, '0');
