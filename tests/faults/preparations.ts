import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Request } from '../../emulators/emulator.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { Tags } from '../../emulators/msk/tags.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { settingTags, triggerTag } from '../../shared/msk/tags.ts';
import { tableAnswers } from './answers.ts';
import { runToEnd } from './foreign.ts';
import { ofPerson } from './processors.ts';
import { pass } from './sweeps.ts';

/** What happens in the world of a use case before its run, or beside it. */

const secretArnOf = ({ world }: Cloud): string => world.scramSecrets[0]?.arn ?? '';
/** Several secrets may be associated, so the input names one. */
export const withSecret = (cloud: Cloud) => ({ secretArn: secretArnOf(cloud) });

/** Two secrets are associated, so a tag names one. */
export async function named({ world: { cluster, scramSecrets } }: Cloud): Promise<void> {
  cluster.tags.put({ [settingTags.secretName]: scramSecrets[0]?.name ?? '' });
}

export async function connected(cloud: Cloud): Promise<void> {
  await named(cloud);
  await runToEnd(cloud, 'connect');
}

export async function rotated(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const password = randomUUID();
  cloud.world.secretValues.push(password);
  cloud.world.secretsManager.rotate(secretArnOf(cloud), JSON.stringify({ username: 'atlas', password }));
}

export async function usedByProcessor(cloud: Cloud): Promise<void> {
  await rotated(cloud);
  addProcessors(cloud);
}

function addProcessors({ world: { project } }: Cloud): void {
  for (const processor of ofPerson) project.addProcessor('streams', processor);
}

/** The link stays when the cluster is disconnected, because another connection uses it. */
export async function sharedLink(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const { project } = cloud.world;
  const [ours] = project.connections('streams').filter(({ settings }) => settings.name === 'orders');
  if (ours) project.createConnection('streams', { ...ours.settings, name: 'reports' });
}

/** The record as a stopped run leaves it: the run still holds the cluster. */
export async function heldByEndedRun(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const { arn } = cloud.world.cluster;
  const record = (await cloud.registry.get(arn)) ?? { clusterArn: arn };
  const [stopped] = cloud.executions;
  if (stopped?.ended) stopped.ended.status = 'ABORTED';
  const claimedAt = cloud.clock.now().toISOString();
  await cloud.registry.put({
    ...record,
    ...{
      holder: stopped?.arn,
      claimedAt,
      action: 'connect',
      wantedBy: 'tag',
      status: 'connecting',
      lastExecution: undefined,
    },
  });
}

/** A first run has failed, and what it needs is there now. */
export async function failed(cloud: Cloud): Promise<void> {
  await named(cloud);
  const { cluster } = cloud.world;
  const { scramSecretArns } = cluster;
  cluster.scramSecretArns = [];
  await cloud.start({ clusterArn: cluster.arn }).result;
  cluster.scramSecretArns = scramSecretArns;
}

/** A person has removed our statement, and no run has looked for hours. */
export async function withoutStatement(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const { cluster } = cloud.world;
  const policy = cluster.policy;
  if (policy) {
    const statements = [policy.document.Statement].flat().filter(({ Sid }) => !Sid?.startsWith('Atlas'));
    cluster.policy = { ...policy, document: { ...policy.document, Statement: statements } };
  }
  await pass(cloud, 361);
}

export async function deletedCluster(cloud: Cloud): Promise<void> {
  await connected(cloud);
  cloud.world.msk.deleteCluster(cloud.world.cluster.arn);
}

/** MSK is at work on the cluster, and refuses the first change of its policy. */
export async function updating(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const { cluster } = cloud.world;
  let { policy } = cluster;
  let isRefused = false;
  cluster.startUpdate(cluster.connectivity);
  Object.defineProperty(cluster, 'policy', {
    get: () => policy,
    set: (changed: typeof policy) => {
      if (isRefused) policy = changed;
      else {
        isRefused = true;
        throw mskError('BadRequestException', `The cluster is ${cluster.state}.`);
      }
    },
  });
}

/**
 * A link that another party has requested, and that Atlas sets up: the cluster policy allowed it at that time, and no longer does. Atlas
 * asks MSK only once, so the link does not fail while the run is on its way to its own statement.
 */
function workingLink({ world: { cluster, project }, clock }: Cloud, request: { authenticationScheme?: 'IAM' }) {
  const { policy = assert.fail('no policy') } = cluster;
  const statement = atlasStatement(cluster.arn, `arn:aws:iam::${project.awsAccountId}:root`);
  const statements = [policy.document.Statement, { ...statement, Effect: 'Allow' as const }].flat();
  cluster.policy = { ...policy, document: { ...policy.document, Statement: statements } };
  const link = project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn, ...request });
  clock.advance(1);
  assert.equal(link.state, 'WORKING');
  cluster.policy = policy;
  return link;
}

/** A link and a connection that another party has made. */
export async function theirs(cloud: Cloud): Promise<void> {
  const { cluster, project } = cloud.world;
  const link = workingLink(cloud, {});
  project.createConnection('streams', {
    name: 'orders',
    type: 'Kafka',
    bootstrapServers: cluster.bootstrapBrokers().BootstrapBrokerStringVpcConnectivitySaslScram ?? '',
    authentication: { mechanism: 'SCRAM-512', username: 'theirs', password: 'theirs' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: link.id } },
  });
}

/** The same, by IAM, with the streams role. */
export async function theirsByIam(cloud: Cloud): Promise<void> {
  const { world, deployment } = cloud;
  const { cluster, project } = world;
  const link = workingLink(cloud, { authenticationScheme: 'IAM' });
  project.createConnection('streams', {
    name: 'orders',
    type: 'Kafka',
    bootstrapServers: cluster.bootstrapBrokers().BootstrapBrokerStringVpcConnectivitySaslIam ?? '',
    authentication: { mechanism: 'AWS_MSK_IAM', aws: { roleArn: deployment.streamsRole?.arn ?? '' } },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: link.id } },
  });
}

export const connectedByIam = (cloud: Cloud): Promise<void> => runToEnd(cloud, 'connect');

/** A person has given our connection another role that Atlas may assume. */
export async function withAnotherRole(cloud: Cloud): Promise<void> {
  await connectedByIam(cloud);
  const { project } = cloud.world;
  const [ours] = project.connections('streams').filter(({ settings }) => settings.name === 'orders');
  const roleArn = 'arn:aws:iam::123456789012:role/of-a-person';
  ours?.update({ type: 'Kafka', authentication: { mechanism: 'AWS_MSK_IAM', aws: { roleArn } } });
}

/** The same, and a running stream processor uses the connection. */
export async function usedWithAnotherRole(cloud: Cloud): Promise<void> {
  await withAnotherRole(cloud);
  addProcessors(cloud);
}

/** Connected through what another party has made. */
export async function adopted(cloud: Cloud): Promise<void> {
  await theirs(cloud);
  await connected(cloud);
}

/** Starts another update of the cluster when AssociateScramSecret lists the secrets, which is the second time. */
export async function busyAtSecondRead({ world: { cluster } }: Cloud): Promise<void> {
  let { scramSecretArns } = cluster;
  let reads = 0;
  Object.defineProperty(cluster, 'scramSecretArns', {
    get: () => {
      if (++reads === 2) cluster.startUpdate(cluster.connectivity);
      return scramSecretArns;
    },
    set: (arns: string[]) => {
      scramSecretArns = arns;
    },
  });
}

/** Another party changes the cluster between our read and our update, requests the link, and creates the connection. */
export async function alwaysLate({ world: { cluster, project } }: Cloud): Promise<void> {
  const { currentVersion } = cluster;
  let reads = 0;
  // Read by InspectCluster, by EnablePrivateConnectivity, and then by MSK itself for the update.
  Object.defineProperty(cluster, 'currentVersion', { get: () => (++reads < 3 ? currentVersion : 'K2LATER') });
  const createLink = project.createLink.bind(project);
  project.createLink = (request) => {
    project.createLink = createLink;
    createLink(request);
    return createLink(request);
  };
  const createConnection = project.createConnection.bind(project);
  project.createConnection = (workspace, request) => {
    project.createConnection = createConnection;
    createConnection(workspace, { ...request, authentication: { ...request.authentication, username: 'theirs' } });
    return createConnection(workspace, request);
  };
}

/** A person changes the tag while LookUpPrincipal asks Atlas, and no event reports it. */
export async function changesItsMind(cloud: Cloud): Promise<void> {
  await named(cloud);
  const { cluster, project } = cloud.world;
  const { awsAccountId } = project;
  Object.defineProperty(project, 'awsAccountId', {
    get: () => {
      const tags = { ...cluster.tags.all, [triggerTag]: 'disconnect' };
      Object.defineProperty(cluster, 'tags', { value: new Tags(cluster.arn, tags, () => {}), configurable: true });
      return awsAccountId;
    },
  });
}

/** The same, before the run reads the cluster for the first time. */
export async function changesItsMindAtOnce(cloud: Cloud): Promise<void> {
  await named(cloud);
  const { cluster } = cloud.world;
  const describe = cluster.describe.bind(cluster);
  cluster.describe = () => {
    const tags = { ...cluster.tags.all, [triggerTag]: 'disconnect' };
    Object.defineProperty(cluster, 'tags', { value: new Tags(cluster.arn, tags, () => {}), configurable: true });
    return describe();
  };
}

/**
 * The first answers of the table are lost after it has applied the call: a release is applied twice, as if the network or the SDK
 * had repeated it, and the deletion of a record is answered with an error that only the machine retries.
 */
export async function losesAnswersOfTable(cloud: Cloud): Promise<void> {
  const { table } = cloud.world.dynamodb;
  const answer = table.answer.bind(table);
  const done = new Set<string>();
  table.answer = async (request) => {
    const answered = await answer(request);
    const what = isRelease(request) ? 'release' : isDeletion(request) ? 'deletion' : undefined;
    if (!what || answered.status !== 200 || done.has(what)) return answered;
    done.add(what);
    return what === 'release' ? answer(request) : tableAnswers.conflict();
  };
}

type TableRequest = Pick<Request, 'headers' | 'body'>;
const isDeletion = ({ headers }: TableRequest) => String(headers['x-amz-target']).endsWith('.DeleteItem');
const isRelease = ({ body }: TableRequest) => /REMOVE[^"]*#holder/.test(body);

/** A connect is stopped when it invokes a function for the nth time. */
export async function stoppedAt(cloud: Cloud, state: string, nth: number, input: object): Promise<void> {
  let left = nth;
  cloud.interceptInvocation = async ({ name }, next) => {
    if (name === state && --left === 0) execution.abort();
    return left > 0 ? next() : { milliseconds: 0, error: { errorType: 'Runtime.ExitError', errorMessage: '' } };
  };
  const execution = cloud.start({ clusterArn: cloud.world.cluster.arn, ...input });
  await execution.result;
  cloud.interceptInvocation = (_, next) => next();
  await pass(cloud, 15);
}

/** Waits until an execution has entered a state, or has ended. */
export async function untilIn(execution: Execution, state: string): Promise<void> {
  const isThere = () => execution.history.some((event) => event.type === 'StateEntered' && event.state.name === state);
  while (!isThere() && !execution.ended) await setTimeout(1);
}
