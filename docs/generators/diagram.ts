import type { Definition, State } from '../../statemachine/definition.ts';
import { usualHandler, ways } from '../../statemachine/ways.ts';

/**
 * Draws a machine as a Mermaid flowchart, which GitHub and most editors show as a picture. The Catch to the state that handles most errors
 * is one arrow.
 */
export function diagram({ StartAt, States }: Definition): string {
  const states = Object.entries(States);
  const usual = usualHandler({ States });
  const caught = states.flatMap(([name, { Catch = [] }]) =>
    Catch.map(({ Next }) => `  ${Next === usual ? 'any([any Task])' : name} -. error .-> ${Next}`),
  );
  return [
    'flowchart TD',
    `  start(( )) --> ${StartAt}`,
    ...states.map(([name, state]) => `  ${shape(name, state)}`),
    ...states.flatMap(([name, state]) => arrows(state).map((arrow) => `  ${name} ${arrow}`)),
    ...new Set(caught),
    ...ends(states),
  ].join('\n');
}

function shape(name: string, { Type }: State): string {
  if (Type === 'Choice') return `${name}{${name}?}`;
  if (Type === 'Wait') return `${name}[/${name}/]`;
  if (Type === 'Succeed' || Type === 'Fail') return `${name}([${name}])`;
  return `${name}[${name}]`;
}

const arrows = (state: State): string[] =>
  ways(state).map(({ next, label }) => (label ? `-- ${label} --> ${next}` : `--> ${next}`));

/** Green for the ends that are a success, red for the others. */
function ends(states: [string, State][]): string[] {
  const named = (type: State['Type']) => states.filter(([, { Type }]) => Type === type).map(([name]) => name);
  return [
    '  classDef success fill:#d7f5dd,stroke:#2b8a3e,color:#000',
    '  classDef failed fill:#ffe3e3,stroke:#c92a2a,color:#000',
    `  class ${named('Succeed').join()} success`,
    `  class ${named('Fail').join()} failed`,
  ];
}
