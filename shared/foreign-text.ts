/** Characters that begin a line, hide, or reverse the text beside them, and what no character is. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]/u;

/** A text of AWS or Atlas on one line, so that it cannot pass for a line of ours. */
export const oneLine = (text: string): string =>
  text.replace(/[\s\p{C}]+/gu, (run) => (invisible.test(run) ? ' ' : run));

/** A text of AWS or Atlas in a sentence of ours: on one line, and in quotes that it cannot end. */
export const quoted = (text: string): string => `"${oneLine(text).replaceAll('"', "'")}"`;
