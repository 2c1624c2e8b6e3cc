import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { Cloud } from '../../emulators/cloud.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { personsEnvironment } from '../../tests/fixtures/person.ts';

const main = new URL('../../cli/preflight/main.ts', import.meta.url).pathname;

/**
 * Runs `npm run preflight` against a local cloud that has what the arguments name. The SCRAM secret there lacks its tag, as before a first
 * deployment.
 *
 * @returns the lines that it prints, whatever its exit code is
 */
export async function preflightOutput(args: string[]): Promise<string[]> {
  const options = { cluster: { type: 'string' }, project: { type: 'string' } } as const;
  const { cluster: clusterArn = '', project = '' } = parseArgs({ args, options, strict: false }).values as Record<
    string,
    string
  >;
  const { region = '', accountId = '' } = parseClusterArn(clusterArn) ?? {};
  const name = 'AmazonMSK_orders_atlas';
  const arn = `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-a1B2c3`;
  const cloud = await Cloud.start({
    speed: 1,
    place: { region, accountId, clusterArn },
    settings: { atlasProjectId: project },
    world: { scramSecrets: [{ name, arn, tags: {} }] },
  });
  const env = personsEnvironment(cloud);
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env }).catch((error) => error);
  await cloud.close();
  return stdout.trimEnd().split('\n');
}
