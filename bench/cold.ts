import { type Baseline, buildsBaseline, callsBaseline, clientsOfFunctions, Workshop, zipBytesOf } from './bundles.ts';
import { type Figure, interleaved, median } from './figures.ts';
import { type Program, Sandbox } from './runtime/sandbox.ts';
import type { SteadyWorld, Subject } from './steady-world.ts';

/**
 * Cold starts in CPU time of the process. Lambda gives a function of 256 MB a seventh of a CPU, so CPU time dominates a cold start
 * there. Unlike wall time, it does not depend on what else runs on this machine.
 */

const rounds = 15;

/** How many times the cost of its AWS clients a first answer may cost. */
const maxRatio = 1.25;

const maxZipKb = 300;

interface Measured {
  /** Until the runtime asks for the first event. */
  initMs: number;
  /** Until the first answer. */
  answeredMs: number;
  /** Until the first answer, in wall time. */
  wallMs: number;
}

export async function coldStarts(world: SteadyWorld): Promise<Figure[]> {
  const workshop = new Workshop();
  try {
    const runtime = await workshop.makeRuntime();
    const compared = await comparedWith(world, runtime);
    const names = new Set<Baseline>(['echo', ...compared.flatMap(({ builds, calls }) => [builds, calls])]);
    const bare = world.bare(await workshop.makeBaselines([...names]));
    const samples = await interleaved([...bare, ...compared], rounds, (it) => start(it, runtime));
    const medians = new Map([...samples].map(([{ name }, measured]) => [name as string, medianOf(measured)]));
    return figures(compared, medians);
  } finally {
    workshop.close();
  }
}

/** The functions with the names of their baselines. Each starts once here, which also brings its files into memory. */
async function comparedWith(world: SteadyWorld, runtime: string): Promise<Compared[]> {
  const clients = await clientsOfFunctions();
  const compared: Compared[] = [];
  for (const subject of world.subjects) {
    const used = clients.get(subject.folder) ?? [];
    const requests = await world.requestsDuring(() => start(subject, runtime));
    compared.push({ ...subject, builds: buildsBaseline(used), calls: callsBaseline(used, requests) });
  }
  return compared;
}

async function start({ program, event }: { program: Program; event: unknown }, runtime: string): Promise<Measured> {
  const sandbox = new Sandbox(program);
  try {
    const { cpuMs, milliseconds } = await sandbox.start(runtime, event);
    return { initMs: sandbox.initCpuMs, answeredMs: cpuMs, wallMs: milliseconds };
  } finally {
    await sandbox.stop();
  }
}

const medianOf = (measured: Measured[]): Measured => ({
  initMs: median(measured.map(({ initMs }) => initMs)),
  answeredMs: median(measured.map(({ answeredMs }) => answeredMs)),
  wallMs: median(measured.map(({ wallMs }) => wallMs)),
});

type Compared = Subject & { builds: Baseline; calls: Baseline };

function figures(compared: Compared[], medians: Map<string, Measured>): Figure[] {
  const none = { initMs: Number.NaN, answeredMs: Number.NaN, wallMs: Number.NaN };
  const of = (name: string) => medians.get(name) ?? none;
  const goal = { of: 'ratio', max: maxRatio } as const;
  return compared.flatMap(({ name: subject, folder, builds, calls }): Figure[] => {
    const { initMs, answeredMs, wallMs } = of(subject);
    const cell = { part: 'cold', subject, unit: 'ms' } as const;
    const answered = (name: string, value: number, baseline: string): Figure => ({
      ...cell,
      name,
      value,
      baseline: { name: baseline, value: of(baseline).answeredMs },
    });
    return [
      { ...cell, name: 'loaded', value: initMs, baseline: { name: builds, value: of(builds).initMs } },
      { ...answered('answered', answeredMs, builds), goal },
      { ...cell, name: 'wall time', value: wallMs, baseline: { name: builds, value: of(builds).wallMs } },
      answered('requests', of(calls).answeredMs, builds),
      answered('÷ requests', answeredMs, calls),
      answered('÷ echo', answeredMs, 'echo'),
      {
        ...cell,
        name: 'zip',
        value: zipBytesOf(folder) / 1000,
        unit: 'kB',
        goal: { of: 'value', max: maxZipKb },
      },
    ];
  });
}
