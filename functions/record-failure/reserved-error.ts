/** An error as a Catch leaves it behind. */
interface Caught {
  error: string;
  /** Its own words; '' if it has none. */
  said: string;
}

/**
 * An error under a name that a Fail state may report. Step Functions' own errors begin with `States.`, and no state may report such a
 * name: the run would end without its error and its Cause. One that a state has caught is one of ours instead, and its own name is
 * in the words.
 *
 * @param logGroup of the state's function
 * @see https://states-language.net/spec.html#errors
 */
export function reportable({ error, said }: Caught, logGroup: string): Caught {
  if (error === 'States.Timeout')
    return {
      error: 'FunctionTimedOut',
      said: `The function did not answer within the time-out of its state (${error}). Its log group has the details: ${logGroup}.`,
    };
  if (!error.startsWith('States.')) return { error, said };
  return {
    error: 'DeploymentMisconfigured',
    said: `Step Functions could not run this state (${error})${said && `: ${said.replace(/\.$/, '')}`}. Deploy again, so that state machines, functions and roles are of one version.`,
  };
}
