import { parseArgs } from 'node:util';
import { complaintAboutNpmOptions } from '../../packaging/npm-options.ts';
import { complaintAboutArguments } from '../../packaging/wrong-arguments.ts';
import { parseClusterArn, regionOf } from '../../shared/msk/arn.ts';
import { type Field, mechanismChoices, rules, valid, validSecretName } from '../../shared/request/fields.ts';
import type { ConsoleInput } from '../../shared/request/input.ts';
import { refuseSecretElsewhere } from '../../shared/request/secret-place.ts';
import { checkCredentialsSecret } from '../atlas-access.ts';
import { asUsage, UsageError } from '../exit.ts';
import { checkRegion } from '../region.ts';

/** What the user asks for. Each value has been checked by the rules of the input of a run. */
export interface Arguments {
  /** undefined: all clusters of the Region. */
  clusterArn: string | undefined;
  /** undefined: that of the SDK's configuration. */
  region: string | undefined;
  project: string | undefined;
  workspace: string | undefined;
  connectionName: string | undefined;
  secretArn: string | undefined;
  secretName: string | undefined;
  topics: string[] | undefined;
  mechanism: ConsoleInput['mechanism'];
  streamsRole: string | undefined;
  stage: string | undefined;
  /** The ARN of a secret with credentials of Atlas. */
  credentialsSecret: string | undefined;
  /** The folder for a recording of the answers. */
  record: string | undefined;
  json: boolean;
  help: boolean;
}

const options = {
  cluster: { type: 'string' },
  all: { type: 'boolean', default: false },
  project: { type: 'string' },
  workspace: { type: 'string' },
  'connection-name': { type: 'string' },
  secret: { type: 'string' },
  topics: { type: 'string' },
  mechanism: { type: 'string' },
  'streams-role': { type: 'string' },
  stage: { type: 'string' },
  'credentials-secret': { type: 'string' },
  region: { type: 'string' },
  record: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const names = Object.keys(options);

/** The options that npm does not have itself. */
const ownOptions = names.filter((name) => !['help', 'json', 'all', 'workspace'].includes(name));

export const usage = `Usage: npm run preflight -- --cluster ARN [options]
       npm run preflight -- --all [options]

Says whether a run would connect an Amazon MSK cluster to MongoDB Atlas, what is missing, and what the run would change. It reads
from AWS and Atlas, and changes nothing. Nothing needs to be deployed.

  --cluster ARN             the cluster
  --all                     all clusters of the Region, a line for each
  --project ID              the Atlas project, as the setting atlasProjectId
  --workspace NAME          the Stream Processing workspace, as the setting atlasWorkspace
  --connection-name NAME    the Kafka connection, as connectionName in the input; default: the name of the cluster
  --secret ARN|NAME         the SCRAM secret: an ARN as secretArn in the input, or a name as the tag atlas-streaming/secret
  --topics NAME,NAME        the Kafka topics that must exist, as topics in the input
  --mechanism NAME          how Atlas logs in to the cluster, as mechanism in the input: ${mechanismChoices.slice(0, -1).join(', ')} or ${mechanismChoices.at(-1)}
  --streams-role ARN        the role that Atlas assumes to log in by AWS_MSK_IAM, as the setting streamsRoleArn
  --stage NAME              use the settings in stages/NAME.yml, and the record of the cluster if the stage is deployed
  --credentials-secret ARN  read the credentials of Atlas from this secret in AWS Secrets Manager
  --region REGION           the Region; default: that of the cluster, or of the AWS configuration
  --record FOLDER           write what AWS and Atlas answer to this new folder, without secrets, names and ids
  --json                    print only one JSON document (use npm run --silent preflight to hide npm's own lines)
  --help                    show this text

AWS credentials: as the AWS CLI finds them. Credentials of Atlas: MONGODB_ATLAS_PUBLIC_KEY and MONGODB_ATLAS_PRIVATE_KEY, or
MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET.

Exit code: 0 ready, 1 not ready, 2 wrong arguments, no access, or a check could not be made.`;

/**
 * @param env the environment that npm sets
 * @throws UsageError
 */
export function parseArguments(args: string[], env: NodeJS.ProcessEnv = {}): Arguments {
  const complaint = complaintAboutNpmOptions(ownOptions, env);
  if (complaint) throw new UsageError(complaint);
  const given = parse(args);
  const { cluster: clusterArn, all, region, stage, secret, mechanism, json, help } = given;
  if (!help && (clusterArn === undefined) !== all)
    throw new UsageError(`Give either --cluster with ${rules.clusterArn}, or --all.`);
  if (all && (given['connection-name'] ?? secret ?? given.topics) !== undefined)
    throw new UsageError(
      '--all cannot be combined with --connection-name, --secret or --topics: each cluster has its own.',
    );
  check('clusterArn', '--cluster', clusterArn);
  refuseOtherPartition(clusterArn);
  check('projectId', '--project', given.project);
  check('workspace', '--workspace', given.workspace);
  check('connectionName', '--connection-name', given['connection-name']);
  if (region !== undefined) checkRegion(region, '--region');
  if (clusterArn && region && regionOf(clusterArn) !== region)
    throw new UsageError(`--region is ${region}, but the cluster is in ${regionOf(clusterArn)}. Leave --region out.`);
  checkCredentialsSecret(given['credentials-secret']);
  const [secretArn, secretName] = secret?.includes(':') ? [secret, undefined] : [undefined, secret];
  if (secretArn !== undefined) checkSecret(secretArn, clusterArn);
  if (secretName !== undefined) asUsage(() => validSecretName(secretName, '--secret'));
  if (secret !== undefined && mechanism === 'AWS_MSK_IAM')
    throw new UsageError('--mechanism AWS_MSK_IAM uses no secret. Leave --secret out.');
  return {
    clusterArn,
    region: clusterArn ? regionOf(clusterArn) : region,
    project: given.project,
    workspace: given.workspace,
    connectionName: given['connection-name'],
    secretArn,
    secretName,
    streamsRole: given['streams-role'],
    topics: given.topics === undefined ? undefined : asUsage(() => valid('topics', namesIn(given.topics), '--topics')),
    mechanism: mechanism === undefined ? undefined : asUsage(() => valid('mechanism', mechanism, '--mechanism')),
    stage,
    record: given.record,
    credentialsSecret: given['credentials-secret'],
    json,
    help,
  };
}

const namesIn = (list = ''): string[] => list.split(/[,\s]+/).filter(Boolean);

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(complaintAboutArguments(error as Error, names, 'npm run preflight'));
  }
}

function check(field: Field, option: string, value: string | undefined): void {
  asUsage(() => value !== undefined && valid(field, value, option));
}

/** As a run refuses it. */
function refuseOtherPartition(clusterArn = ''): void {
  const { partition = 'aws' } = parseClusterArn(clusterArn) ?? {};
  if (partition !== 'aws')
    throw new UsageError(
      `--cluster has the partition "${partition}"; it must be "aws", the only one that Atlas supports.`,
    );
}

function checkSecret(secretArn: string, clusterArn = ''): void {
  check('secretArn', '--secret', secretArn);
  const cluster = parseClusterArn(clusterArn);
  if (cluster) asUsage(() => refuseSecretElsewhere(secretArn, cluster));
}
