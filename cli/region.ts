import { KafkaClient } from '@aws-sdk/client-kafka';
import { shown } from '../shared/request/redaction.ts';
import { UsageError } from './exit.ts';

/**
 * The Region of a command: `--region`, else that of the environment or the profile.
 *
 * @param given with `--region`
 * @throws UsageError
 */
export async function regionFor(given: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  // The AWS CLI reads AWS_DEFAULT_REGION. The SDK for JavaScript does not.
  const region = given ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (await ofProfile());
  if (!region)
    throw new UsageError('The Region is missing; give --region, for example --region us-east-1, or set AWS_REGION.');
  checkRegion(region, 'The Region');
  return region;
}

/** @param name how the person who set it knows it @throws UsageError */
export function checkRegion(region: string, name: string): void {
  if (/^[a-z]{2,4}(-[a-z]+)+-\d$/.test(region)) return;
  throw new UsageError(`${name} is ${shown(region)}; it must be the name of an AWS Region, for example us-east-1.`);
}

const ofProfile = (): Promise<string | undefined> => new KafkaClient({}).config.region().catch(() => undefined);
