import { createHash } from 'node:crypto';

/** The parts of an ARN. */
export function parseArn(arn: string) {
  const [, partition = '', service = '', region = '', account = '', ...resource] = arn.split(':');
  return { partition, service, region, account, resource: resource.join(':') };
}

/**
 * The ARN of the key of a secret. Documented: a key is given as an ARN, an id (`mrk-…` for a multi-Region key) or an alias, and IAM
 * evaluates the ARN of the key, never that of an alias. The id of an alias's key is derived from its name.
 *
 * @param secretArn decides about Region and account if the key isn't an ARN
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
export function keyArnOf(kmsKeyId: string, secretArn: string): string {
  const { partition, region, account, resource } = parseArn(kmsKeyId.startsWith('arn:') ? kmsKeyId : secretArn);
  const name = kmsKeyId.startsWith('arn:') ? resource : kmsKeyId;
  const id = name.startsWith('alias/') ? createHash('md5').update(name).digest('hex') : name.replace(/^key\//, '');
  return `arn:${partition}:kms:${region}:${account}:key/${id}`;
}

/**
 * The domain of a cluster's brokers, as in `b-1.<domain>` and, over PrivateLink, `b-1.scram.<domain>`. In AWS, the label
 * after the cluster's name is random. Here it is derived from the ARN, because the emulator of Atlas knows nothing but the ARN
 * and needs the domain for a link's `dnsDomain`.
 */
export function brokerDomain(clusterArn: string): string {
  const { partition, region, resource } = parseArn(clusterArn);
  const [, name, uuid = ''] = resource.split('/');
  const suffix = uuid.slice(uuid.lastIndexOf('-') + 1);
  const tld = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${name}.${uuid.slice(0, 6)}.c${suffix}.kafka.${region}.${tld}`;
}
