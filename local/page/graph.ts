import { Graph, layout } from '@dagrejs/dagre';
import { machines, readDefinition, type State } from '../../statemachine/definition.ts';
import { usualHandler, ways } from '../../statemachine/ways.ts';
import type { Report } from '../screen/report.ts';
import { html, type Markup } from './markup.ts';

/** How a state ended, with the words and colours of the console's legend. */
const outcomes = {
  Succeeded: { name: 'succeeded', fill: '#d7f5dd', stroke: '#1d8102' },
  'Caught error': { name: 'caught', fill: '#ffe8cc', stroke: '#d9730d' },
  Failed: { name: 'failed', fill: '#ffdede', stroke: '#d13212' },
  'Not run': { name: 'not-run', fill: '#ffffff', stroke: '#879596' },
};
type Outcome = keyof typeof outcomes;

/** Whether the run took an arrow: after a success, or after an error. */
const arrows = {
  'not-taken': { stroke: '#545b64', width: 1, head: 8 },
  taken: { stroke: '#1d8102', width: 2.5, head: 12 },
  caught: { stroke: '#d9730d', width: 2.5, head: 12 },
};

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
  kind: keyof typeof arrows;
  label?: string | undefined;
  isDashed?: boolean;
}

type Drawing = Graph<Size & { ranksep: number; nodesep: number }, Box, Arrow>;

/**
 * Draws a run as the graph view of the Step Functions console does: every state of the machine, coloured by how it ended, and every arrow,
 * coloured if the run took it. The Catch to the state that handles most errors is one dashed arrow, and an arrow of its own if the run took it.
 *
 * @returns an SVG with a background, so that it is the same on a light and on a dark page. A page can set other colours for its classes.
 */
export function graph(report: Report): string {
  const { timeline, status, error } = report;
  const { StartAt, States } = readDefinition(machineOf(report));
  const ended = endedStates(report);
  const drawing: Drawing = new Graph();
  drawing.setGraph({ ranksep: 32, nodesep: 20, width: 0, height: 0 });
  const add = (name: string, lines: string[], size: Size) =>
    drawing.setNode(name, { ...size, x: 0, y: 0, lines, outcome: ended.get(name) ?? 'Not run' });
  const connect = (from: string, to: string, arrow: Partial<Arrow> = {}) =>
    drawing.setEdge(from, to, { points: [], kind: 'not-taken', ...arrow });
  const kindOf = (isTaken: boolean) => (isTaken ? 'taken' : 'not-taken');
  const isTaken = (from: string, to: string) => report.transitions.some((it) => it.from === from && it.to === to);

  add('Start', ['Start'], circle);
  for (const [name, { Type }] of Object.entries(States)) add(name, [kinds[Type], name], { width: 206, height: 44 });
  add('End', ['End'], circle);
  add('any Task', ['any Task'], { width: 80, height: 24 });

  connect('Start', StartAt, { kind: kindOf(timeline.length > 0) });
  const usual = usualHandler({ States });
  connect('any Task', usual, { label: 'error', isDashed: true });
  for (const [name, state] of Object.entries(States)) {
    for (const { next, label } of ways(state)) connect(name, next, { label, kind: kindOf(isTaken(name, next)) });
    for (const { Next } of state.Catch ?? []) {
      // A state that is entered twice may catch an error the first time and succeed the second time.
      const isOnlyCatch = !ways(state).some(({ next }) => next === Next);
      if (isTaken(name, Next) && (isOnlyCatch || ended.get(name) === 'Caught error'))
        connect(name, Next, { label: 'error', kind: 'caught' });
      else if (Next !== usual) connect(name, Next, { label: 'error', isDashed: true });
    }
    if (state.Type === 'Succeed' || state.Type === 'Fail') connect(name, 'End', { kind: kindOf(name === status) });
  }
  layout(drawing);
  return picture(drawing, `A run that ends in ${status}${error ? ` with ${error}` : ''}`).text;
}

/** The machine of an execution: the end of its name. */
function machineOf({ executionArn }: Report) {
  const name = executionArn.split(':').at(-2) ?? '';
  return machines.find((action) => name.endsWith(`-${action}`)) ?? 'connect';
}

const circle = { width: 48, height: 48 };

function endedStates({ timeline, transitions }: Report): Map<string, Outcome> {
  // Choices within a loop have no row.
  const ended = new Map<string, Outcome>(transitions.map(({ to }) => [to, 'Succeeded']));
  for (const { state, type, loop, error } of timeline) {
    ended.set(state, type === 'Fail' ? 'Failed' : 'Succeeded');
    if (loop?.check) ended.set(loop.check, 'Succeeded');
    if (error && type !== 'Fail') ended.set(loop?.check || state, 'Caught error');
  }
  return ended;
}

function picture(drawing: Drawing, title: string): Markup {
  const { width, height } = drawing.graph();
  const [right, bottom] = [Math.ceil(width) + 40, Math.ceil(height) + 80];
  const legend = Object.keys(outcomes).map((outcome, index) =>
    box({ x: 70 + index * 120, y: height + 40, width: 108, height: 26, lines: [outcome], outcome: outcome as Outcome }),
  );
  const edges: Arrow[] = drawing.edges().map((edge: { v: string; w: string }) => drawing.edge(edge));
  // What the run took is drawn last, above the rest.
  const ordered = [
    ...edges.filter(({ kind }) => kind === 'not-taken'),
    ...edges.filter(({ kind }) => kind !== 'not-taken'),
  ];
  return html`<svg class="graph" xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 ${right} ${bottom}" width="${right}" height="${bottom}" font-family="Helvetica, Arial, sans-serif">
<title>${title}</title>
<defs>${Object.keys(arrows).map((kind) => head(kind as Arrow['kind']))}</defs>
<rect class="sheet" x="-19.5" y="-19.5" width="${right - 1}" height="${bottom - 1}" rx="8" fill="#f9fafb" stroke="#aab7b8"/>
${ordered.map(arrow)}${drawing.nodes().map((name: string) => box(drawing.node(name)))}${legend}</svg>`;
}

function head(kind: Arrow['kind']): Markup {
  const { head: size, stroke } = arrows[kind];
  return html`<marker id="head-${kind}" class="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="${size}" markerHeight="${size}" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="${stroke}"/></marker>`;
}

function arrow({ points, label, kind, isDashed }: Arrow): Markup {
  const [first, ...others] = points.map(({ x, y }) => `${round(x)} ${round(y)}`);
  const bends = points.slice(1, -1).map(({ x, y }, index) => {
    const next = points[index + 2] ?? { x, y };
    return `Q${round(x)} ${round(y)} ${round((x + next.x) / 2)} ${round((y + next.y) / 2)}`;
  });
  const { stroke, width } = arrows[kind];
  const dashes = isDashed && html` stroke-dasharray="4 3"`;
  const { x, y } = points[1] ?? { x: 0, y: 0 };
  return html`<path class="arrow ${kind}" d="M${first}${bends.join('')}L${others.at(-1)}" fill="none" stroke="${stroke}" stroke-width="${width}"${dashes} marker-end="url(#head-${kind})"/>
${label !== undefined && text('label', label, x, y + 3, 11, '#545b64', halo)}`;
}

function box({ x, y, width, height, lines, outcome }: Box): Markup {
  const { name: ending, fill, stroke } = outcomes[outcome];
  const [kind = '', name] = lines;
  const texts = name
    ? [text('kind', kind, x, y - 6, 10.5, '#545b64'), text('name', name, x, y + 12, 14, '#16191f')]
    : text('name', kind, x, y + 4, 12, '#16191f');
  return html`<rect class="${ending}" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}" rx="${lines.length > 1 ? 6 : height / 2}" fill="${fill}" stroke="${stroke}"/>
${texts}`;
}

/** Keeps a label readable on top of its arrow. */
const halo = html` stroke="#f9fafb" stroke-width="4" paint-order="stroke"`;

const text = (role: string, value: string, x: number, y: number, size: number, colour: string, extra?: Markup) =>
  html`<text class="${role}" x="${round(x)}" y="${round(y)}" text-anchor="middle" font-size="${size}" fill="${colour}"${extra}>${value}</text>
`;

const round = (value: number) => Math.round(value * 10) / 10;
