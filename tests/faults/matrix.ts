import type { Trouble } from './fault-plan.ts';
import { type Fault, faults, type RemoteCall } from './faults.ts';
import { type Journey, journeys } from './journeys.ts';
import { Lane, type Verdict } from './lane.ts';

/** A fault that happens to a call on a journey, once, three times or for good. */
export interface Cell extends Trouble {
  journey: Journey;
}

export const forGood = Number.POSITIVE_INFINITY;

/** Every remote call that the journeys make: found by making them, so that none can be forgotten. */
export async function remoteCalls(lane: Lane): Promise<{ journey: Journey; call: RemoteCall }[]> {
  const found = new Map<string, { journey: Journey; call: RemoteCall }>();
  for (const journey of journeys)
    for (const [key, call] of await lane.observe(journey)) if (!found.has(key)) found.set(key, { journey, call });
  return [...found.values()];
}

/** The whole matrix: every call, every fault that concerns it, each so many times. */
export const matrix = (calls: { journey: Journey; call: RemoteCall }[]): Cell[] =>
  calls.flatMap(({ journey, call }) =>
    faults
      .filter(({ concerns = () => true }) => concerns(call))
      // What the transport does to a call is the same with an access token.
      .filter(({ kind }) => !call.isBearer || kind === 'wants a person' || call.operation === 'createToken')
      .flatMap((fault) => timesOf(fault).map((times) => ({ journey, call, fault, times }))),
  );

/**
 * Some of it, always the same: of each fault one cell in so many, a number that is no multiple of three, so that once, three
 * times and for good take turns; one cell of each call that has none yet; and every write that is cut off right after it was
 * applied, where most can be lost.
 */
export function sample(cells: Cell[], oneIn = 25): Cell[] {
  const chosen = new Set(
    [...Map.groupBy(cells, ({ fault }) => fault).values()].flatMap((ofFault, index) =>
      ofFault.filter((_, at) => at % oneIn === (index * 7) % Math.min(oneIn, ofFault.length)),
    ),
  );
  for (const cell of cells.filter(({ call, fault, times }) => times === 1 && call.isWrite && isCutOff(fault)))
    chosen.add(cell);
  for (const [index, ofCall] of [...Map.groupBy(cells, ({ call }) => nameOf(call)).values()].entries())
    if (!ofCall.some((cell) => chosen.has(cell))) chosen.add(ofCall[(index * 7) % ofCall.length] as Cell);
  return [...chosen];
}

const isCutOff = ({ name }: Fault) => /^(reset|function crashes) after/.test(name);

const timesOf = ({ kind }: Fault) => (kind === 'ends the run' ? [1] : [1, 3, forGood]);

/** Whether nothing else will do than to survive. */
function mustSurvive({ fault: { kind, name }, call: { caller, service }, times }: Cell): boolean {
  // Lambda calls a function that nobody waits for three times, and each of them may be spoilt; an alarm tells of it.
  const isNotifierSpoilt = caller === 'NotifyOutcome' || (service === 'states' && name === 'connection refused');
  return kind === 'harmless' || (kind === 'passes' && times !== forGood && !(isNotifierSpoilt && times === 3));
}

/** What is wrong with what became of a cell; nothing, as it should be. */
export function objections(cell: Cell, { outcome, problems, arrival }: Verdict): string[] {
  if (outcome === 'lost') return problems;
  if (outcome !== 'failed clearly' || !mustSurvive(cell)) return [];
  return [`it has not survived: ${arrival.endState} ${arrival.error}: ${arrival.cause}`];
}

export const title = ({ journey, call, fault, times }: Cell) =>
  `${journey.name}: ${nameOf(call)}: ${fault.name}, ${times === forGood ? 'for good' : times === 1 ? 'once' : `${times} times`}`;

/** `CreateConnection calls getGroupStreamConnection (2)` */
export const nameOf = ({ caller, operation, occurrence, isBearer }: RemoteCall) =>
  `${caller} calls ${operation}${occurrence > 1 ? ` (${occurrence})` : ''}${isBearer ? ', with an access token' : ''}`;

/** Runs the cells, several of them side by side. @returns the verdict for each, and what the logs have given away */
export async function runAll(cells: Cell[], lanes: number, onVerdict: (cell: Cell, verdict: Verdict) => void) {
  const queue = [...cells];
  const leaks = await Promise.all(
    Array.from({ length: lanes }, async () => {
      const lane = await Lane.open();
      for (let cell = queue.shift(); cell; cell = queue.shift()) onVerdict(cell, await lane.run(cell.journey, cell));
      return lane.close();
    }),
  );
  return leaks.flat();
}
