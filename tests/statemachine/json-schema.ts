/** The part of JSON Schema that zod makes of our schemas. */
export interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  const?: unknown;
  enum?: unknown[];
}
export type Schema = JsonSchema;

const variantsOf = ({ anyOf, oneOf, ...rest }: Schema): Schema[] =>
  (anyOf ?? oneOf)?.flatMap(variantsOf) ??
  (Array.isArray(rest.type) ? rest.type.map((type) => ({ ...rest, type })) : [rest]);

/** One schema for several, each once. */
function unionOf(variants: Schema[]): Schema {
  // Most unions are of one schema, and to serialize it takes most of the time.
  if (variants.length === 1) return variants[0] as Schema;
  const each = new Map(variants.flatMap(variantsOf).map((variant) => [JSON.stringify(variant), variant]));
  const [only, ...others] = each.values();
  return others.length === 0 ? (only ?? {}) : { anyOf: [...each.values()] };
}

const isObject = (schema: Schema): boolean => schema.type === 'object' && schema.properties !== undefined;

/**
 * What is true of data that comes from either of two places: what only one of them has becomes optional. Variants that a property tells
 * apart stay apart.
 */
export function join(one: Schema, other: Schema): Schema {
  if (one === other) return one;
  const variants = variantsOf(one);
  for (const variant of variantsOf(other)) {
    const like = variants.findIndex((it) => isObject(it) && isObject(variant) && !areToldApart(it, variant));
    if (like < 0) variants.push(variant);
    else variants[like] = joinObjects(variants[like] as Schema, variant);
  }
  return unionOf(variants);
}

function joinObjects(one: Schema, other: Schema): Schema {
  const names = [...new Set([...Object.keys(one.properties ?? {}), ...Object.keys(other.properties ?? {})])].sort();
  const properties = names.map((name): [string, Schema] => {
    const [a, b] = [one.properties?.[name], other.properties?.[name]];
    return [name, a && b ? join(a, b) : ((a ?? b) as Schema)];
  });
  const required = names.filter((name) => one.required?.includes(name) && other.required?.includes(name));
  return { type: 'object', properties: Object.fromEntries(properties), required };
}

/** A run that is on its way to a failure has the first, and one that has come as far as the connection has the second. No other run has it. */
const stages = ['failed', 'connection'];

const stageOf = ({ required = [] }: Schema): string => stages.filter((name) => required.includes(name)).join();

const areToldApart = (one: Schema, other: Schema): boolean =>
  stageOf(one) !== stageOf(other) ||
  Object.keys(one.properties ?? {}).some((name) => {
    const [a, b] = [one.properties?.[name], other.properties?.[name]].map((schema) => valuesOf(schema ?? {}));
    return a && b && !a.some((value) => b.includes(value));
  });

const namesOf = (path: string): string[] => path.split('.').slice(1);

/** The schema at a reference path such as `$.plan.connected`; undefined if data without it is possible. */
export function certain(schema: Schema, path: string): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const name of namesOf(path)) {
    const variants: (Schema | undefined)[] = variantsOf(found).map((variant) =>
      variant.required?.includes(name) ? variant.properties?.[name] : undefined,
    );
    if (variants.some((variant) => variant === undefined)) return undefined;
    found = unionOf(variants as Schema[]);
  }
  return found;
}

/** The data with a value at a reference path. */
export const put = (schema: Schema, path: string, value: Schema): Schema =>
  unionOf(variantsOf(schema).map((variant) => replaced(variant, namesOf(path), value)));

function replaced(schema: Schema, [name, ...rest]: string[], value: Schema): Schema {
  if (name === undefined) return value;
  const { properties = {}, required = [] } = isObject(schema) ? schema : {};
  const inner = replaced(properties[name] ?? {}, rest, value);
  const sorted = Object.entries({ ...properties, [name]: inner }).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: 'object',
    properties: Object.fromEntries(sorted),
    required: [...new Set([...required, name])].sort(),
  };
}

/** The data whose value at a path passes a test, without variants that cannot; undefined if none is left. */
export function narrow(schema: Schema, path: string, passes: (value: unknown) => boolean): Schema | undefined {
  const names = namesOf(path);
  const parentPath = ['$', ...names.slice(0, -1)].join('.');
  const parent = certain(schema, parentPath);
  if (parent === undefined) return schema;
  const possible = variantsOf(parent).filter((variant) => {
    const values = valuesOf(variant.properties?.[names.at(-1) ?? ''] ?? {});
    return values === undefined || values.some(passes);
  });
  return possible.length === 0 ? undefined : put(schema, parentPath, unionOf(possible));
}

/** The data in which a path is present, or in which it is absent; undefined if there is none. */
export function withPresence(schema: Schema, path: string, isPresent: boolean): Schema | undefined {
  const names = namesOf(path);
  const name = names.at(-1) ?? '';
  const parentPath = ['$', ...names.slice(0, -1)].join('.');
  const possible = variantsOf(certain(schema, parentPath) ?? {}).flatMap((variant): Schema[] => {
    const { properties = {}, required = [] } = variant;
    const { [name]: property, ...others } = properties;
    if (!isPresent) return required.includes(name) ? [] : [{ ...variant, properties: others }];
    return property ? [{ ...variant, required: [...new Set([...required, name])].sort() }] : [];
  });
  return possible.length === 0 ? undefined : put(schema, parentPath, unionOf(possible));
}

/**
 * The optional fields that a schema reads and that data of another schema never has.
 *
 * @returns their paths
 */
export function neverGiven(given: Schema, wanted: Schema, path = ''): string[] {
  const variants = variantsOf(given).filter(isObject);
  return variantsOf(wanted).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, schema]) => {
      const at = path ? `${path}.${name}` : name;
      const found = variants.flatMap((variant) => variant.properties?.[name] ?? []);
      return found.length === 0 ? [at] : neverGiven(unionOf(found), schema, at);
    }),
  );
}

/**
 * What data of one schema may lack to match another one.
 *
 * @returns a sentence for each field
 */
export function unmet(given: Schema, wanted: Schema, path: string): string[] {
  const options = variantsOf(wanted);
  return variantsOf(given).flatMap((variant) => {
    const problems = options.map((option) => unmetBy(variant, option, path));
    return problems.find((it) => it.length === 0) ?? problems[0] ?? [];
  });
}

function unmetBy(given: Schema, wanted: Schema, path: string): string[] {
  const allowed = valuesOf(wanted);
  if (allowed) {
    const values = valuesOf(given);
    const isWithin = values?.every((value) => allowed.includes(value)) ?? false;
    return isWithin ? [] : [`${path}, which may have another value than ${allowed.join(', ')}`];
  }
  if (wanted.type === undefined) return [];
  const type = given.type ?? typeof given.const;
  if (type !== wanted.type) return [`${path}, which may be ${type} instead of ${wanted.type}`];
  if (wanted.items) return unmet(given.items ?? {}, wanted.items, `${path}[]`);
  const { additionalProperties } = wanted;
  const others = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const fields = Object.entries(wanted.properties ?? {}).flatMap(([name, schema]) => {
    const at = path ? `${path}.${name}` : name;
    const field = given.properties?.[name];
    const isCertain = field && given.required?.includes(name);
    if (!isCertain && wanted.required?.includes(name)) return [`${at}, which no state certainly writes before`];
    return field ? unmet(field, schema, at) : [];
  });
  const entries = others
    ? Object.entries(given.properties ?? {}).flatMap(([name, schema]) => unmet(schema, others, `${path}.${name}`))
    : [];
  return [...fields, ...entries];
}

const valuesOf = (schema: Schema): unknown[] | undefined =>
  'const' in schema ? [schema.const] : (schema.enum ?? undefined);
