import { pathTemplate } from '../path-template.ts';
import type { Endpoint, Labels } from './endpoint.ts';
import { endpoints, notEmulatedRoutes } from './endpoints.ts';

/** What a path has for each method: an endpoint, or undefined if it is not emulated. */
export type Methods = Map<string, Endpoint | undefined>;

const paths = new Map<string, { match: ReturnType<typeof pathTemplate>; methods: Methods }>();
const add = (route: string, endpoint: Endpoint | undefined) => {
  const [method = '', path = ''] = route.split(' ');
  const methods = paths.get(path)?.methods ?? new Map<string, Endpoint | undefined>();
  methods.set(method, endpoint);
  paths.set(path, { match: pathTemplate(`/api/atlas/v2/groups/{groupId}${path}`), methods });
};
for (const endpoint of endpoints) add(endpoint.route, endpoint);
for (const route of notEmulatedRoutes) add(route, undefined);

/**
 * The endpoint of a method and a path.
 *
 * @returns undefined if Atlas has no such path; no `endpoint` if the path has no such method, or if it is not emulated
 */
export function endpointOf(
  method: string,
  path: string,
): { endpoint: Endpoint | undefined; methods: Methods; labels: Labels } | undefined {
  for (const { match, methods } of paths.values()) {
    const labels = match(path);
    if (labels) return { endpoint: methods.get(method), methods, labels: labels as Labels };
  }
  return undefined;
}
