/** Types for the part of http-auth 4 that the emulator of Atlas uses. The package has none. */
declare module 'http-auth' {
  interface Digest {
    /** The nonces that are still accepted: nonce, time of issue in milliseconds, highest count so far. */
    nonces: [string, number, number][];
    askNonce(): string;
    isAuthenticated(
      request: { method: string; headers: { authorization?: string | undefined } },
      callback: (result: { user?: string; pass?: boolean; stale?: boolean }) => void,
    ): void;
  }
  const httpAuth: {
    digest(options: { realm: string; file: () => string }): Digest;
  };
  export default httpAuth;
}
