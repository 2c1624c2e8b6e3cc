/** How the commands end: 0 means yes or done, 1 no, 2 that the question could not be asked. */
export const exitCodes = { yes: 0, no: 1, cannotTell: 2 } as const;

/** Wrong arguments, or a wrong environment. The message is one sentence for the user. Exit code 2. */
export class UsageError extends Error {}

/** AWS or Atlas cannot be asked with these credentials, or from here. The message is one sentence for the user. Exit code 2. */
export class NoAccess extends Error {}
