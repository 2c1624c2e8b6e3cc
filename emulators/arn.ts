/** The parts of an ARN. */
export function parseArn(arn: string) {
  const [, partition = '', service = '', region = '', account = '', ...resource] = arn.split(':');
  return { partition, service, region, account, resource: resource.join(':') };
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
