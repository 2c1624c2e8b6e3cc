import { distance } from 'fastest-levenshtein';

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
