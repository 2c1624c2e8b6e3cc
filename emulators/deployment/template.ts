/** Resolves what a template leaves open: the variables of Serverless and the intrinsic functions of CloudFormation. */

export interface TemplateContext {
  service: string;
  stage: string;
  /** `--param`, with the defaults of serverless.yml. */
  params: Record<string, string>;
  region: string;
  accountId: string;
  conditions: Record<string, unknown>;
  /** `Fn::GetAtt: [<logical id>, Arn]`, and `Ref` of a state machine or a topic */
  arnOf(logicalId: string): string;
}

/** A copy of a part of a template without anything left to resolve; an intrinsic function that is not known throws. */
export function resolve(value: unknown, context: TemplateContext): unknown {
  if (typeof value === 'string') return withVariables(value, context);
  if (Array.isArray(value)) return value.map((item) => resolve(item, context));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key = '', argument] = entries[0] ?? [];
  if (key === 'Ref' || key.startsWith('Fn::')) return intrinsic(key, argument, context);
  return Object.fromEntries(entries.map(([name, item]) => [name, resolve(item, context)]));
}

/** `${param:x}`, `${self:service}`, `${sls:stage}`; `${AWS::Region}` and the like are left to Fn::Sub. */
function withVariables(text: string, { service, stage, params }: TemplateContext): string {
  return text.replace(/\$\{(\w+):(\w+)\}/g, (variable, source: string, name: string) => {
    const value = { param: params, self: { service }, sls: { stage } }[source]?.[name as never];
    if (value === undefined) throw new Error(`The local deployment cannot resolve ${variable}.`);
    return value;
  });
}

function intrinsic(name: string, argument: unknown, context: TemplateContext): unknown {
  const pseudoParameters: Record<string, string> = {
    'AWS::Partition': 'aws',
    'AWS::Region': context.region,
    'AWS::AccountId': context.accountId,
  };
  const pseudoParameter = (parameter: string) => {
    const value = pseudoParameters[parameter];
    if (value === undefined) throw new Error(`The local deployment cannot resolve the reference to ${parameter}.`);
    return value;
  };
  if (name === 'Ref') {
    const id = String(argument);
    return /(Machine|Topic)$/.test(id) ? context.arnOf(id) : pseudoParameter(id);
  }
  if (name === 'Fn::If' && Array.isArray(argument)) {
    const [condition, yes, no] = argument;
    return resolve(resolve(context.conditions[condition], context) ? yes : no, context);
  }
  if (name === 'Fn::Equals' && Array.isArray(argument)) {
    const [one, other] = argument.map((item) => resolve(item, context));
    return one === other;
  }
  if (name === 'Fn::Sub') {
    return withVariables(String(argument), context).replace(/\$\{([^}]+)\}/g, (_, it: string) => pseudoParameter(it));
  }
  if (name === 'Fn::GetAtt' && Array.isArray(argument) && argument[1] === 'Arn') return context.arnOf(argument[0]);
  throw new Error(`The local deployment cannot resolve ${name} ${JSON.stringify(argument)}.`);
}
