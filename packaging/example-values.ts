/** Serverless parameters, by name. */
export type Parameters = Record<string, string>;

/** Marks a default in serverless.yml that shows the form of a value and is none. No real value of ours can start so. */
const mark = 'example:';

const isExample = (value: string): boolean => value.startsWith(mark);

/** The value without the mark of an example. */
export const unmarked = (value: string): string => (isExample(value) ? value.slice(mark.length) : value);

export const examplesAmong = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => isExample(String(value))));

/** `a, b and c are example values` */
export function sentence(examples: Parameters): string {
  const names = Object.keys(examples);
  const predicate = names.length > 1 ? 'are example values' : 'is an example value';
  return `${new Intl.ListFormat('en-GB').format(names)} ${predicate}`;
}

/**
 * The command that deploys: what was typed, and each missing parameter in its right form.
 *
 * @param options those of the command line, by name
 */
export function deployCommand(options: Record<string, unknown>, examples: Parameters): string {
  const missing = Object.entries(examples).map(([name, value]) => `${name}=${unmarked(value)}`);
  const { param = [], ...others } = options;
  const typed = Object.entries({ ...others, param: [param, missing].flat() })
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value]))
    .filter(([, value]) => typeof value === 'string')
    .map(([name, value]) => `--${name}="${value}"`);
  return ['npm run deploy --', ...typed].join(' \\\n    ');
}
