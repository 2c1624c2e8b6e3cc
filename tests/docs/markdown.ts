import GithubSlugger from 'github-slugger';
import { Lexer, type Token, walkTokens } from 'marked';
import { documents, readDocument } from '../../docs/generators/documents.ts';

/** A fenced block of a document. */
export interface Block {
  file: string;
  language: string;
  text: string;
}

const tokensOf = (file: string): Token[] => {
  const tokens: Token[] = [];
  walkTokens(new Lexer().lex(readDocument(file)), (token) => {
    tokens.push(token);
  });
  return tokens;
};

const tokens = new Map(documents.map((file) => [file, tokensOf(file)]));

/** All fenced blocks of all documents. */
export const blocks: Block[] = [...tokens].flatMap(([file, all]) =>
  all.flatMap((token) => (token.type === 'code' ? [{ file, language: token.lang ?? '', text: token.text }] : [])),
);

/** The headings of a document, as GitHub turns them into anchors. */
export function anchorsOf(file: string): string[] {
  const slugger = new GithubSlugger();
  return headingsOf(file).map(({ text }) => slugger.slug(text));
}

export const headingsOf = (file: string): { depth: number; text: string }[] =>
  (tokens.get(file) ?? []).flatMap((token) =>
    token.type === 'heading' ? [{ depth: token.depth, text: token.text }] : [],
  );

/** The targets of all links and images of a document. */
export const linksOf = (file: string): string[] =>
  (tokens.get(file) ?? []).flatMap((token) => (token.type === 'link' || token.type === 'image' ? [token.href] : []));
