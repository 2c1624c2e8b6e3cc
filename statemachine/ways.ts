import type { State } from './definition.ts';

/** The states that can follow if a state succeeds. A choice has a label for each. */
export const ways = ({ Type, Next, Choices = [], Default = '' }: State): { next: string; label?: string }[] =>
  Type === 'Choice'
    ? [
        ...Choices.map((it) => ({
          next: it.Next,
          label: Choices.length > 1 && 'Variable' in it ? (it.Variable.split('.').at(-1) ?? '') : 'yes',
        })),
        { next: Default, label: 'no' },
      ]
    : Next
      ? [{ next: Next }]
      : [];
