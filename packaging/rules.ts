import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Settings } from './settings.ts';

/** A condition of a rule, with the functions of CloudFormation that infrastructure/rules.yml uses. */
type Condition =
  | { 'Fn::Equals': [{ Ref: string }, string] }
  | { 'Fn::Not': [Condition] }
  | { 'Fn::And': Condition[] }
  | { 'Fn::Or': Condition[] };

interface Rule {
  RuleCondition?: Condition;
  Assertions: { Assert: Condition; AssertDescription: string }[];
}

/** The section `Rules` of the template. */
export const rules: Record<string, Rule> = parse(
  readFileSync(join(import.meta.dirname, '../infrastructure/rules.yml'), 'utf8'),
).Rules;

/**
 * The sentences of the rules that the settings break, as CloudFormation evaluates them. A rule about a setting that is missing here is not
 * evaluated.
 */
export const brokenRules = (settings: Settings): string[] =>
  Object.values(rules)
    .filter((rule) => namesIn(rule).every((name) => settings[name] !== undefined))
    .filter(({ RuleCondition }) => !RuleCondition || holds(RuleCondition, settings))
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => !holds(Assert, settings))
    .map(({ AssertDescription }) => AssertDescription);

function holds(condition: Condition, settings: Settings): boolean {
  if ('Fn::Not' in condition) return !holds(condition['Fn::Not'][0], settings);
  if ('Fn::And' in condition) return condition['Fn::And'].every((it) => holds(it, settings));
  if ('Fn::Or' in condition) return condition['Fn::Or'].some((it) => holds(it, settings));
  const [{ Ref }, value] = condition['Fn::Equals'];
  return settings[Ref] === value;
}

const namesIn = (rule: Rule): string[] =>
  [...JSON.stringify(rule).matchAll(/"Ref":"(\w+)"/g)].map(([, name = '']) => name);
