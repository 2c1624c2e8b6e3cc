import { type Baseline, baselineFor, clientsOfFunctions, Workshop, zipBytesOf } from './bundles.ts';
import { type Figure, interleaved, median } from './figures.ts';
import { type Program, Sandbox } from './runtime/sandbox.ts';
import type { SteadyWorld, Subject } from './steady-world.ts';

/**
 * Cold start, in CPU time of the process: Lambda gives 256 MB a seventh of a CPU, so that is what a cold start there is made
 * of, and, unlike the time on the clock, it says the same on a machine that has other work.
 */

const rounds = 15;

/** How much more than the AWS client itself a function may cost. */
const mostOfClient = 1.25;

const mostZipKb = 200;

interface Measured {
  /** Until the runtime asks for the first event. */
  initMs: number;
  /** Until the first answer. */
  answeredMs: number;
}

export async function coldStarts({ subjects, baselineEvent }: SteadyWorld): Promise<Figure[]> {
  const clients = await clientsOfFunctions();
  const compared = subjects.map((subject) => {
    const used = clients.get(subject.folder) ?? [];
    return { ...subject, builds: baselineFor('builds', used), calls: baselineFor('calls', used) };
  });
  const workshop = new Workshop();
  try {
    const runtime = await workshop.makeRuntime();
    const names = new Set<Baseline>(['echo', ...compared.flatMap(({ builds, calls }) => [builds, calls])]);
    const baselines = await workshop.makeBaselines([...names]);
    const { program } = subjects[0] as Subject;
    const bare = [...baselines].map(([name, bundle]) => ({
      name,
      program: { ...program, bundle },
      event: baselineEvent,
    }));
    const samples = await interleaved([...bare, ...compared], rounds, ({ program, event }) =>
      start(program, event, runtime),
    );
    const medians = new Map([...samples].map(([{ name }, measured]) => [name as string, medianOf(measured)]));
    return figures(compared, medians);
  } finally {
    workshop.close();
  }
}

async function start(program: Program, event: unknown, runtime: string): Promise<Measured> {
  const sandbox = new Sandbox(program);
  try {
    const { cpuMs } = await sandbox.start(runtime, event);
    return { initMs: sandbox.initCpuMs, answeredMs: cpuMs };
  } finally {
    await sandbox.stop();
  }
}

const medianOf = (measured: Measured[]): Measured => ({
  initMs: median(measured.map(({ initMs }) => initMs)),
  answeredMs: median(measured.map(({ answeredMs }) => answeredMs)),
});

type Compared = Subject & { builds: Baseline; calls: Baseline };

function figures(compared: Compared[], medians: Map<string, Measured>): Figure[] {
  const of = (name: string) => medians.get(name) ?? { initMs: Number.NaN, answeredMs: Number.NaN };
  const goal = { of: 'ratio', most: mostOfClient } as const;
  return compared.flatMap(({ name: subject, folder, builds, calls }): Figure[] => {
    const { initMs, answeredMs } = of(subject);
    const cell = { part: 'cold', subject, unit: 'ms' } as const;
    const answered = (name: string, baseline: string): Figure => ({
      ...cell,
      name,
      value: answeredMs,
      baseline: { name: baseline, value: of(baseline).answeredMs },
    });
    return [
      { ...cell, name: 'loaded', value: initMs, baseline: { name: builds, value: of(builds).initMs }, goal },
      { ...answered('answered', calls), goal },
      answered('÷ builds', builds),
      answered('÷ echo', 'echo'),
      {
        ...cell,
        name: 'zip',
        value: zipBytesOf(folder) / 1000,
        unit: 'kB',
        goal: { of: 'value', most: mostZipKb },
      },
    ];
  });
}
