import { type Figure, isMet, ratioOf } from './figures.ts';

/**
 * Why first answers miss their goal, in figures of the same run: how much of it the calls alone take, and what is left.
 *
 * @param figures of any parts @returns '' where there is no cold start among them, or none that misses
 */
export function whyMissed(figures: Figure[]): string {
  const cold = figures.filter(({ part }) => part === 'cold');
  const named = (wanted: string) => cold.filter(({ name }) => name === wanted);
  const missed = named('answered').filter((figure) => isMet(figure) === false);
  if (missed.length === 0) return '';
  const subjects = new Set(missed.map(({ subject }) => subject));
  const ratios = (name: string) =>
    named(name)
      .filter(({ subject }) => subjects.has(subject))
      .map((figure) => ratioOf(figure) ?? Number.NaN);
  const most = missed[0]?.goal?.most ?? Number.NaN;
  const byCalls = ratios('its calls').filter((ratio) => ratio > most).length;
  return `${missed.length} first answers miss ${most.toFixed(2)}: they make calls, and their baseline makes none. Their calls alone, by a
bundle without any code of ours, come to ${range(ratios('its calls'))} (${byCalls} of them over the goal): a first call runs and loads
what building a client does not, from the endpoint and the signature to the connection and the answer. What is ours
multiplies that by ${range(ratios('÷ its calls'))}.`;
}

const range = (values: number[]): string => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
