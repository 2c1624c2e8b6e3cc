import { withCommand } from '../command.ts';
import { InvalidRequest } from '../errors.ts';
import { untagCommand } from '../msk/tag-commands.ts';
import { allowsOnly } from './allowed-targets.ts';
import { shown } from './redaction.ts';

/** A setting, and how the person who set it knows it. */
export interface Setting {
  value: string;
  name: string;
  /** The key of the cluster's tag, if it is one. */
  tag?: string;
}

interface Place {
  projectId: string;
  workspace: string;
}

/**
 * Refuses a project and workspace that the deployment does not allow. A name of Atlas has neither `/` nor `*`.
 *
 * @param settings the ones that ask for it; none if it is recorded
 * @param allowedTargets `<projectId>/<workspace>` or `<projectId>/*`
 * @throws InvalidRequest
 */
export function refuseForeignTarget(
  { clusterArn, projectId, workspace }: Place & { clusterArn: string },
  settings: Setting[],
  allowedTargets: Set<string>,
): void {
  const target = `${projectId}/${workspace}`;
  if (allowedTargets.has(target) || allowedTargets.has(`${projectId}/*`)) return;
  const asking = settings.map(({ name, value }) => `${name} is ${shown(value)}`);
  const subject =
    asking.length > 0
      ? `${asking.join(' and ').replace(' and The', ' and the')}, so the target is ${shown(target)}`
      : `The recorded target is ${shown(target)}`;
  const refused = `${subject}, ${allowsOnly([...allowedTargets])}`;
  const tags = settings.flatMap(({ tag }) => tag ?? []);
  throw new InvalidRequest(
    tags.length > 0
      ? withCommand(
          `${refused} ${tags.length > 1 ? 'Correct the tags, or remove them' : 'Correct the tag, or remove it'}:`,
          untagCommand(clusterArn, tags),
          'Or allow the target: add it to allowedTargets in the stage file, and deploy again.',
        )
      : `${refused} To allow it, add it to allowedTargets in the stage file, and deploy again.`,
  );
}
