declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** A DynamoDB in memory: an HTTP server that does not listen yet. */
  export default function dynalite(options?: Options): Server;
}
