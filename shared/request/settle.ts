import { InvalidRequest } from '../errors.ts';
import { type Mechanism, schemeOf } from '../login.ts';
import { settingTags } from '../msk/tags.ts';
import { hasCreated, mayBeOurs, type RegistryRecord, type Target } from '../registry/record.ts';
import { type Field, isOfOther, otherThan, valid, validSecretName } from './fields.ts';
import { refuseForeignTarget, type Setting } from './foreign-target.ts';
import type { ConsoleInput } from './input.ts';
import { shown } from './redaction.ts';
import type { Request } from './request.ts';
import { settleRun } from './run-settings.ts';
import { refuseSecretOfNoUse } from './secret-place.ts';
import type { Settings } from './settings.ts';

/** Who asks for a run. */
export interface Asked {
  action: 'connect' | 'disconnect';
  given: ConsoleInput;
  tags: Record<string, string>;
  recorded: RegistryRecord | undefined;
  wantedBy: Request['wantedBy'];
  clusterName: string;
}

/** A target whose mechanism may be chosen later. */
type Wanted = Omit<Target, 'mechanism'> & Pick<Request, 'mechanism'>;

type Explicit = { [Field in keyof Target]?: Setting } & { auto: boolean };

const fieldsOfTarget = ['projectId', 'workspace', 'connectionName', 'mechanism'] as const;

/**
 * Takes each setting from the input, else from its tag, else from the registry, else from the deployment. A cluster that is connected
 * stays where it is: then `targetChange` says what the settings ask for.
 *
 * @throws InvalidRequest
 */
export function settle(asked: Asked, settings: Settings): Request {
  const { action, given, tags, recorded, wantedBy, clusterName } = asked;
  const { clusterArn } = given;
  refuseFieldsOfOther(action, given);
  const bound = action === 'disconnect' ? fieldsOfTarget : boundBy(recorded);
  const { auto, ...explicit } = explicitTarget(given, action === 'connect' ? tags : {}, bound);
  const defaults: Wanted = {
    projectId: settings.projectId,
    workspace: settings.workspace,
    connectionName: clusterName,
    ...recorded?.target,
    mechanism: defaultMechanism(recorded, auto ? 'auto' : settings.mechanism),
  };
  const differences = differencesTo(recorded, explicit, bound);
  const connectedAs = () => describe(recorded?.target ?? defaults);
  if (action === 'disconnect' && differences.length > 0)
    throw new InvalidRequest(
      `The input asks for ${differences.map(({ field, value }) => `${field} ${shown(value)}`).join(' and ')}, but the cluster is connected as ${connectedAs()}; disconnect removes what is recorded. Leave ${differences.length > 1 ? 'these fields' : 'this field'} out of the input.`,
    );
  const wanted = Object.fromEntries(
    fieldsOfTarget.map((field) => [
      field,
      differences.length > 0 ? defaults[field] : (explicit[field]?.value ?? defaults[field]),
    ]),
  ) as unknown as Wanted;
  // A tag that cannot move a connected cluster isn't checked, as in explicitTarget. An input is meant for this run.
  const asking = (['projectId', 'workspace'] as const).filter((it) => given[it] !== undefined || !bound.includes(it));
  const askedFor = asking.flatMap((field) => (explicit[field] ? { ...explicit[field], field } : []));
  const place = { ...defaults, ...Object.fromEntries(askedFor.map(({ field, value }) => [field, value])) };
  const isHere = (it: Wanted) => isConnectedTo(it, action, recorded);
  if (!isHere(place)) refuseForeignTarget({ ...place, clusterArn }, askedFor, settings.allowedTargets);
  // A tag of a free field may not count because of one that would move the cluster.
  if (!isHere(wanted)) refuseForeignTarget({ ...wanted, clusterArn }, [], settings.allowedTargets);
  const isByRole = wanted.mechanism === 'AWS_MSK_IAM';
  if (given.secretArn !== undefined) {
    if (given.mechanism === 'AWS_MSK_IAM' || (isByRole && action === 'connect' && differences.length === 0))
      refuseSecretOfNoUse(explicit.mechanism ? asks({ ...explicit.mechanism, field: 'mechanism' }) : byRole(recorded));
  }
  const tag = settingTags.secretName;
  const named = given.secretArn === undefined && action === 'connect' && !isByRole ? tags[tag] : undefined;
  return {
    clusterArn,
    ...wanted,
    secretArn: isByRole ? null : (given.secretArn ?? (named === undefined ? sentSecret(recorded) : null)),
    secretName: named === undefined ? null : validSecretName(named, `The tag ${tag}`),
    maySecretBeAssociated: given.secretArn !== undefined && !isByRole,
    config: given.config ?? null,
    ...settleRun(asked, settings),
    dryRun: given.dryRun ?? false,
    claim: given.claim ?? false,
    acceptPrincipal: given.acceptPrincipal ?? null,
    includeAdopted: given.includeAdopted ?? (!given.dryRun && recorded?.includeAdopted === true),
    wantedBy,
    endsOnUntag: wantedBy === 'tag' && settings.disconnectOnUntag,
    targetChange:
      differences.length > 0
        ? `The cluster is connected as ${connectedAs()}, but ${differences.map(asks).join(' and ')}`
        : null,
    wereTagsStripped: false,
    tagsRefused: null,
    isProbeLeft: false,
    areProcessorsStopped: false,
    recorded: recorded ?? null,
  };
}

/** The secret whose password Atlas was sent. */
const sentSecret = (recorded: RegistryRecord | undefined): string | null =>
  recorded?.secretVersionId === undefined ? null : (recorded.secretArn ?? null);

function refuseFieldsOfOther(action: Asked['action'], given: ConsoleInput): void {
  const field = (Object.keys(given) as Field[]).find((name) => isOfOther(name, action));
  if (field)
    throw new InvalidRequest(
      `The input has the field ${field}, which only the ${otherThan(action)} machine knows. Leave it out, or start that machine.`,
    );
}

/**
 * The parts of the target that the input or a tag names. A tag that cannot move a connected cluster isn't checked: it must not stop
 * the verification of that cluster. `auto`: whether the mechanism is asked for as `auto`, which differs from no target.
 */
function explicitTarget(given: ConsoleInput, tags: Record<string, string>, bound: readonly (keyof Target)[]): Explicit {
  const setting = (field: keyof Target): Setting | undefined => {
    if (given[field] !== undefined) return { value: given[field], name: field };
    const tag = settingTags[field];
    const name = `The tag ${tag}`;
    const value = tags[tag];
    if (value === undefined) return undefined;
    return { value: bound.includes(field) ? value : valid(field, value, name), name, tag };
  };
  const found = fieldsOfTarget.flatMap((field) => {
    const asked = setting(field);
    return asked ? [{ ...asked, field }] : [];
  });
  const isAuto = ({ field, value }: (typeof found)[number]) => field === 'mechanism' && value === 'auto';
  return {
    ...Object.fromEntries(found.filter((it) => !isAuto(it)).map(({ field, ...asked }) => [field, asked])),
    auto: found.some(isAuto),
  };
}

/**
 * The mechanism if neither the input nor a tag names one. A deployment that names one moves no recorded cluster. `auto` keeps the
 * mechanism as long as a link or a connection was created for it; otherwise CheckPrerequisites chooses. A statement fits every mechanism.
 */
function defaultMechanism(recorded: RegistryRecord | undefined, choice: Wanted['mechanism']): Wanted['mechanism'] {
  const known = recorded?.target?.mechanism;
  if (choice !== 'auto') return known ?? choice;
  const isUsed = [recorded?.privateLink, recorded?.connection].some((piece) => piece && mayBeOurs(piece));
  return (isUsed ? known : undefined) ?? 'auto';
}

/** Why a connection uses no secret although no setting of the cluster names the mechanism. */
const byRole = (recorded: RegistryRecord | undefined): string =>
  `${recorded?.target ? 'the recorded' : "the deployment's"} mechanism is "AWS_MSK_IAM"`;

/** The explicit settings that differ from the recorded target. A link of ours has one scheme for good. */
function differencesTo(
  recorded: RegistryRecord | undefined,
  explicit: Omit<Explicit, 'auto'>,
  bound: readonly (keyof Target)[],
): (Setting & { field: keyof Target })[] {
  const target = recorded?.target;
  if (!target) return [];
  const isLinkOurs = recorded.privateLink !== undefined && mayBeOurs(recorded.privateLink);
  const needsOtherLink = (field: keyof Target, value: string) =>
    field === 'mechanism' && isLinkOurs && schemeOf(value as Mechanism) !== schemeOf(target.mechanism);
  return fieldsOfTarget.flatMap((field) => {
    const asked = explicit[field];
    if (asked === undefined || asked.value === target[field]) return [];
    return bound.includes(field) || needsOtherLink(field, asked.value) ? [{ ...asked, field }] : [];
  });
}

/**
 * The fields of the recorded target that a connect cannot change. The private link is in the project. Without a connection of ours,
 * such as after a disconnect that had to leave the link, the workspace has nothing that could be lost, unless a run has stopped stream
 * processors there.
 */
function boundBy(record: RegistryRecord | undefined): readonly (keyof Target)[] {
  if (record?.stoppedProcessors?.length) return fieldsOfTarget;
  if (!record || !hasCreated(record)) return [];
  return record.connection && mayBeOurs(record.connection) ? fieldsOfTarget : ['projectId'];
}

/** Such as `the tag atlas-streaming/workspace is "b"`. */
const asks = ({ field, name, value }: Setting & { field: string }): string =>
  `${name === field ? `${field} in the input` : name.replace(/^The/, 'the')} is ${shown(value)}`;

const describe = ({ projectId, workspace, connectionName, mechanism }: Wanted): string =>
  `"${connectionName}" in workspace "${workspace}" of project ${projectId} (${mechanism})`;

/**
 * Whether the cluster is connected to this project and workspace, which the deployment may have allowed only earlier. Such a
 * connection is verified, repaired and removed as before. A disconnect also removes what is left of it.
 */
const isConnectedTo = (
  { projectId, workspace }: Pick<Target, 'projectId' | 'workspace'>,
  action: Asked['action'],
  recorded: RegistryRecord | undefined,
): boolean =>
  recorded?.target?.projectId === projectId &&
  recorded.target.workspace === workspace &&
  (action === 'disconnect' || recorded.connection !== undefined);
