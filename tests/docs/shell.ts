import { forEachChild, parse, type SyntaxNode } from 'unbash';

/** A simple command of a shell script. Expansions are in its words as they are written, such as `$CLUSTER`. */
export interface Command {
  name: string;
  args: string[];
}

export interface Script {
  commands: Command[];
  /** The functions that it defines. */
  functions: string[];
  /** The variables that it sets to a text. */
  variables: Record<string, string>;
  errors: string[];
}

/** Reads a shell script, with the commands in its loops, functions, pipes and command substitutions. */
export function readScript(text: string): Script {
  const script: Script = { commands: [], functions: [], variables: {}, errors: [] };
  const visit = (node: SyntaxNode): void => {
    if ('errors' in node) script.errors.push(...(node.errors ?? []).map(({ message }) => message));
    if (node.type === 'Function') script.functions.push(node.name.value);
    if (node.type === 'Assignment' && node.name && node.value && 'value' in node.value)
      script.variables[node.name] = node.value.value;
    if (node.type === 'Command' && node.name)
      script.commands.push({
        name: node.name.value,
        args: node.args.map((arg) => ('value' in arg && typeof arg.value === 'string' ? arg.value : '')),
      });
    forEachChild(node, visit);
  };
  visit(parse(text));
  return script;
}

/** Splits arguments into those before the first option, and the options with their values. */
export function readArguments(args: string[]): { positional: string[]; options: Record<string, string[]> } {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const positional = first < 0 ? args : args.slice(0, first);
  const options: Record<string, string[]> = {};
  let values: string[] = [];
  for (const arg of args.slice(positional.length)) {
    const [, name, value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) values.push(arg);
    else options[name] = values = value === undefined ? [] : [value];
  }
  return { positional, options };
}
