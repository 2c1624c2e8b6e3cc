import { execFile } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A known vulnerability of a package, as `npm audit` reports it. */
interface Advisory {
  name: string;
  title: string;
  url: string;
  severity: string;
}

/** What `npm audit --json` prints: a report, or an error if the registry gave no answer. */
interface Printed {
  vulnerabilities?: Record<string, { via: (Advisory | string)[] }>;
  message?: string;
}

/** From this severity on, an advisory fails. */
const severe = ['high', 'critical'];

/**
 * Asks the registry for advisories about the dependencies that ship.
 *
 * @param env `npm_config_registry` may name another registry than npm's configuration
 * @returns `severe`: one line for each advisory of severity high or critical; or why nothing could be checked
 */
export async function audit(
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ severe: string[] } | { notChecked: string }> {
  const { vulnerabilities, message = 'no answer' } = await printed(env);
  // Not every registry has this endpoint, and a build must not depend on it.
  if (!vulnerabilities) return { notChecked: message };
  const advisories = Object.values(vulnerabilities)
    .flatMap(({ via }) => via)
    .filter((it) => typeof it !== 'string');
  return {
    severe: advisories
      .filter(({ severity }) => severe.includes(severity))
      .map(({ name, severity, title, url }) => `${name}: ${severity}: ${title} (${url})`),
  };
}

function printed(env: NodeJS.ProcessEnv): Promise<Printed> {
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0'];
  return new Promise((resolve) =>
    // npm exits with 1 both for an advisory and for a registry without an answer.
    execFile('npm', args, { cwd: root, env, maxBuffer: 100_000_000 }, (_, stdout) => {
      try {
        resolve(JSON.parse(stdout) as Printed);
      } catch {
        resolve({ message: 'npm audit printed no report' });
      }
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const result = await audit();
  if ('notChecked' in result)
    console.log(`Advisories were not checked, because the registry does not answer npm audit: ${result.notChecked}`);
  else if (result.severe.length === 0)
    console.log('No dependency that ships has an advisory of severity high or critical.');
  else {
    console.error(
      ['Dependencies that ship have advisories. Update them: npm audit fix --omit=dev', ...result.severe].join('\n'),
    );
    process.exitCode = 1;
  }
}
