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
      .flatMap((fault) => timesOf(fault).map((times) => ({ journey, call, fault, times }))),
  );

/**
 * Some of it, always the same: of each fault one cell in so many, a number that is no multiple of three, so that once, three
 * times and for good take turns; and every write that is cut off right after it was applied, where most can be lost.
 */
export const sample = (cells: Cell[], oneIn = 25): Cell[] => {
  const ofFault = Map.groupBy(cells, ({ fault }) => fault);
  return cells.filter((cell) => {
    const { fault, call, times } = cell;
    const among = ofFault.get(fault) ?? [];
    const start = (faults.indexOf(fault) * 7) % Math.min(oneIn, among.length);
    const isChosen = (among.indexOf(cell) - start) % oneIn === 0;
    return isChosen || (times === 1 && call.isWrite && /^(reset|function crashes) after/.test(fault.name));
  });
};

const timesOf = ({ kind }: Fault) => (kind === 'ends the run' ? [1] : [1, 3, forGood]);

/** Whether nothing else will do than to survive. */
const mustSurvive = ({ fault: { kind, name }, call: { caller }, times }: Cell): boolean =>
  // Lambda calls a function that nobody waits for three times, and here none of them finds the service up.
  !(caller === 'NotifyOutcome' && name === 'connection refused' && times === 3) &&
  (kind === 'harmless' || (kind === 'passes' && times !== forGood));

/** What is wrong with what became of a cell; nothing, as it should be. */
export function objections(cell: Cell, { outcome, problems, arrival }: Verdict): string[] {
  if (outcome === 'lost') return problems;
  if (outcome === 'survived' || !mustSurvive(cell)) return [];
  return [`it has not survived: ${arrival.endState} ${arrival.error}: ${arrival.cause}`];
}

export const title = ({ journey, call, fault, times }: Cell) =>
  `${journey.name}: ${call.caller} calls ${call.operation}: ${fault.name}, ${times === forGood ? 'for good' : times === 1 ? 'once' : `${times} times`}`;

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
