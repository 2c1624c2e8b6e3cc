import type { NotRestarted } from '../../shared/atlas/restart.ts';
import { withCommand } from '../../shared/command.ts';
import { cut } from '../../shared/cut.ts';
import { shown } from '../../shared/request/redaction.ts';

/** More would hide what else the Cause says. */
const maxCommands = 10;

/**
 * The message of ProcessorsNotStarted: each processor, why it does not run, and how to start it.
 *
 * @param isRepeated whether the next run starts them
 */
export function notStarted(
  failed: NotRestarted[],
  place: { projectId: string; workspace: string },
  isRepeated: boolean,
): string {
  const each = failed.map(({ name, reason }) => `${shown(name)}, because ${reason.replace(/\.$/, '')}`);
  const [one] = each;
  const what =
    each.length === 1
      ? `Stream processor ${one}`.replace(', because', ' did not start again, because')
      : `${each.length} stream processors did not start again: ${each.join('; ')}`;
  const startable = failed.filter(({ name }) => /^\w[\w-]*$/.test(name)).slice(0, maxCommands);
  const them = each.length === 1 ? 'it' : 'them';
  const next = isRepeated ? ` The next run that updates the connection starts ${them} again.` : '';
  const remedy = `A run had stopped ${them} to update the connection.${next} If a processor is FAILED, its operational log in Atlas says why. Fix that, and start it; it continues at its checkpoint`;
  const [first, ...others] = startable.map(
    ({ name }) =>
      `atlas streams processors start ${cut(name, 100)} --projectId ${place.projectId} --instance ${place.workspace}`,
  );
  return first === undefined
    ? `${what}. ${remedy}.`
    : withCommand(`${what}. ${remedy}:`, first, others.map((command) => `  ${command}`).join('\n'));
}
