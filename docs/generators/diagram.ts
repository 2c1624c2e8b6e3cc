import { readFileSync, writeFileSync } from 'node:fs';
import { type Action, type Definition, machines, readDefinition, type State } from '../../statemachine/definition.ts';

const readme = new URL('../../README.md', import.meta.url);

/**
 * Draws a machine as a Mermaid flowchart, which GitHub and most editors show as a picture. The Catch of the Tasks, all to
 * the same state, is one arrow.
 */
export function diagram({ StartAt, States }: Definition): string {
  const states = Object.entries(States);
  const handlers = new Set(states.flatMap(([, state]) => (state.Catch ?? []).map(({ Next }) => Next)));
  return [
    'flowchart TD',
    `  start(( )) --> ${StartAt}`,
    ...states.map(([name, state]) => `  ${shape(name, state)}`),
    ...states.flatMap(([name, state]) => arrows(state).map((arrow) => `  ${name} ${arrow}`)),
    ...[...handlers].map((name) => `  ${errorOf(name, States)} -. error .-> ${name}`),
    ...ends(states),
  ].join('\n');
}

/** One pseudo-state for "any Task", except where only a single Task is caught by that handler. */
function errorOf(handler: string, states: Definition['States']): string {
  const caught = Object.entries(states).filter(([, { Catch = [] }]) => Catch.some(({ Next }) => Next === handler));
  return caught.length > 1 ? 'any([any Task])' : (caught[0]?.[0] ?? '');
}

function shape(name: string, { Type }: State): string {
  if (Type === 'Choice') return `${name}{${name}?}`;
  if (Type === 'Wait') return `${name}[/${name}/]`;
  if (Type === 'Succeed' || Type === 'Fail') return `${name}([${name}])`;
  return `${name}[${name}]`;
}

/** Where a state leads when it has succeeded; a choice says when. */
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

const arrows = (state: State): string[] =>
  ways(state).map(({ next, label }) => (label ? `-- ${label} --> ${next}` : `--> ${next}`));

/** Green for the ends that are well, red for the others. */
function ends(states: [string, State][]): string[] {
  const named = (type: State['Type']) => states.filter(([, { Type }]) => Type === type).map(([name]) => name);
  return [
    '  classDef well fill:#d7f5dd,stroke:#2b8a3e,color:#000',
    '  classDef failed fill:#ffe3e3,stroke:#c92a2a,color:#000',
    `  class ${named('Succeed').join()} well`,
    `  class ${named('Fail').join()} failed`,
  ];
}

/** Puts a machine's picture into a text, between its two markers. */
export const withDiagram = (text: string, machine: Action): string =>
  text.replace(
    new RegExp(`(<!-- ${machine}.asl.yaml -->\n)[^]*?(<!-- /${machine}.asl.yaml -->)`),
    (_, before: string, after: string) =>
      `${before}\`\`\`mermaid\n${diagram(readDefinition(machine))}\n\`\`\`\n${after}`,
  );

export const readmeText = (): string => readFileSync(readme, 'utf8');

if (import.meta.main) writeFileSync(readme, machines.reduce(withDiagram, readmeText()));
