import { type Figure, isMet, ratioOf } from './figures.ts';

/**
 * Explains first answers that miss their goal by figures of the same run: how much the requests alone take, and our own share.
 *
 * @param figures of any parts
 * @returns '' if no first answer misses its goal
 */
export function whyMissed(figures: Figure[]): string {
  const cold = figures.filter(({ part }) => part === 'cold');
  const named = (name: string) => cold.filter((figure) => figure.name === name);
  const missed = named('answered').filter((figure) => isMet(figure) === false);
  if (missed.length === 0) return '';
  const subjects = new Set(missed.map(({ subject }) => subject));
  const ratios = (name: string) =>
    named(name)
      .filter(({ subject }) => subjects.has(subject))
      .map((figure) => ratioOf(figure) ?? Number.NaN);
  const max = missed[0]?.goal?.max ?? Number.NaN;
  const byRequests = ratios('requests').filter((ratio) => ratio > max).length;
  return `${missed.length} first answers miss ${max.toFixed(2)}: they send requests, and their baseline sends none. The same requests, sent by a bundle
without our code, cost ${range(ratios('requests'))} (${byRequests} of them miss the goal): a first request loads and runs what building a
client does not, from the endpoint and the signature to the connection and the answer. Our own code multiplies that by
${range(ratios('÷ requests'))}.`;
}

const range = (values: number[]): string => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
