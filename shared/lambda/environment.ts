import type { ZodMiniType } from 'zod/mini';
import { DeploymentMisconfigured } from '../errors.ts';

/**
 * Reads a function's settings from the environment, once per container and on first use, so that a mistake is reported as
 * an error of the state and not as a crash of the function.
 *
 * @throws DeploymentMisconfigured that names every wrong variable at once and prints no value that may be a secret
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
  // An issue of several variables has no path, and names them itself.
  const complaints = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')} (${message})` : message,
  );
  throw new DeploymentMisconfigured(
    `The function's environment is wrong: ${complaints.join(', ')}. Correct the deployment's parameters and deploy again.`,
  );
}
