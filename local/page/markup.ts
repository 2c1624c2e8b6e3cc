/** HTML or SVG that may be put into a page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | false | Part[];

/**
 * A template of HTML. What it is filled with is escaped, unless it is markup itself: names from Atlas and AWS may have HTML in them.
 * Lists are joined; `undefined` and `false` are nothing.
 */
export const html = (texts: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(texts.map((text, index) => `${text}${index < parts.length ? textOf(parts[index]) : ''}`).join(''));

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return part === undefined || part === false ? '' : escaped(String(part));
}

/** For a text and for an attribute in quotes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
