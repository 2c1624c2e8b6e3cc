import * as z from 'zod/mini';
import { stepWithCommand } from '../command.ts';
import { regionOf } from './arn.ts';
import { ClusterDetails } from './cluster.ts';

const Network = z.pick(ClusterDetails, { securityGroups: true, zoneIds: true });
type Network = z.infer<typeof Network>;

/** What earlier states have found out about the network: fields of `run`. */
export const networkOfRun = {
  cluster: z.object({ details: Network }),
  /** `cidrBlock`: the addresses of Atlas's VPC, if Atlas names them. */
  principal: z.object({ cidrBlock: z.optional(z.string()) }),
};

/** Over PrivateLink each broker has a port of its own, from 14001. @see https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const ports = '14001-14100';

/**
 * What to check in the network if Atlas does not reach the brokers. AWS's requirements of multi-VPC connectivity have no rule of a
 * security group, and reports differ on whether one is needed, so this is never a prerequisite. One rule is enough: the rules of all
 * groups of a network interface apply together.
 *
 * @param cidrBlock of Atlas's VPC, if it is known
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html#mvpc-requirements
 */
export function networkHint(clusterArn: string, { securityGroups }: Network, cidrBlock: string | undefined): string {
  const [group] = securityGroups;
  const from = `Atlas's VPC${cidrBlock ? ` (${cidrBlock})` : ''}`;
  const groups =
    group &&
    `  2. Perhaps a security group of the cluster (${securityGroups.join(', ')}) needs a rule that does the same`;
  const command =
    group &&
    cidrBlock &&
    `aws ec2 authorize-security-group-ingress --region ${regionOf(clusterArn)} --group-id ${group} --protocol tcp --port ${ports} --cidr ${cidrBlock}`;
  return [
    'If that does not explain it, check the network yourself (runs do not check it):',
    `  1. The network ACLs of the cluster's subnets must let ${from} reach TCP ports ${ports} of the brokers, and must let the answers out.`,
    groups && (command ? stepWithCommand(`${groups}:`, command) : `${groups}.`),
  ]
    .filter(Boolean)
    .join('\n');
}

/** The same for a private link, which also needs the cluster's availability zones on Atlas's side. */
export const linkHint = (clusterArn: string, network: Network, cidrBlock: string | undefined): string =>
  `${network.zoneIds.length > 0 ? `The cluster is in the availability zones ${network.zoneIds.join(', ')}. Atlas must support these zones too; ask MongoDB support. ` : ''}${networkHint(clusterArn, network, cidrBlock)}`;
