import { graph } from '../../local/page/graph.ts';
import { runScenario } from '../../local/run.ts';
import { scenarios } from '../../local/scenarios.ts';

/** The pictures in docs/images/, each of a run of one scenario of the connect machine. */
export const pictures = { 'graph-connected.svg': 'default', 'graph-failed.svg': 'link-fails' };

/** Draws a run of a scenario. The picture is the same for every run. */
export async function pictureOf(name: string): Promise<string> {
  const scenario = scenarios.find((it) => it.name === name);
  if (!scenario) throw new Error(`There is no scenario ${name}.`);
  const { signal } = new AbortController();
  const report = await runScenario({ scenario, settings: {}, speed: 9000, signal });
  if (report.error !== scenario.expected.error) throw new Error(`The scenario ${name} ends with ${report.error}.`);
  return `${graph(report)}\n`;
}
