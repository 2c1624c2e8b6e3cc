import { type Authorize, accessDeniedMessage } from '../aws.ts';
import { mskError } from './router.ts';

/** Documented in the service authorization reference: these operations have no resource type, so only `*` can allow them. */
const onAnyResource = ['GetBootstrapBrokers', 'DescribeClusterOperationV2', 'ListClustersV2'];

/** Documented in the service authorization reference: further actions that the caller of an operation must be allowed. */
const dependentActions: Record<string, string[]> = {
  UpdateConnectivity: ['ec2:DescribeRouteTables', 'ec2:DescribeSubnets'],
};

/** Assumed, from what a sample of AWS grants: the same for the customer managed key of the cluster's data. */
const actionsOnDataKey: Record<string, string[]> = {
  UpdateConnectivity: ['kms:CreateGrant', 'kms:DescribeKey'],
};

interface AuthorizedInput {
  ClusterArn?: string;
  ResourceArn?: string;
  Arn?: string;
  Tags?: object;
  TagKeys?: string[];
  ConnectivityInfo?: { PublicAccess?: { Type?: string } };
}

/**
 * Checks that the caller may do everything that this call needs.
 *
 * @param dataKey of the cluster
 * @throws Refusal AccessDeniedException
 */
export function checkPermission(
  authorize: Authorize,
  caller: string,
  operation: string,
  input: AuthorizedInput,
  dataKey: string | undefined,
): void {
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
  if (dataKey) for (const action of actionsOnDataKey[operation] ?? []) check(action, dataKey);
}
