import { similarName } from './similar-name.ts';

/**
 * What is wrong with arguments that `parseArgs` of Node refuses, for the user. Only its first sentence counts: the others explain positional
 * arguments, which our commands do not have.
 *
 * @param names of the options
 * @param command such as `npm start`
 */
export function complaintAboutArguments({ message }: Error, names: string[], command: string): string {
  const [sentence = ''] = message.split(/\.\s|\.$|\n/);
  const needsValue = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(
    sentence,
  )?.[1];
  if (needsValue) return `${needsValue} needs a value.`;
  const unknown = /^Unknown option '--?([^']*)'/.exec(sentence)?.[1];
  const meant = unknown && similarName(unknown, names);
  return `${sentence}. ${meant ? `Did you mean --${meant}?` : `${command} -- --help lists the options.`}`;
}
