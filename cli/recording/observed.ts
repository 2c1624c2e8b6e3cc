/** An exchange before it is cleaned. It is never kept. */
export interface ObservedExchange {
  service: string;
  operation?: string;
  method: string;
  /** Percent-encoded, without the query. */
  path: string;
  query: string[];
  status: number;
  /** @param name in lower case */
  header(name: string): string | undefined;
  body: string;
}
