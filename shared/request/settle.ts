import { InvalidRequest } from '../errors.ts';
import { settingTags } from '../msk/tags.ts';
import { hasCreated, mayBeOurs, type RegistryRecord, type Target } from '../registry/record.ts';
import { type Field, isOfOther, otherThan, valid, validSecretName } from './fields.ts';
import { refuseForeignTarget, type Setting } from './foreign-target.ts';
import type { ConsoleInput } from './input.ts';
import { shown } from './redaction.ts';
import type { Request } from './request.ts';
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
  const explicit = explicitTarget(given, action === 'connect' ? tags : {}, bound);
  const defaults: Target = {
    projectId: settings.projectId,
    workspace: settings.workspace,
    connectionName: clusterName,
    mechanism: settings.mechanism,
    ...recorded?.target,
  };
  const differences = differencesTo(recorded?.target, explicit, bound);
  if (action === 'disconnect' && differences.length > 0)
    throw new InvalidRequest(
      `The input asks for ${differences.map(({ field, value }) => `${field} ${shown(value)}`).join(' and ')}, but the cluster is connected as ${describe(defaults)}; disconnect removes what is recorded. Leave ${differences.length > 1 ? 'these fields' : 'this field'} out of the input.`,
    );
  const wanted = Object.fromEntries(
    fieldsOfTarget.map((field) => [
      field,
      differences.length > 0 ? defaults[field] : (explicit[field]?.value ?? defaults[field]),
    ]),
  ) as unknown as Target;
  // A tag that cannot move a connected cluster isn't checked, as in explicitTarget. An input is meant for this run.
  const asking = (['projectId', 'workspace'] as const).filter((it) => given[it] !== undefined || !bound.includes(it));
  const askedFor = asking.flatMap((field) => (explicit[field] ? { ...explicit[field], field } : []));
  const place = { ...defaults, ...Object.fromEntries(askedFor.map(({ field, value }) => [field, value])) };
  const isHere = (it: Target) => isConnectedTo(it, action, recorded);
  if (!isHere(place)) refuseForeignTarget({ ...place, clusterArn }, askedFor, settings.allowedTargets);
  // A tag of a free field may not count because of one that would move the cluster.
  if (!isHere(wanted)) refuseForeignTarget({ ...wanted, clusterArn }, [], settings.allowedTargets);
  const tag = settingTags.secretName;
  const named = given.secretArn === undefined && action === 'connect' ? tags[tag] : undefined;
  return {
    clusterArn,
    ...wanted,
    secretArn: given.secretArn ?? (named === undefined ? sentSecret(recorded) : null),
    secretName: named === undefined ? null : validSecretName(named, `The tag ${tag}`),
    maySecretBeAssociated: given.secretArn !== undefined,
    config: given.config ?? null,
    dryRun: given.dryRun ?? false,
    claim: given.claim ?? false,
    acceptPrincipal: given.acceptPrincipal ?? null,
    includeAdopted: given.includeAdopted ?? (!given.dryRun && recorded?.includeAdopted === true),
    wantedBy,
    endsOnUntag: wantedBy === 'tag' && settings.disconnectOnUntag,
    targetChange:
      differences.length > 0
        ? `The cluster is connected as ${describe(defaults)}, but ${differences.map(asks).join(' and ')}`
        : null,
    wereTagsStripped: false,
    tagsRefused: null,
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
 * the verification of that cluster.
 */
function explicitTarget(
  given: ConsoleInput,
  tags: Record<string, string>,
  bound: readonly (keyof Target)[],
): { [Field in keyof Target]?: Setting } {
  const setting = (field: keyof Target): Setting | undefined => {
    if (given[field] !== undefined) return { value: given[field], name: field };
    const tag = settingTags[field];
    const name = `The tag ${tag}`;
    const value = tags[tag];
    if (value === undefined) return undefined;
    return { value: bound.includes(field) ? value : valid(field, value, name), name, tag };
  };
  return Object.fromEntries(fieldsOfTarget.map((field) => [field, setting(field)]).filter(([, value]) => value));
}

/** The explicit settings that differ from the recorded target. */
function differencesTo(
  target: Target | undefined,
  explicit: ReturnType<typeof explicitTarget>,
  fields: readonly (keyof Target)[],
): (Setting & { field: keyof Target })[] {
  return fields.flatMap((field) => {
    const asked = explicit[field];
    return !target || asked === undefined || asked.value === target[field] ? [] : [{ ...asked, field }];
  });
}

/**
 * The fields of the recorded target that a connect cannot change. The private link is in the project. Without a connection of ours,
 * such as after a disconnect that had to leave the link, the workspace has nothing that could be lost.
 */
function boundBy(record: RegistryRecord | undefined): readonly (keyof Target)[] {
  if (!record || !hasCreated(record)) return [];
  return record.connection && mayBeOurs(record.connection) ? fieldsOfTarget : ['projectId'];
}

/** Such as `the tag atlas-streaming/workspace is "b"`. */
const asks = ({ field, name, value }: Setting & { field: string }): string =>
  `${name === field ? `${field} in the input` : name.replace(/^The/, 'the')} is ${shown(value)}`;

const describe = ({ projectId, workspace, connectionName, mechanism }: Target): string =>
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
