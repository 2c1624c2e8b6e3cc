import { type Fault, faults, type RemoteCall } from './faults.ts';
import type { Injection } from './injection.ts';
import { Runner, type Verdict } from './runner.ts';
import type { UseCase } from './use-case.ts';
import { useCases } from './use-cases.ts';

/** A fault that is injected into a call of a use case: once, three times or always. */
export interface Cell extends Injection {
  useCase: UseCase;
}

/** A remote call of a use case. */
interface Found {
  useCase: UseCase;
  call: RemoteCall;
  /** Whether only connections by IAM make this call. */
  isOnlyByIam: boolean;
}

export const always = Number.POSITIVE_INFINITY;

/** Every remote call of the use cases by SCRAM, and every one of those by IAM. It runs them to find out, so that no call is forgotten. */
export async function remoteCalls(runner: Runner): Promise<Found[]> {
  const observed = new Map<UseCase, Observed>();
  for (const useCase of groupedByCredentials(useCases, (it) => it))
    observed.set(useCase, await runner.observe(useCase));
  const found = new Map<string, Omit<Found, 'isOnlyByIam'>>();
  for (const useCase of useCases)
    for (const [call, named] of observed.get(useCase) as Observed) {
      if (useCase.concerns?.includes(named.caller) === false) continue;
      const variant = useCase.concerns ? `${useCase.name}: ${call}` : call;
      const key = useCase.isByIam ? byIam(variant) : variant;
      if (!found.has(key)) found.set(key, { useCase, call: named });
    }
  return [...found].map(([key, it]) => ({ ...it, isOnlyByIam: !found.has(key.replace(byIam(''), '')) }));
}

const byIam = (call: string) => `by IAM ${call}`;

type Observed = Awaited<ReturnType<Runner['observe']>>;

/** Groups items by credentials: a runner keeps its functions warm while the credentials stay the same. */
const groupedByCredentials = <Item>(items: Item[], useCaseOf: (item: Item) => UseCase): Item[] =>
  [...Map.groupBy(items, (item) => useCaseOf(item).world.atlasCredentials).values()].flat();

/**
 * The whole matrix: every call, with every fault that applies to it, once, three times and always. What a connection by IAM does just
 * as one by SCRAM meets each fault once: how often a call is repeated does not depend on how the connection logs in.
 */
export const matrix = (calls: Found[]): Cell[] =>
  calls.flatMap(({ useCase, call, isOnlyByIam }) =>
    faults
      .filter(({ appliesTo = () => true }) => appliesTo(call))
      // Faults of the transport have the same effect on a call with an access token.
      .filter(({ kind }) => !call.isBearer || kind === 'needs a person' || call.operation === 'createToken')
      .filter(({ name }) => !useCase.concerns || losing.includes(name))
      .flatMap((fault) => {
        const all = useCase.concerns || (useCase.isByIam && !isOnlyByIam) ? [1] : timesOf(fault);
        return all.map((times) => ({ useCase, call, fault, times }));
      }),
  );

/**
 * Always the same part of the matrix: one cell in `oneIn` of each fault, at least one cell of each function, of each call that concerns
 * stream processors, topics or the reboot window, and of each variant, and every write whose answer is lost, because most can go wrong
 * there. Of each such write, every second one loses its answer by a reset, and the others by a crash of the function.
 *
 * @param oneIn not a multiple of three, so that the sample has cells with once, three times and always
 */
export function sample(cells: Cell[], oneIn = 700): Cell[] {
  const losing = Map.groupBy(cells.filter(losesAnswer), ({ useCase, call }) => `${useCase.name}: ${nameOf(call)}`);
  const chosen = new Set([...losing.values()].map((ways, index) => ways[index % ways.length] as Cell));
  const groups = [Map.groupBy(cells, ({ fault }) => fault.name), Map.groupBy(cells, ({ call }) => call.caller)];
  for (const [index, ofGroup] of groups.flatMap((group) => [...group.values()]).entries())
    for (const [at, cell] of ofGroup.entries())
      if (at % oneIn === (index * 7) % Math.min(oneIn, ofGroup.length)) chosen.add(cell);
  const once = Map.groupBy(cells.filter(mustBeInSample), ({ useCase, call }) =>
    useCase.concerns ? useCase.name : nameOf(call),
  );
  for (const [index, ofGroup] of [...once.values()].entries())
    if (!ofGroup.some((cell) => chosen.has(cell))) chosen.add(ofGroup[(index * 7) % ofGroup.length] as Cell);
  return [...chosen];
}

const mustBeInSample = ({ useCase, call }: Cell): boolean =>
  useCase.concerns !== undefined ||
  (!useCase.isByIam &&
    /^(\w+(Processors|Probe) |CheckPrerequisites calls \w+Topics?$|EnablePrivateConnectivity calls TagResource)/.test(
      nameOf(call),
    ));

/** The faults after which a caller doesn't know whether its call was carried out. */
const losing = ['reset after the call is applied', 'function crashes after a write', 'run is stopped after a write'];

/** A conditional update that the SDK repeats after a reset is tested with the registry, so here only the function repeats it. */
const losesAnswer = ({ useCase, call: { isWrite, service, operation }, fault: { name }, times }: Cell) =>
  times === 1 &&
  isWrite &&
  !useCase.concerns &&
  // By IAM, what depends on how the connection logs in.
  (!useCase.isByIam || /^(UpdateConnectivity|(create|update)GroupStream\w+)$/.test(operation)) &&
  (name === 'function crashes after a write' || (name === 'reset after the call is applied' && service !== 'dynamodb'));

const timesOf = ({ kind }: Fault) => (kind === 'ends the run' ? [1] : [1, 3, always]);

/** Whether a run must survive without a person. */
function mustSurvive({ fault: { kind, name }, call: { caller, service }, times }: Cell): boolean {
  // Lambda invokes NotifyOutcome three times, and all three attempts may fail. An alarm reports that.
  const notifierMayFail = caller === 'NotifyOutcome' || (service === 'states' && name === 'connection refused');
  return kind === 'harmless' || (kind === 'transient' && times !== always && !(notifierMayFail && times === 3));
}

/** What is wrong with the verdict about a cell. */
export function objections(cell: Cell, { outcome, problems, end }: Verdict): string[] {
  if (outcome === 'lost') return problems;
  if (outcome !== 'failed clearly' || !mustSurvive(cell)) return [];
  return [`the run did not survive: ${end.endState} ${end.error}: ${end.cause}`];
}

export const title = ({ useCase, call, fault, times }: Cell) =>
  `${useCase.name}: ${nameOf(call)}: ${fault.name}, ${times === always ? 'always' : times === 1 ? 'once' : `${times} times`}`;

/** `CreateConnection calls getGroupStreamConnection (2)` */
export const nameOf = ({ caller, operation, occurrence, isBearer }: RemoteCall) =>
  `${caller} calls ${operation}${occurrence > 1 ? ` (${occurrence})` : ''}${isBearer ? ', with an access token' : ''}`;

/**
 * Runs the cells, several at the same time.
 *
 * @param observer a runner that is open, and works as one of them. All are closed at the end. @returns the secrets that leaked into logs
 */
export async function runAll(
  cells: Cell[],
  observer: Runner,
  concurrency: number,
  onVerdict: (cell: Cell, verdict: Verdict) => void,
) {
  const queue = groupedByCredentials(cells, ({ useCase }) => useCase);
  const leaks = await Promise.all(
    Array.from({ length: concurrency }, async (_, index) => {
      const runner = index === 0 ? observer : await Runner.open();
      try {
        for (let cell = queue.shift(); cell; cell = queue.shift())
          onVerdict(cell, await runner.run(cell.useCase, cell));
      } catch (error) {
        await runner.close();
        throw error;
      }
      return runner.close();
    }),
  );
  return leaks.flat();
}
