/** Ends the message of a failure that a new start alone only repeats: RecordFailure then prints no command for one. */
export const failsAgain = 'A new start before that fails again.';

/** How a person replaces what a run has created in Atlas and what has FAILED there. @param what has to be fixed first */
export const replacedBy = (what: string): string =>
  `Do this:
  1. Fix ${what}.
  2. Tag the cluster atlas-streaming=disconnect.
  3. Wait until its tag atlas-streaming/status is "disconnected".
  4. Tag the cluster atlas-streaming=connect.
${failsAgain}`;
