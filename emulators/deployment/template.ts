/** Resolves the variables of Serverless and the intrinsic functions of CloudFormation in a template. */

/** `AWS::NoValue`, which removes the property or the item that has it. */
const noValue = Symbol('AWS::NoValue');

export interface TemplateContext {
  /** `${self:service}` and `${sls:stage}`, by the text in the braces. */
  variables: Record<string, string>;
  /** What `Ref` returns: the settings, pseudo parameters such as `AWS::Region`, and the name of the table. */
  parameters: Record<string, string>;
  conditions: Record<string, unknown>;
  /** `Fn::GetAtt: [<logical id>, Arn]`, and `Ref` of a state machine, a topic or a secret. */
  arnOf(logicalId: string): string;
  /** `Fn::GetAtt: [<logical id>, <attribute>]` of an attribute that is a name, such as QueueName. */
  nameOf(logicalId: string, attribute: string): string;
}

/** @returns a copy without anything left to resolve @throws if it meets an unknown variable or intrinsic function */
export function resolve(value: unknown, context: TemplateContext): unknown {
  if (typeof value === 'string') return withVariables(value, context);
  if (Array.isArray(value)) return value.map((item) => resolve(item, context)).filter((item) => item !== noValue);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key = '', argument] = entries[0] ?? [];
  if (key === 'Ref' || key.startsWith('Fn::')) return intrinsic(key, argument, context);
  const resolved = entries.map(([name, item]) => [name, resolve(item, context)]);
  return Object.fromEntries(resolved.filter(([, item]) => item !== noValue));
}

/** Whether a condition of the template is true. */
export const holds = (condition: string, context: TemplateContext): boolean => {
  const definition = context.conditions[condition];
  if (definition === undefined) throw new Error(`The local deployment cannot resolve the condition ${condition}.`);
  return resolveCondition(definition, context);
};

/** In a condition, CloudFormation allows few functions. */
function resolveCondition(definition: unknown, context: TemplateContext): boolean {
  const [[name = '', argument] = []] = Object.entries(definition as object);
  if (name === 'Condition') return holds(String(argument), context);
  const parts = argument as unknown[];
  if (name === 'Fn::Equals') return resolve(parts[0], context) === resolve(parts[1], context);
  if (name === 'Fn::Not') return !resolveCondition(parts[0], context);
  if (name === 'Fn::Or') return parts.some((part) => resolveCondition(part, context));
  throw new Error(`The local deployment cannot resolve ${name} ${JSON.stringify(argument)}.`);
}

/** Serverless's `${self:service}`; `${prefix}` and `${AWS::Region}` are for Fn::Sub. */
const withVariables = (text: string, { variables }: TemplateContext): string =>
  text.replace(/\$\{(\w+:\w+)\}/g, (_, name: string) => known(variables, name));

function intrinsic(name: string, argument: unknown, context: TemplateContext): unknown {
  if (name === 'Ref') {
    const id = String(argument);
    if (id === 'AWS::NoValue') return noValue;
    return /(Machine|Topic|Token)$/.test(id) ? context.arnOf(id) : known(context.parameters, id);
  }
  if (name === 'Fn::If' && Array.isArray(argument)) {
    const [condition, yes, no] = argument;
    return resolve(holds(condition, context) ? yes : no, context);
  }
  if (name === 'Fn::Split' && Array.isArray(argument)) {
    const [delimiter, text] = argument;
    return String(resolve(text, context)).split(delimiter);
  }
  if (name === 'Fn::Select' && Array.isArray(argument)) {
    const [index, items] = argument;
    return (resolve(items, context) as unknown[])[index];
  }
  if (name === 'Fn::Sub') {
    const text = withVariables(String(argument), context);
    return text.replace(/\$\{([^}]+)\}/g, (_, parameter: string) => known(context.parameters, parameter));
  }
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
    const [logicalId, attribute] = argument as [string, string];
    if (attribute === 'Arn') return context.arnOf(logicalId);
    if (attribute.endsWith('Name')) return context.nameOf(logicalId, attribute);
  }
  throw new Error(`The local deployment cannot resolve ${name} ${JSON.stringify(argument)}.`);
}

function known(values: Record<string, string>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`The local deployment cannot resolve ${name}.`);
  return value;
}
