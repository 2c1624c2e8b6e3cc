/** Replaces the text between `<!-- generated: NAME -->` and `<!-- /generated -->` in a text. @throws if there is no such part */
export function withPart(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->\n`, '<!-- /generated -->'];
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end, from);
  if (from < begin.length || to < 0) throw new Error(`There is no part "${name}".`);
  return `${text.slice(0, from)}${content}\n${text.slice(to)}`;
}

/** A Markdown table. Line breaks in cells become spaces. */
export const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
