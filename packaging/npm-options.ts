/**
 * Detects options that npm used itself because they are not after `--`. npm sets an environment variable for each of them.
 *
 * @param names options of the command that npm itself does not have
 * @returns one sentence, or undefined
 */
export function complaintAboutNpmOptions(names: string[], env: NodeJS.ProcessEnv): string | undefined {
  const used = names.find((name) => env[`npm_config_${name}`] !== undefined);
  const script = env.npm_lifecycle_event;
  if (!used || !script) return undefined;
  const command = script === 'start' ? 'npm start' : `npm run ${script}`;
  return `npm has used --${used} itself; put "--" before all options: ${command} -- --${used} …`;
}
