import { listed } from './redaction.ts';

const words = 'which this deployment does not allow. It allows only: ';

/**
 * What the refusal of a target says about those that the deployment allows: `onlyAllowedIn` reads it again.
 *
 * @param targets `<projectId>/<workspace>` or `<projectId>/*`
 */
export const allowsOnly = (targets: string[]): string =>
  `${words}${listed(targets)}. (Settings: atlasProjectId, atlasWorkspace, allowedTargets)`;

/**
 * The target that a deployment allows, as the refusal of another one names it.
 *
 * @returns undefined if the message is not such a refusal; empty if the deployment allows several targets
 */
export function onlyAllowedIn(message: string): { projectId?: string; workspace?: string } | undefined {
  const [, targets] = message.split(words);
  if (targets === undefined) return undefined;
  return /^"(?<projectId>[a-f0-9]{24})\/(?<workspace>[^"/*]+)"\. /.exec(targets)?.groups ?? {};
}
