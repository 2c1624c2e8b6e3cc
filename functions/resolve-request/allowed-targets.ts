import { InvalidRequest } from '../../shared/errors.ts';
import { listed, shown } from '../../shared/request/redaction.ts';

/** A setting, and how the person who set it knows it. */
export interface Setting {
  value: string;
  name: string;
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
  { projectId, workspace }: Place,
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
  throw new InvalidRequest(
    `${subject}, which this deployment does not allow. It must be ${oneOf([...allowedTargets])} (the parameters atlasProjectId, atlasWorkspace and allowedTargets). To allow it, add it to allowedTargets in the stage file, and deploy again.`,
  );
}

const oneOf = (targets: string[]): string => `${targets.length > 1 ? 'one of ' : ''}${listed(targets)}`;
