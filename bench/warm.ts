import { type Baseline, callsBaseline, clientsOfFunctions, Workshop } from './bundles.ts';
import { type Figure, interleaved, median } from './figures.ts';
import { type Program, Sandbox } from './runtime/sandbox.ts';
import type { SteadyWorld } from './steady-world.ts';

/**
 * Warm calls: the wall time of a handler without the time in which it waits for a request. Only the first events after the cold
 * start count, because a container gets few: a wait polls a few dozen times.
 */

const events = 40;

/** The most time that a handler may use itself. */
const maxOwnMs = 5;

interface Warm {
  name: string;
  event: unknown;
  sandbox: Sandbox;
}

export async function warmCalls(world: SteadyWorld): Promise<Figure[]> {
  const clients = await clientsOfFunctions();
  const workshop = new Workshop();
  const warm: Warm[] = [];
  try {
    const runtime = await workshop.makeRuntime();
    const started = async ({ name, program, event }: { name: string; program: Program; event: unknown }) => {
      const it = { name, event, sandbox: new Sandbox(program) };
      warm.push(it);
      await it.sandbox.start(runtime, event);
      return it;
    };
    const baselines = new Map<string, Baseline>();
    for (const subject of world.subjects) {
      const { sandbox, event } = await started(subject);
      const requests = await world.requestsDuring(() => sandbox.invoke(event));
      baselines.set(subject.name, callsBaseline(clients.get(subject.folder) ?? [], requests));
    }
    const bundles = await workshop.makeBaselines([...new Set(baselines.values())]);
    for (const baseline of world.bare(bundles)) {
      const { sandbox, event } = await started(baseline);
      await sandbox.invoke(event);
    }
    const samples = await interleaved(warm, events, ({ event, sandbox }) => sandbox.invoke(event));
    const ownMs = new Map([...samples].map(([{ name }, all]) => [name, median(all.map((it) => it.ownMs))]));
    return [...baselines].map(([subject, baseline]) => figure(subject, baseline, ownMs));
  } finally {
    await Promise.all(warm.map(({ sandbox }) => sandbox.stop()));
    workshop.close();
  }
}

const figure = (subject: string, baseline: Baseline, ownMs: Map<string, number>): Figure => ({
  part: 'warm',
  subject,
  name: 'own time',
  value: ownMs.get(subject) ?? Number.NaN,
  unit: 'ms',
  baseline: { name: baseline, value: ownMs.get(baseline) ?? Number.NaN },
  goal: { of: 'value', max: maxOwnMs },
});
