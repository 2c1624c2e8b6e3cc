/** Characters that begin a line, hide, or reverse the text beside them, and what no character is. For `replace`. */
export const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A text of AWS or Atlas on one line, so that it cannot pass for a line of ours. */
export const oneLine = (text: string): string =>
  text.replace(/[\s\p{C}]+/gu, (run) => (run.search(invisible) >= 0 ? ' ' : run));

/** A text of ours, which has lines: without any other invisible character, in case that a foreign one is in it. */
export const ownLines = (text: string): string =>
  text.replace(invisible, (character) => (character === '\n' ? '\n' : ' '));

/** A text of AWS or Atlas in a sentence of ours: on one line, and in quotes that it cannot end. */
export const quoted = (text: string): string => `"${oneLine(text).replaceAll('"', "'")}"`;
