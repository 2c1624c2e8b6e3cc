import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');

/** The parts of a CloudFormation template that a release changes. */
interface Template {
  Metadata: { 'AWS::CloudFormation::Interface': { ParameterGroups: object[] } };
  Parameters: Record<string, { Default?: string }>;
  Resources: Record<string, { Type: string; Properties: { Code?: unknown } }>;
  Outputs: Record<string, unknown>;
}

/**
 * Makes the template of a release from the one that Serverless packages: without the deployment bucket of Serverless, with the
 * parameters of infrastructure/release.yml, and with a prefix that names no stage.
 *
 * @param prefix the default of the parameter `prefix`
 * @param files the name of each zip in the release, by the name that Serverless gives to it
 */
export function releaseTemplate(packaged: Template, prefix: string, files: Record<string, string>): Template {
  const { ServerlessDeploymentBucket, ServerlessDeploymentBucketPolicy, ...Resources } = packaged.Resources;
  const { ServerlessDeploymentBucketName, ...Outputs } = packaged.Outputs;
  const ours: Pick<Template, 'Metadata' | 'Parameters'> = parse(
    readFileSync(join(root, 'infrastructure/release.yml'), 'utf8'),
  );
  const groupsOf = ({ Metadata }: Pick<Template, 'Metadata'>) =>
    Metadata['AWS::CloudFormation::Interface'].ParameterGroups;
  const codeOf = (packagedCode: unknown) => {
    const zip = basename((packagedCode as { S3Key: string }).S3Key);
    return {
      S3Bucket: { 'Fn::Sub': '${AssetBucket}-${AWS::Region}' },
      S3Key: { 'Fn::Sub': `\${AssetPrefix}${files[zip]}` },
    };
  };
  for (const { Type, Properties } of Object.values(Resources))
    if (Type === 'AWS::Lambda::Function') Properties.Code = codeOf(Properties.Code);
  return {
    ...packaged,
    Metadata: {
      ...packaged.Metadata,
      'AWS::CloudFormation::Interface': { ParameterGroups: [...groupsOf(ours), ...groupsOf(packaged)] },
    },
    Parameters: {
      ...ours.Parameters,
      ...packaged.Parameters,
      prefix: { ...packaged.Parameters.prefix, Default: prefix },
    },
    Resources,
    Outputs,
  };
}
