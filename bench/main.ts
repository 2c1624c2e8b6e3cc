import { parseArgs } from 'node:util';
import { UsageError } from '../local/arguments.ts';
import { coldStarts } from './cold.ts';
import { costs } from './cost.ts';
import { type Figure, isMet, type Part, parts, ratioOf } from './figures.ts';
import { notes } from './notes.ts';
import { type Credentials, type CrowdOptions, schemes } from './scale/crowd.ts';
import { numbersOfClusters, scale } from './scale/scale.ts';
import { SteadyWorld } from './steady-world.ts';
import { table } from './table.ts';
import { roundTrips } from './trips/trips.ts';
import { warmCalls } from './warm.ts';
import { whyMissed } from './why-missed.ts';

const kindsOfCredentials: Credentials[] = ['api-key', 'service-account'];

const usage = `Usage: npm run bench -- [--json] [--only ${parts.join(',')}] [--clusters ${numbersOfClusters.join(',')}] [--credentials ${kindsOfCredentials.join('|')}] [--scheme ${schemes.join('|')}] [--keep-writes]`;

/** `npm run bench`: most figures are compared with a baseline that is measured in the same run. */
async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean' },
    only: { type: 'string' },
    clusters: { type: 'string' },
    credentials: { type: 'string', default: 'api-key' },
    scheme: { type: 'string', default: 'SASL_SCRAM' },
    'keep-writes': { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  const wanted = (values.only ?? parts.join()).split(',');
  const unknown = wanted.filter((part) => !parts.includes(part as Part));
  if (unknown.length > 0) throw new UsageError(`There is no part ${unknown.join(', ')}.`);
  const clusters = (values.clusters ?? numbersOfClusters.join()).split(',').map(Number);
  if (!clusters.every((number) => Number.isInteger(number) && number > 0))
    throw new UsageError(`--clusters must be whole numbers, such as 1,10, and is ${values.clusters}.`);
  const credentials = kindsOfCredentials.find((it) => it === values.credentials);
  if (!credentials)
    throw new UsageError(`--credentials must be ${kindsOfCredentials.join(' or ')}, and is ${values.credentials}.`);
  const scheme = schemes.find((it) => it === values.scheme);
  if (!scheme) throw new UsageError(`--scheme must be ${schemes.join(' or ')}, and is ${values.scheme}.`);

  const crowd = { credentials, scheme, losesWrites: !values['keep-writes'] };
  const figures: Figure[] = [];
  for (const part of parts) if (wanted.includes(part)) figures.push(...(await measure[part](clusters, crowd)));
  console.log(values.json ? JSON.stringify(figures.map(complete), null, 2) : report(figures, wanted as Part[]));
}

const measure: Record<Part, (clusters: number[], options: CrowdOptions) => Promise<Figure[]>> = {
  cold: () => inSteadyWorld(coldStarts),
  warm: () => inSteadyWorld(warmCalls),
  trips: roundTrips,
  cost: costs,
  scale,
};

async function inSteadyWorld(run: (world: SteadyWorld) => Promise<Figure[]>): Promise<Figure[]> {
  const world = await SteadyWorld.start();
  try {
    return await run(world);
  } finally {
    await world.close();
  }
}

function report(figures: Figure[], wanted: Part[]): string {
  const explained = parts.filter((part) => wanted.includes(part)).map((part) => notes[part]);
  return [table(figures), ...explained, whyMissed(figures)].filter((text) => text !== '').join('\n\n');
}

const complete = (figure: Figure) => ({ ...figure, ratio: ratioOf(figure), isMet: isMet(figure) });

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS'))) throw error;
  console.error(`${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}
