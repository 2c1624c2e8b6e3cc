import { type Change, compactJson, labelOf, type StatementChange, shortIds, shownValue } from './changes.ts';
import { type Layout, wrap } from './text.ts';

/** One line for a statement that stays, and for one of another party. A removed or added one of ours is shown completely. */
export const statementLines =
  ({ style, columns }: Layout) =>
  ({ statement, kind }: StatementChange): string[] => {
    if (kind === 'unchanged') return [style('dim', `  { ${labelOf(statement)}, … } unchanged`)];
    if (kind === 'foreign')
      return [style('yellow', `+ { ${labelOf(statement)}, … } added by another party during the run`)];
    const [sign, colour] = kind === 'removed' ? (['-', 'red'] as const) : (['+', 'green'] as const);
    return jsonLines(statement, columns - jsonMargin).map((line) => style(colour, `${sign} ${line}`));
  };

/** JSON is easier to read if its lines are shorter than others. */
const jsonMargin = 24;

const jsonLines = (value: unknown, width: number): string[] => compactJson(value, width).split('\n');

/** A resource of Atlas: a line for each field, or several if its value has several. */
export const fieldLines =
  ({ style, columns }: Layout) =>
  (fields: Change[]): string[] => {
    const width = widthOf(fields) + 2;
    return fields.flatMap((field) =>
      shownValue(field)
        .split('\n')
        .flatMap((line) => wrap(line, columns - width))
        .map((line, index) => `${(index === 0 ? field.key : '').padEnd(width)}${line}`)
        .map((line) => (field.kind === 'unchanged' ? line : style('green', line))),
    );
  };

const widthOf = (changes: Change[]) => Math.max(...changes.map(({ key }) => key.length));

const signs = { unchanged: ' ', added: '+', changed: '~', removed: '-' };

/** `+` marks a new key, `~` a key with an old and a new value, `-` a removed key. */
export function changeLines(changes: Change[], { style, columns }: Layout): string[] {
  const width = widthOf(changes);
  const room = columns - width - 2;
  return changes.flatMap((change) => {
    const { key, kind } = change;
    const lines = wrap(shortIds(shownValue(change)), room).map((line) => shorten(line, room));
    return lines
      .map((line, index) => `${index === 0 ? signs[kind] : ' '} ${(index === 0 ? key : '').padEnd(width)}  ${line}`)
      .map((line) => (kind === 'unchanged' ? line : style(kind === 'removed' ? 'red' : 'green', line)));
  });
}

/** The beginning and the end of a long value. */
function shorten(value: string, room: number): string {
  if (value.length <= room) return value;
  const half = Math.floor((room - 1) / 2);
  return `${value.slice(0, half)}…${value.slice(-half)}`;
}

/** An output as JSON. None if there is no output. */
export function outputLines(output: unknown, { columns }: Layout): string[] {
  if (output === undefined) return [];
  return jsonLines(output, columns - jsonMargin).flatMap((line) => {
    const indent = ' '.repeat(line.search(/\S/));
    return wrap(line.trim(), columns - indent.length).map((it, index) => `${indent}${index > 0 ? '  ' : ''}${it}`);
  });
}
