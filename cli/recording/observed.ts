/** An exchange before it is cleaned. It is never kept. */
export interface ObservedExchange {
  service: string;
  /** Of AWS, such as `DescribeClusterV2`. Atlas's follows from method and path. */
  operation?: string;
  method: string;
  /** Percent-encoded, without the query. */
  path: string;
  /** The names of the parameters. */
  query: string[];
  status: number;
  /** @param name in lower case */
  header(name: string): string | undefined;
  body: string;
}
