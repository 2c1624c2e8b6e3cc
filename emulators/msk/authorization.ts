import { type Authorize, accessDeniedMessage } from '../aws.ts';
import { mskError } from './router.ts';

/** Operations for which the service authorization reference lists no resource type: only `*` can allow them. */
const onAnyResource = ['GetBootstrapBrokers', 'DescribeClusterOperationV2', 'ListClustersV2'];

/** Actions that the caller of an operation needs besides the operation's own. */
const dependentActions: Record<string, string[]> = {
  UpdateConnectivity: ['ec2:DescribeRouteTables', 'ec2:DescribeSubnets'],
};

interface AuthorizedInput {
  ClusterArn?: string;
  ResourceArn?: string;
  Arn?: string;
  Tags?: object;
  TagKeys?: string[];
  ConnectivityInfo?: { PublicAccess?: { Type?: string } };
}

/** Asks the local IAM for everything that this call needs, and refuses it as AWS does. */
export function permit(authorize: Authorize, caller: string, operation: string, input: AuthorizedInput): void {
  const { ClusterArn, ResourceArn, Arn, Tags, TagKeys, ConnectivityInfo } = input;
  const publicAccess = ConnectivityInfo?.PublicAccess?.Type;
  const context = {
    tagKeys: TagKeys ?? (Tags && Object.keys(Tags)),
    publicAccessEnabled: publicAccess === undefined ? undefined : publicAccess !== 'DISABLED',
  };
  const check = (action: string, resource: string | undefined) => {
    if (authorize(caller, action, resource, context)) return;
    throw mskError('AccessDeniedException', accessDeniedMessage(caller, action, resource));
  };
  check(`kafka:${operation}`, onAnyResource.includes(operation) ? undefined : (ClusterArn ?? ResourceArn ?? Arn));
  for (const action of dependentActions[operation] ?? []) check(action, undefined);
}
