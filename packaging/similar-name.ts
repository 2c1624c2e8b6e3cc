/**
 * Finds the name that was probably meant: one that contains the wrong one, or that differs, as a whole or in its last words, in at most
 * two characters. Case doesn't matter.
 */
export function similarName(wrong: string, names: string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const text = plain(wrong);
  return (
    names.find((name) => distance(text, plain(name)) <= 2) ??
    // A shorter text is part of names by chance.
    names.find((name) => text.length >= 5 && plain(name).includes(text)) ??
    names.find((name) => text.length >= 5 && lastWordsOf(name).some((words) => distance(text, plain(words)) <= 2))
  );
}

/** `atlasProjectId` has the last words `ProjectId` and `Id`. */
const lastWordsOf = (name: string): string[] => [...name.matchAll(/[A-Z]/g)].map(({ index }) => name.slice(index));

/** The Levenshtein distance: how many characters to insert, delete or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, character] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (b[column - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
