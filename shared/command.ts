/**
 * A sentence with a command that a person can copy: the command stands on a line of its own, with nothing after it. Every command in
 * an error or a message is written by this function or `stepWithCommand`.
 *
 * @param sentence ends with a colon
 * @param rest what follows, in the next line
 */
export const withCommand = (sentence: string, command: string, rest = ''): string =>
  `${sentence}\n  ${command}${rest && `\n${rest}`}`;

/** The same for a numbered step, whose command is indented below its text. @param step ends with a colon */
export const stepWithCommand = (step: string, command: string): string => `${step}\n     ${command}`;

/** Whether a line is a command, and not text for a person. */
export const isCommand = (line: string): boolean => /^ *(aws|atlas|npm) /.test(line);

/** Stands before the command that starts a run again. */
export const startAgain = 'After the fix, start again:';
