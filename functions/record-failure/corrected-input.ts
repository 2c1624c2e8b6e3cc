import { type Action, type Field, fields, isOfOther, isSetting, rules } from '../../shared/request/fields.ts';
import { isCredential, isRecord, looksSecret } from '../../shared/request/redaction.ts';

/** What a person typed, made right as far as possible. */
export interface Corrected {
  input: Record<string, unknown>;
  /** The fields that have a placeholder, which no run accepts. */
  placeholders: string[];
  /** The fields that are missing now. */
  leftOut: string[];
}

/** Without one of these, a run would work with the deployment's default, perhaps on something that was not meant. */
const needsPlaceholder = new Set<Field>([
  'clusterArn',
  'projectId',
  'workspace',
  'connectionName',
  'secretArn',
  'mechanism',
  'topics',
  'rebootWindow',
]);

/** What a field that only one value makes harmless becomes: left out, it would have the value of a tag or of the deployment. */
const harmlessValue: Partial<Record<Field, boolean>> = { dryRun: true, probe: false, restartProcessors: false };

/** The beginning of an unknown field of a caller who did not intend any change. */
const soundsDry = /dry|preview|simulat|what_?-?if|no_?-?op/i;

/**
 * Corrects the input of a manual start. A wrong value is put right if there is no doubt; else it becomes a placeholder, or is left out
 * if the run does less without it. An input that may have been meant as a dry run stays one. No value that may be a secret is
 * repeated; before an input was accepted, that is every setting that isn't plainly harmless.
 *
 * @param input may be anything
 * @param action of the machine that is to be started: a field that only the other one knows is left out
 * @param options `isAccepted`: whether ResolveRequest has accepted the input; `refused`: a field whose value was refused, perhaps
 *   although it has the right form; `ofNoUse`: a field that has no right value in this input
 */
export function correctedInput(
  input: unknown,
  action: Action,
  { isAccepted, refused, ofNoUse }: { isAccepted: boolean; refused?: Field | undefined; ofNoUse?: Field | undefined },
): Corrected {
  const given = unquoted(input);
  const corrected: Corrected = { input: {}, placeholders: [], leftOut: [] };
  if (!isRecord(given)) return withPlaceholder(corrected, 'clusterArn');
  if (!Object.keys(given).some((key) => fieldOf(key) === 'clusterArn')) withPlaceholder(corrected, 'clusterArn');
  for (const [key, value] of Object.entries(given)) {
    const field = fieldOf(key);
    if (field && (isOfOther(field, action) || field === ofNoUse)) corrected.leftOut.push(key);
    else if (field === 'config') correctConfig(corrected, value, isAccepted);
    else if (field) correct(corrected, field, value, field === refused);
    else if (soundsDry.test(key) && value !== false) corrected.input.dryRun = true;
    else corrected.leftOut.push(key);
  }
  return corrected;
}

/** JSON in quotes is often meant as the object itself. */
function unquoted(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

/** The field that a key means: in another case, or with other separators, it is still that field. */
const fieldOf = (key: string): Field | undefined =>
  (Object.keys(rules) as Field[]).find((field) => field.toLowerCase() === key.replace(/[-_ ]/g, '').toLowerCase());

function correct(corrected: Corrected, field: Field, value: unknown, isRefused: boolean): void {
  const isValid = (it: unknown) => fields[field].safeParse(it).success;
  const right = isRefused && isValid(value) ? undefined : likely(field, value).find(isValid);
  if (right !== undefined) corrected.input[field] = right;
  else if (harmlessValue[field] !== undefined) corrected.input[field] = harmlessValue[field];
  else if (needsPlaceholder.has(field)) withPlaceholder(corrected, field);
  else corrected.leftOut.push(field);
}

function withPlaceholder(corrected: Corrected, field: Field): Corrected {
  corrected.input[field] = `<${field}>`;
  corrected.placeholders.push(field);
  return corrected;
}

const booleans: Record<string, boolean> = { true: true, false: false };

/** What a value was likely meant to be, itself first. */
function likely(field: Field, value: unknown): unknown[] {
  // Only `true` and `false` themselves say whether a dry run was meant.
  if (field === 'dryRun') return [value];
  if (field === 'topics') return [value, topicsOf(value)];
  if (typeof value !== 'string' && typeof value !== 'number') return [value];
  const text = String(value).trim();
  if (looksSecret(text)) return [];
  const aliases: Partial<Record<Field, unknown>> = {
    projectId: text.toLowerCase(),
    mechanism: mechanismOf(text),
    rebootWindow: windowOf(text),
    probe: booleans[text.toLowerCase()],
    restartProcessors: booleans[text.toLowerCase()],
    claim: booleans[text.toLowerCase()],
    includeAdopted: booleans[text.toLowerCase()],
  };
  return [value, text, aliases[field]];
}

/** A mechanism in another case, with other separators, or in the words of Kafka or AWS. */
function mechanismOf(text: string): string {
  const name = text.toUpperCase().replace(/[-_ /]+/g, '-');
  if (name === 'AUTO') return 'auto';
  if (/^(SASL-)?(AWS-)?(MSK-)?IAM$/.test(name)) return 'AWS_MSK_IAM';
  return name.replace(/^(SASL-)?SCRAM-(SHA-)?512$/, 'SCRAM-512');
}

/** Names that are not in a list, or are in it more than once. */
function topicsOf(value: unknown): unknown[] {
  const names = Array.isArray(value) ? value : String(value).split(/[\s,;]+/);
  return [...new Set(names.map((name) => (typeof name === 'string' ? name.trim() : name)))].filter(
    (name) => name !== '',
  );
}

/** A window in another case or with other spaces, or without the time zone, which can only be UTC. */
function windowOf(text: string): string {
  const [days = '', times = ''] = text.replace(/\s*([-,])\s*/g, '$1').split(/\s+/);
  const names = days.toLowerCase().replace(/(?<![a-z])(?!daily)[a-z]/g, (letter) => letter.toUpperCase());
  return times === '' ? names.toLowerCase() : `${names} ${times} UTC`;
}

/** Settings whose values aren't secrets, whatever the key. */
const harmless = /^(\d{1,9}|true|false|earliest|latest|none)$/;

/** Keeps the settings that may be sent to Atlas. */
function correctConfig(corrected: Corrected, config: unknown, isAccepted: boolean): void {
  if (!isRecord(config)) {
    corrected.leftOut.push('config');
    return;
  }
  const isUsable = ([key, value]: [string, unknown]) =>
    isSetting(key) && !isCredential(key) && ['string', 'number', 'boolean'].includes(typeof value);
  const settings = Object.entries(config).filter(isUsable);
  const mayBeShown = (value: unknown) => (isAccepted ? !looksSecret(String(value)) : harmless.test(String(value)));
  if (!settings.every(([, value]) => mayBeShown(value))) {
    withPlaceholder(corrected, 'config');
    return;
  }
  const dropped = Object.keys(config).filter((key) => !settings.some(([kept]) => kept === key));
  corrected.leftOut.push(...dropped.map((key) => `config.${key}`));
  if (settings.length > 0)
    corrected.input.config = Object.fromEntries(settings.map(([key, value]) => [key, String(value)]));
}
