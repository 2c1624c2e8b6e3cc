import { knownBehaviour } from '../../emulators/atlas/behaviour.ts';
import { endpoints } from '../../emulators/atlas/endpoints.ts';
import { errorCodes } from '../../emulators/atlas/error.ts';
import { knownFaults } from '../../emulators/atlas/kafka-source.ts';
import type { Known } from '../../emulators/atlas/knowledge.ts';
import { table } from './marked-parts.ts';

const row = (what: string, { how, source }: Known): string[] => [what, how, source];

/** @returns the table of what the emulator of Atlas does, and how each of it is known */
export const atlasKnowledge = (): string =>
  table(
    ['What the local Atlas does', 'Known how', 'Source'],
    [
      ...endpoints.map(({ operation, known }) => row(`\`${operation}\``, known)),
      ...Object.entries(errorCodes).map(([code, known]) => row(`error \`${code}\``, known)),
      ...[...Object.values(knownBehaviour), ...Object.values(knownFaults)].map((known) => row(known.what, known)),
    ],
  );
