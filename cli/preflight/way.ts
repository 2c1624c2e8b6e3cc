import { type Mechanism, schemeOf } from '../../shared/login.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import { type Assessed, assess, type Clients, type Inspected } from '../../shared/prerequisites/assess.ts';
import type { Check } from '../../shared/prerequisites/checks.ts';
import type { Findings } from '../../shared/prerequisites/findings.ts';
import { mayBeOurs } from '../../shared/registry/record.ts';
import { howToMove } from '../../shared/request/keep-or-move.ts';
import type { Request } from '../../shared/request/request.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import { NoAccess } from '../exit.ts';
import type { Context } from './context.ts';
import { type CheckResult, isAbout, type OtherWay, resultsOf, unmet } from './report.ts';

/**
 * Why a run logs in by its mechanism, as half a sentence.
 *
 * @param tags of the cluster
 * @param findings of that way
 */
export function reasonFor(
  request: Request,
  tags: Record<string, string>,
  { login: { mechanism }, because }: Pick<Assessed, 'login' | 'because'>,
  { options, settings }: Pick<Context, 'options' | 'settings'>,
  findings: Findings,
): string {
  const link = findings.of('privateLink');
  if (because !== undefined)
    return link && link.unknown === undefined
      ? because
      : `${because}; the scheme of an existing private link would count more, but whether there is one is not known`;
  if (request.mechanism === 'auto')
    return options.stage === undefined
      ? 'no streams role is given (--stage NAME, or --streams-role ARN)'
      : `stage "${options.stage}" has no streams role`;
  if (options.mechanism === mechanism) return '--mechanism names it';
  const { recorded, targetChange } = request;
  const tag = settingTags.mechanism;
  if (targetChange === null && tags[tag] === mechanism) return `the tag ${tag} names it`;
  return recorded?.target?.mechanism === mechanism
    ? 'the registry records it for this cluster'
    : `the setting mechanism is ${settings.mechanism}`;
}

/**
 * Makes the checks of the way that a run does not take. What both ways need was read before, and is not read again.
 *
 * @param taken the mechanism of the way that is taken
 * @param clients that read once
 * @param own collects what the other way lacks
 * @param findings of the way that is taken
 */
export async function lookAtOtherWay(
  request: Request,
  inspected: Inspected,
  taken: Mechanism,
  clients: Clients,
  own: Findings,
  findings: Findings,
): Promise<OtherWay> {
  const mechanism = otherThan(taken);
  await assess(request, inspected, mechanism, { ...clients, secrets: withoutValues(clients.secrets) }, own);
  const scheme = schemeOf(mechanism);
  const hasOwnReason = ({ id, result, text = '' }: CheckResult) =>
    result === 'unmet' && findings.of(id)?.unmet.join('\n') !== text;
  // What both ways need says why a check could not be made.
  const checks = resultsOf({ of: (id: Check) => own.of(id) ?? findings.of(id) }, scheme)
    .filter((check) => isAbout(scheme, check.id) || hasOwnReason(check))
    .map((check) => (check.id === 'privateLink' ? ofMove(check, request, mechanism) : check));
  return { mechanism, checks };
}

/** A mechanism of the other authentication scheme. */
const otherThan = (mechanism: Mechanism): Mechanism => (schemeOf(mechanism) === 'IAM' ? 'SCRAM-512' : 'AWS_MSK_IAM');

/** A password is not read for a way that is not taken. */
const withoutValues = (secrets: SecretsClient): SecretsClient =>
  new Proxy(secrets, {
    get: (target, name) =>
      name === 'read'
        ? () => Promise.reject(new NoAccess('Preflight reads the secret only if a run takes this way.'))
        : Reflect.get(target, name, target),
  });

/** A link of ours is replaced by a disconnect and a connect. */
function ofMove(check: CheckResult, { clusterArn, recorded }: Request, mechanism: Mechanism): CheckResult {
  const link = recorded?.privateLink;
  if (!link || !mayBeOurs(link)) return check;
  const { id, title } = check;
  const move = howToMove(clusterArn, { scheme: schemeOf(mechanism), tags: { [settingTags.mechanism]: mechanism } });
  return { id, title, ...unmet(`The cluster is connected the first way.\n${move}`) };
}
