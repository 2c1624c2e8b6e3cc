/** The part of http-auth 4 that the emulator of Atlas uses; the package has no types. */
declare module 'http-auth' {
  interface Digest {
    /** Those that it still accepts: nonce, milliseconds of issue, highest count seen. */
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
