/** Finds the name that was probably meant: one that contains the wrong one, or differs in at most two characters. Case doesn't matter. */
export function similarName(wrong: string, names: string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const text = plain(wrong);
  return (
    names.find((name) => distance(text, plain(name)) <= 2) ??
    // A shorter text is part of names by chance.
    names.find((name) => text.length >= 5 && plain(name).includes(text))
  );
}

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
