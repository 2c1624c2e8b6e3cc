import type { Cloud } from '../emulators/cloud.ts';
import { personsAccessKeyId } from '../emulators/deployment/iam.ts';
import { secondsOfRate } from '../emulators/scheduler.ts';
import type { Execution, ExecutionResult } from '../emulators/step-functions/execution.ts';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { triggerTag } from '../shared/msk/tags.ts';
import { clusterArnIn } from '../shared/request/input.ts';
import type { Scenario } from './scenario.ts';
import { formatDuration, wrap } from './screen/text.ts';

/** What a person needs to know about a local cloud that is kept up. `npm start -- --keep --json` prints it. */
export interface Kept {
  scenario: { name: string; description: string };
  stage: string;
  clusterArn: string;
  projectId: string;
  workspace: string;
  /** The ARN of the role that Atlas assumes; null if the deployment has none. */
  streamsRole: string | null;
  /** The ARNs of the state machines. */
  stateMachines: { connect: string; disconnect: string };
  /** The addresses of the services. */
  endpoints: Record<string, string>;
  /** Environment variables for the AWS CLI, for the AWS SDKs and for our own commands. The keys are made up. */
  environment: Record<string, string>;
  /** How many times faster than real time the time passes while a run waits, and while nothing runs. */
  speed: number;
  idleSpeed: number;
  /** In simulated seconds; null if the local cloud does not run the schedule. */
  sweepEverySeconds: number | null;
  sweepSchedule: string;
}

/** @param workspace the deployment's */
export function keptCloud(
  cloud: Cloud,
  { scenario, stage, workspace }: { scenario: Scenario; stage: string; workspace: string },
): Kept {
  const { kafkaUrl, secretsManagerUrl, dynamoDbUrl, stepFunctionsUrl, region } = cloud.endpoints;
  const atlasUrl = cloud.listeners.atlas.url;
  const { publicKey, privateKey } = cloud.world.apiKey;
  return {
    scenario: { name: scenario.name, description: scenario.description },
    stage,
    clusterArn: cloud.world.cluster.arn,
    projectId: cloud.world.project.id,
    workspace,
    streamsRole: cloud.deployment.streamsRole?.arn ?? null,
    stateMachines: { connect: cloud.machineOf('connect').arn, disconnect: cloud.machineOf('disconnect').arn },
    endpoints: {
      kafka: kafkaUrl,
      secretsManager: secretsManagerUrl,
      dynamodb: dynamoDbUrl,
      stepFunctions: stepFunctionsUrl,
      atlas: atlasUrl,
    },
    environment: {
      AWS_ENDPOINT_URL_KAFKA: kafkaUrl,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManagerUrl,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
      AWS_ENDPOINT_URL_SFN: stepFunctionsUrl,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: personsAccessKeyId,
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_PAGER: '',
      MONGODB_ATLAS_PUBLIC_KEY: publicKey,
      MONGODB_ATLAS_PRIVATE_KEY: privateKey,
      MONGODB_ATLAS_BASE_URL: atlasUrl,
    },
    speed: cloud.clock.speed,
    idleSpeed: cloud.clock.idleSpeed,
    sweepEverySeconds: secondsOfRate(cloud.deployment.sweepSchedule) ?? null,
    sweepSchedule: cloud.deployment.sweepSchedule,
  };
}

/** @returns the lines that a person reads first */
export function formatKept(kept: Kept): string[] {
  const { scenario, stage, clusterArn, projectId, workspace, streamsRole, stateMachines, environment } = kept;
  const role = streamsRole === null ? '' : ` --streams-role ${streamsRole}`;
  const facts: [string, string][] = [
    ['Scenario', `${scenario.name}. ${scenario.description}`],
    [
      'Start',
      `The start of the scenario is left out. Tag the cluster ${triggerTag}=connect or ${triggerTag}=disconnect, and a rule starts a run.`,
    ],
    ['Time', timeOf(kept)],
    ['Sweep', sweepOf(kept)],
  ];
  return [
    'msk-atlas-privatelink, kept running. Ctrl-C ends it.',
    '',
    ...facts.flatMap(([name, text]) =>
      wrap(text, 84).map((line, index) => `  ${(index === 0 ? name : '').padEnd(10)}${line}`),
    ),
    '',
    'Paste these lines into another terminal. They are for this local cloud only, and the keys are made up.',
    '',
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    // A profile would come before the keys, and a token would go with them.
    'unset AWS_PROFILE AWS_SESSION_TOKEN',
    '',
    'Then try these commands there: tag the cluster, read its tags, list the runs.',
    '',
    `aws kafka tag-resource --resource-arn ${clusterArn} --tags ${triggerTag}=connect`,
    `aws kafka list-tags-for-resource --resource-arn ${clusterArn}`,
    `aws stepfunctions list-executions --state-machine-arn ${stateMachines.connect}`,
    '',
    'Our own commands, in the folder of the project. The last one refuses while a cluster is connected.',
    'Otherwise it fails, because the local cloud has no CloudFormation.',
    '',
    `npm run preflight -- --cluster ${clusterArn} --stage ${stage} --project ${projectId} --workspace ${quoted(workspace)}${role}`,
    `npm run status -- --stage ${stage} --project ${projectId}`,
    `npm run remove -- --stage ${stage}`,
    '',
    'Runs, at the time of the local clock:',
  ];
}

function timeOf({ speed, idleSpeed }: Kept): string {
  const idle = idleSpeed === 1 ? 'in real time' : `${idleSpeed} times faster`;
  return `While a run waits, time passes ${speed} times faster: one hour takes ${realTime(3600, speed)}. While nothing runs, it passes ${idle}. Functions run in real time. So the local clock is ahead of yours, and tags and answers show its times.`;
}

function sweepOf({ sweepEverySeconds, sweepSchedule, speed, idleSpeed }: Kept): string {
  if (sweepEverySeconds === null)
    return `The local cloud does not run the schedule ${sweepSchedule}, because it knows only rate(…). So there is no sweep.`;
  const every = (factor: number) => realTime(sweepEverySeconds, factor);
  return `The schedule is ${sweepSchedule}, by the local clock. While nothing runs, that is every ${every(idleSpeed)}; while a run waits, every ${every(speed)}.`;
}

/** `10 s`, `2.5 s`, `1 min` */
function realTime(simulatedSeconds: number, factor: number): string {
  const seconds = simulatedSeconds / factor;
  return seconds >= 60 ? `${Number((seconds / 60).toPrecision(2))} min` : `${Number(seconds.toPrecision(2))} s`;
}

/** As a POSIX shell reads it. */
const quoted = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** What the lines about an execution need. */
type Shown = Pick<Execution, 'arn' | 'name' | 'input' | 'startDate' | 'ended'>;

/** One line for an execution that starts. */
export const startLine = (execution: Shown, at: Date): string => lineOf(at, 'RUNNING', describe(execution));

/** One line for an execution that has ended. */
export function endLine(execution: Shown, { status, endState, error }: ExecutionResult): string {
  const at = execution.ended?.at ?? execution.startDate;
  const took = formatDuration(at.getTime() - execution.startDate.getTime());
  return lineOf(at, status, `${describe(execution)}  ${error ?? endState} after ${took}`);
}

export const sweepFailedLine = (at: Date, { name, message }: Error): string =>
  lineOf(at, 'FAILED', `sweep  ${name}: ${message}`);

const lineOf = (at: Date, status: string, what: string): string =>
  `${at.toISOString().replace(/\.\d+/, '')}  ${status.padEnd(9)}  ${what}`;

/** The action, the name of the cluster, and the name of the execution. */
function describe({ arn, name, input }: Shown): string {
  const action = /-disconnect:[^:]*$/.test(arn) ? 'disconnect' : 'connect';
  const clusterName = parseClusterArn(clusterArnIn(input) ?? '')?.clusterName ?? '(no cluster)';
  return `${action.padEnd(10)}  ${clusterName}  ${name}`;
}
