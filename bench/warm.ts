import { type Baseline, baselineFor, clientsOfFunctions, type ServiceClient, Workshop } from './bundles.ts';
import { type Figure, interleaved, median } from './figures.ts';
import { Sandbox } from './runtime/sandbox.ts';
import type { SteadyWorld, Subject } from './steady-world.ts';

/**
 * Warm calls: the wall time of a handler without the time in which a request of its own was out. The first events after the
 * cold one count, because a container sees no more of them: a wait asks for its state some dozens of times.
 */

const events = 40;

/** What a handler may take of its own. */
const mostOwnMs = 5;

export async function warmCalls({ subjects, baselineEvent }: SteadyWorld): Promise<Figure[]> {
  const clients = await clientsOfFunctions();
  const baselineOf = ({ folder }: Subject) => warmBaseline(clients.get(folder) ?? []);
  const workshop = new Workshop();
  const sandboxes: Sandbox[] = [];
  try {
    const runtime = await workshop.makeRuntime();
    const baselines = await workshop.makeBaselines([...new Set(subjects.map(baselineOf))]);
    const { program } = subjects[0] as Subject;
    const bare = [...baselines].map(([name, bundle]) => ({
      name,
      program: { ...program, bundle },
      event: baselineEvent,
    }));
    const started = [];
    for (const { name, program, event } of [...bare, ...subjects]) {
      const sandbox = new Sandbox(program);
      sandboxes.push(sandbox);
      await sandbox.start(runtime, event);
      started.push({ name: name as string, event, sandbox });
    }
    const samples = await interleaved(started, events, ({ event, sandbox }) => sandbox.invoke(event));
    const ownMs = new Map([...samples].map(([{ name }, all]) => [name, median(all.map((it) => it.ownMs))]));
    return subjects.map((subject) => figure(subject, baselineOf(subject), ownMs));
  } finally {
    await Promise.all(sandboxes.map((it) => it.stop()));
    workshop.close();
  }
}

const figure = ({ name: subject }: Subject, baseline: Baseline, ownMs: Map<string, number>): Figure => ({
  part: 'warm',
  subject,
  name: 'own time',
  value: ownMs.get(subject) ?? Number.NaN,
  unit: 'ms',
  baseline: { name: baseline, value: ownMs.get(baseline) ?? Number.NaN },
  goal: { of: 'value', most: mostOwnMs },
});

/** A function that reads nothing but Atlas's credentials in Secrets Manager has them already when it is warm. */
const warmBaseline = (clients: ServiceClient[]): Baseline =>
  clients.join() === 'secrets-manager' ? 'fetch' : baselineFor('calls', clients);
