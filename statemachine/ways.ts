import type { Definition, State, Test } from './definition.ts';

/** The states that can follow if a state succeeds. A choice has a label for each. */
export const ways = ({ Type, Next, Choices = [], Default = '' }: State): { next: string; label?: string }[] =>
  Type === 'Choice'
    ? [
        ...Choices.map((it) => ({
          next: it.Next,
          label: Choices.length > 1 ? ('And' in it ? it.And : [it]).map(labelOf).join(', ') : 'yes',
        })),
        { next: Default, label: 'no' },
      ]
    : Next
      ? [{ next: Next }]
      : [];

/** The value that a test compares with, or else the last part of its variable's name. */
function labelOf(test: Test): string {
  if ('StringEquals' in test) return test.StringEquals;
  if ('IsPresent' in test && !test.IsPresent) return `no ${test.Variable.replace('$.', '')}`;
  return test.Variable.split('.').at(-1) ?? '';
}

/** The state to which the errors of most Tasks lead. */
export function usualHandler({ States }: Pick<Definition, 'States'>): string {
  const handlers = Object.values(States).flatMap(({ Catch = [] }) => Catch.map(({ Next }) => Next));
  const times = (name: string) => handlers.filter((it) => it === name).length;
  return handlers.toSorted((a, b) => times(b) - times(a))[0] ?? '';
}
