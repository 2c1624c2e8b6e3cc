import { Graph, layout } from '@dagrejs/dagre';
import { runScenario } from '../../local/run.ts';
import { scenarios } from '../../local/scenarios.ts';
import type { Report } from '../../local/screen/report.ts';
import { type Definition, readDefinition, type State } from '../../statemachine/definition.ts';
import { ways } from './diagram.ts';

/** The pictures in docs/images/, each of a run of one scenario of the connect machine. */
export const pictures = { 'graph-connected.svg': 'default', 'graph-failed.svg': 'link-fails' };

/** How a state ended, with the words and colours of the console's legend. */
const outcomes = {
  Succeeded: { fill: '#d7f5dd', stroke: '#1d8102' },
  'Caught error': { fill: '#ffe8cc', stroke: '#d9730d' },
  Failed: { fill: '#ffdede', stroke: '#d13212' },
  'Not run': { fill: '#ffffff', stroke: '#879596' },
};
type Outcome = keyof typeof outcomes;

/** What the console shows above a state's name. */
const kinds: Record<State['Type'], string> = {
  Task: 'Lambda: Invoke',
  Choice: 'Choice state',
  Wait: 'Wait state',
  Pass: 'Pass state',
  Succeed: 'Succeed state',
  Fail: 'Fail state',
};

type Point = { x: number; y: number };
type Size = { width: number; height: number };
type Box = Point & Size & { lines: string[]; outcome: Outcome };

interface Arrow {
  points: Point[];
  label?: string | undefined;
  colour?: string;
  isDashed?: boolean;
}

/**
 * Draws a run as the graph view of the Step Functions console does: every state of the machine, coloured by how it ended. The Catch of
 * each Task to RecordFailure is one dashed arrow, and an arrow of its own if the run took it. The picture has a background, so that it
 * looks the same on a light and on a dark page.
 */
function graph({ StartAt, States }: Definition, timeline: Report['timeline']): string {
  const ended = endedStates(timeline);
  const drawing = new Graph<Size & { ranksep: number; nodesep: number }, Box, Arrow>();
  drawing.setGraph({ ranksep: 32, nodesep: 20, width: 0, height: 0 });
  const add = (name: string, lines: string[], size: Size) =>
    drawing.setNode(name, { ...size, x: 0, y: 0, lines, outcome: ended.get(name) ?? 'Not run' });
  const connect = (from: string, to: string, arrow: Omit<Arrow, 'points'> = {}) =>
    drawing.setEdge(from, to, { points: [], ...arrow });

  add('Start', ['Start'], circle);
  for (const [name, { Type }] of Object.entries(States)) add(name, [kinds[Type], name], { width: 190, height: 44 });
  add('End', ['End'], circle);
  add('any Task', ['any Task'], { width: 80, height: 24 });

  connect('Start', StartAt);
  connect('any Task', 'RecordFailure', { label: 'error', isDashed: true });
  for (const [name, state] of Object.entries(States)) {
    for (const { next, label } of ways(state)) connect(name, next, { label });
    for (const { Next } of state.Catch ?? []) {
      const isTaken = ended.get(name) === 'Caught error';
      if (isTaken) connect(name, Next, { label: 'error', colour: outcomes['Caught error'].stroke });
      else if (Next !== 'RecordFailure') connect(name, Next, { label: 'error', isDashed: true });
    }
    if (state.Type === 'Succeed' || state.Type === 'Fail') connect(name, 'End');
  }
  layout(drawing);
  const end = timeline.at(-1);
  return picture(drawing, `A run that ends in ${end?.state}${end?.error ? ` with ${end.error}` : ''}`);
}

const circle = { width: 48, height: 48 };

function endedStates(timeline: Report['timeline']): Map<string, Outcome> {
  const ended = new Map<string, Outcome>();
  for (const { state, type, loop, error } of timeline) {
    ended.set(state, type === 'Fail' ? 'Failed' : 'Succeeded');
    if (loop) ended.set(loop.check, 'Succeeded');
    if (error && type !== 'Fail') ended.set(loop?.check ?? state, 'Caught error');
  }
  return ended;
}

function picture(drawing: Graph<Size, Box, Arrow>, title: string): string {
  const { width, height } = drawing.graph();
  const [right, bottom] = [Math.ceil(width) + 40, Math.ceil(height) + 80];
  const legend = Object.keys(outcomes).map((outcome, index) =>
    box({ x: 70 + index * 120, y: height + 40, width: 108, height: 26, lines: [outcome], outcome: outcome as Outcome }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 ${right} ${bottom}" width="${right}" height="${bottom}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>${title}</title>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#545b64"/></marker></defs>',
    `<rect x="-19.5" y="-19.5" width="${right - 1}" height="${bottom - 1}" rx="8" fill="#f9fafb" stroke="#aab7b8"/>`,
    ...drawing.edges().map((edge: { v: string; w: string }) => arrow(drawing.edge(edge))),
    ...drawing.nodes().map((name: string) => box(drawing.node(name))),
    ...legend,
    '</svg>\n',
  ].join('\n');
}

function arrow({ points, label, colour = '#545b64', isDashed }: Arrow): string {
  const [first, ...others] = points.map(({ x, y }) => `${round(x)} ${round(y)}`);
  const bends = points.slice(1, -1).map(({ x, y }, index) => {
    const next = points[index + 2] ?? { x, y };
    return `Q${round(x)} ${round(y)} ${round((x + next.x) / 2)} ${round((y + next.y) / 2)}`;
  });
  const path = `<path d="M${first}${bends.join('')}L${others.at(-1)}" fill="none" stroke="${colour}"${isDashed ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#head)"/>`;
  const { x, y } = points[1] ?? { x: 0, y: 0 };
  return label ? `${path}\n${text(label, x, y + 3, 11, '#545b64', halo)}` : path;
}

function box({ x, y, width, height, lines, outcome }: Box): string {
  const { fill, stroke } = outcomes[outcome];
  const frame = `<rect x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}" rx="${lines.length > 1 ? 6 : height / 2}" fill="${fill}" stroke="${stroke}"/>`;
  const [kind = '', name] = lines;
  if (!name) return `${frame}\n${text(kind, x, y + 4, 12, '#16191f')}`;
  return `${frame}\n${text(kind, x, y - 6, 10.5, '#545b64')}\n${text(name, x, y + 12, 14, '#16191f')}`;
}

/** Keeps a label readable on top of its arrow. */
const halo = ' stroke="#f9fafb" stroke-width="4" paint-order="stroke"';

const text = (value: string, x: number, y: number, size: number, colour: string, extra = '') =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="middle" font-size="${size}" fill="${colour}"${extra}>${value}</text>`;

const round = (value: number) => Math.round(value * 10) / 10;

/** Draws a run of a scenario. The picture is the same for every run. */
export async function pictureOf(name: string): Promise<string> {
  const scenario = scenarios.find((it) => it.name === name);
  if (!scenario) throw new Error(`There is no scenario ${name}.`);
  const { timeline } = await runScenario({ scenario, settings: {}, speed: 9000, signal: new AbortController().signal });
  return graph(readDefinition('connect'), timeline);
}
