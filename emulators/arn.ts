/** The parts of an ARN that the local cloud needs. */
export function parseArn(arn: string) {
  const [, partition = '', service = '', region = '', account = '', ...resource] = arn.split(':');
  return { partition, service, region, account, resource: resource.join(':') };
}

/**
 * The domain that a cluster's brokers share, as in `b-1.<domain>` and, over PrivateLink, `b-1.scram.<domain>`. AWS draws
 * the label after the cluster's name at random; here it is taken from the ARN, so that the emulator of Atlas, which like
 * Atlas knows only the ARN, can tell the link's `dnsDomain`.
 */
export function brokerDomain(clusterArn: string): string {
  const { partition, region, resource } = parseArn(clusterArn);
  const [, name, uuid = ''] = resource.split('/');
  const suffix = uuid.slice(uuid.lastIndexOf('-') + 1);
  const tld = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${name}.${uuid.slice(0, 6)}.c${suffix}.kafka.${region}.${tld}`;
}
