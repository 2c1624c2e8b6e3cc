import type { ZodMiniType } from 'zod/mini';
import { DeploymentMisconfigured } from '../errors.ts';

/**
 * Reads a function's settings from the environment, once per container and on first use, so that a mistake is reported as an
 * error of the state and not as a crash of the function.
 *
 * @throws DeploymentMisconfigured that names every wrong variable; it prints no value
 */
export function environment<Settings>(schema: ZodMiniType<Settings>): () => Settings {
  let settings: Settings | undefined;
  return () => {
    settings ??= parse(schema);
    return settings;
  };
}

function parse<Settings>(schema: ZodMiniType<Settings>): Settings {
  const result = schema.safeParse(process.env);
  if (result.success) return result.data;
  const names = [...new Set(result.error.issues.map(({ path }) => path.join('.')))];
  throw new DeploymentMisconfigured(
    `The function's environment variable ${names.join(', ')} is missing or wrong. Deploy again; don't edit the function by hand.`,
  );
}
