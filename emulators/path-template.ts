/** Compiles a path such as `/v1/clusters/{ClusterArn}/policy`. @returns a function that extracts the labels, percent-decoded */
export function pathTemplate(template: string): (path: string) => Record<string, string> | undefined {
  const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
  return (path) => {
    const match = pattern.exec(path);
    if (!match) return undefined;
    return Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]));
  };
}
