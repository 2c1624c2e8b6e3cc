import type { Deps } from './subject.ts';

/** Marks an error of the registry, which is its cause: it stops the sweep, unlike an error of one cluster. */
export class RegistryFailed extends Error {}

const stop = (cause: unknown): never => {
  throw new RegistryFailed('', { cause });
};

/** The registry, whose errors are marked. */
export const stopping = (registry: Deps['registry']): Deps['registry'] => ({
  scan: () => registry.scan().catch(stop),
  readRecord: (...given) => registry.readRecord(...given).catch(stop),
  updateUnclaimed: (...given) => registry.updateUnclaimed(...given).catch(stop),
});
