import type { State, Test } from './definition.ts';

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
const labelOf = (test: Test): string =>
  'StringEquals' in test ? test.StringEquals : (test.Variable.split('.').at(-1) ?? '');
