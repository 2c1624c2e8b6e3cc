/** The domain of the AWS console, for each partition that has another one than `aws`. */
const domains: Record<string, string> = {
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-cn': 'console.amazonaws.cn',
};

/** The page of an execution in the Step Functions console. */
export function linkTo(executionArn: string): string {
  const [, partition = '', , region] = executionArn.split(':');
  const domain = domains[partition] ?? 'console.aws.amazon.com';
  return `https://${region}.${domain}/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}
