import type { Cluster } from '@aws-sdk/client-kafka';
import { NeedsPersonError, TransientError } from '../../shared/errors.ts';
import { ownLines } from '../../shared/foreign-text.ts';
import { type Mechanism, type Scheme, schemeOf } from '../../shared/login.ts';
import { type ClusterDetails, privateConnectivityOf } from '../../shared/msk/cluster.ts';
import { detailsOf, isScramOn, stateOf } from '../../shared/msk/inspection.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { type Assessed, assess, type Inspected } from '../../shared/prerequisites/assess.ts';
import type { Check } from '../../shared/prerequisites/checks.ts';
import type { Findings } from '../../shared/prerequisites/findings.ts';
import { type Planned, planChanges } from '../../shared/prerequisites/plan-changes.ts';
import { noteOn } from '../../shared/prerequisites/plan-note.ts';
import { accountOf, accountsIn } from '../../shared/registry/principal.ts';
import { isHopeless } from '../../shared/replaced-by.ts';
import { howToKeepOrMove } from '../../shared/request/keep-or-move.ts';
import type { Request } from '../../shared/request/request.ts';
import { refuseIfUndone } from '../../shared/request/wish.ts';
import type { Context } from './context.ts';
import { costOf } from './cost.ts';
import { onOneLine, withTexts } from './foreign.ts';
import { findingsForPerson, whyUnknown } from './judge.ts';
import { ownerOf } from './owner.ts';
import { isReady, type Report, resultsOf } from './report.ts';
import { requestFor, streamsRoleOf } from './request-for.ts';
import { refusing } from './setup.ts';
import { lookAtOtherWay, reasonFor } from './way.ts';

/**
 * Judges one cluster as a run would judge it now, with the code of the run. It reads only.
 *
 * @param describe reads the cluster
 */
export async function lookAt(clusterArn: string, describe: () => Promise<Cluster>, context: Context): Promise<Report> {
  const findings = findingsForPerson(context.atlas.source);
  const cluster = await findings.look('clusterState', describe);
  const state = cluster && (await findings.look('clusterState', async () => stateOf(cluster, clusterArn)));
  if (state !== undefined) findings.report('clusterState');
  const tags = cluster?.Tags ?? {};
  if (cluster) {
    await findings.look('tag', async () => refuseIfUndone(clusterArn, tags));
    findings.report('tag');
  }
  const recorded = await context.recordOf(clusterArn, findings);
  const request = await requestFor(clusterArn, tags, recorded, context, findings);
  const isUnusable = cluster !== undefined && state === undefined;
  const isForAll = context.options.clusterArn === undefined;
  const needsSecrets = request.mechanism !== 'AWS_MSK_IAM' || !isForAll;
  const detailsFor = async (found: Findings) =>
    cluster && !isUnusable ? detailsFrom(clusterArn, cluster, needsSecrets, context, found) : undefined;
  const seen = await detailsFor(findings);
  const inspected = {
    privateConnectivity: cluster ? privateConnectivityOf(cluster) : { scram: false, iam: false },
    details: seen,
  };
  const role = streamsRoleOf(context.settings, clusterArn);
  const isTagMissing = role?.requiresTag === true && cluster !== undefined && tags[triggerTag] !== 'connect';
  const clients = {
    msk: context.msk,
    secrets: context.secrets,
    atlas: atlasFor(request, context, findings),
    allowedAccounts: accountsIn(context.settings.atlasAwsAccountIds ?? ''),
    // The usual start is that tag. A note says that a manual start needs it before.
    streamsRole: role && isTagMissing ? { ...role, requiresTag: false } : role,
  };
  const assessed = isUnusable ? undefined : await assess(request, inspected, undefined, clients, findings);
  // Whatever Atlas has answered, it allows this address.
  if (findings.of('workspace')?.unknown === undefined && findings.of('workspace')) findings.report('accessList');
  const planning =
    seen && assessed && isPlannable(assessed, findings)
      ? await plan(request, seen, assessed, clients, context.atlas.source)
      : undefined;
  const mechanism = assessed?.login.mechanism;
  const checks = resultsOf(findings, mechanism && schemeOf(mechanism));
  // With many clusters, it would cost requests for each of them. No cluster that is of no use has another way.
  const own = findingsForPerson(context.atlas.source);
  const otherWay =
    mechanism && !isForAll && !findings.unmet.some(isHopeless)
      ? await lookAtOtherWay(
          request,
          { ...inspected, details: await detailsFor(own) },
          mechanism,
          clients,
          own,
          findings,
        )
      : null;
  const { projectId, workspace, connectionName } = request;
  const changes = planning?.planned?.changes ?? null;
  const isRecordRead = context.options.stage !== undefined && findings.of('registry')?.unknown === undefined;
  const account = assessed?.principalArn && accountOf(assessed.principalArn);
  const report: Report = {
    clusterArn,
    cluster: describeCluster(state, seen),
    ready: isReady(checks),
    target: { projectId, workspace, connectionName },
    mechanism: mechanism ?? null,
    because: assessed ? reasonFor(request, tags, assessed, context, findings) : null,
    checks,
    otherWay,
    plan: changes,
    notes: [
      context.missingStage(),
      context.settings.paused === 'true' && paused,
      state !== undefined && state !== 'ACTIVE' && `The cluster is ${state}. A run waits until it is ACTIVE.`,
      planning?.planned?.connected && 'The cluster is connected. A run would verify it.',
      planning?.why && !findings.unmet.includes(planning.why) && `The plan is unknown. ${planning.why}`,
      mechanism === 'AWS_MSK_IAM' && isTagMissing && tags[triggerTag] !== 'disconnect' && noteOnTag,
      assessed && noteOn(request, planning?.planned, withoutWay(assessed), isRecordRead),
      request.targetChange !== null && howToKeepOrMove(request),
    ].filter((note): note is string => typeof note === 'string' && note !== ''),
    cost: changes && costOf(changes),
    owner: ownerOf(clusterArn, tags, changes ?? [], { account, schemes: schemesOf(inspected, mechanism) }),
  };
  // A text of AWS or Atlas may stand in any of them.
  return withTexts(report, ownLines);
}

/** The report has the way to log in, and what of it was not checked. */
const withoutWay = ({ because: _, unchecked: __, ...rest }: Assessed) => rest;

const paused =
  'The deployment is paused (setting paused): tags and the sweep start nothing. Start a run manually, or deploy with paused: false.';

const noteOnTag = `The streams role may log in only to clusters with the tag ${triggerTag}=connect (streamsRoleRequiresTag), which this cluster does not have. Start the run by setting that tag: a manual start without it ends in PrerequisitesNotMet.`;

/** The schemes for which multi-VPC connectivity is on after a run: those that are on stay on. */
const schemesOf = ({ privateConnectivity: { scram, iam } }: Inspected, mechanism: Mechanism | undefined): Scheme[] => {
  const wanted = mechanism && schemeOf(mechanism);
  return [
    ...(iam || wanted === 'IAM' ? ['IAM' as const] : []),
    ...(scram || wanted === 'SASL_SCRAM' ? ['SASL_SCRAM' as const] : []),
  ];
};

const describeCluster = (state: string | undefined, details: ClusterDetails | undefined): string =>
  [state, details?.kafkaVersion && `Apache Kafka ${details.kafkaVersion}`, details?.instanceType]
    .filter(Boolean)
    .join(', ');

/** Atlas, unless it is not known what to ask it for. */
function atlasFor({ projectId, workspace }: Request, { atlas }: Context, findings: Findings) {
  if (findings.of('settings')?.unmet.length !== 0) return refusing('First correct the settings above.').client;
  const missing = [!projectId && '--project ID', !workspace && '--workspace NAME'].filter(Boolean);
  if (missing.length === 0) return atlas.client;
  return refusing(`The Atlas project or workspace is unknown. Give ${missing.join(' and ')}, or --stage NAME.`).client;
}

async function detailsFrom(
  clusterArn: string,
  cluster: Cluster,
  needsSecrets: boolean,
  { msk }: Context,
  findings: Findings,
): Promise<ClusterDetails> {
  const listed =
    needsSecrets && isScramOn(cluster)
      ? await findings.look('secretChoice', async () => onOneLine(await msk.listScramSecrets(clusterArn)))
      : undefined;
  return detailsOf(cluster, listed ?? []);
}

/** A plan needs everything that it is made of, and a cluster that a run can connect at all. */
function isPlannable({ login }: Assessed, findings: Findings): boolean {
  const parts = ['workspace', 'connection', 'privateLink', 'principal', 'policy'] as const;
  const isKnown = (check: Check) => findings.of(check) !== undefined && findings.of(check)?.unknown === undefined;
  // Without SASL/SCRAM, no secret is chosen yet.
  const isSecretKnown = 'roleArn' in login || findings.of('secretChoice')?.unknown === undefined;
  return findings.of('clusterType')?.unmet.length === 0 && isSecretKnown && parts.every(isKnown);
}

/** @param source of the credentials of Atlas @returns `why`: why the plan is unknown */
async function plan(
  request: Request,
  details: ClusterDetails,
  assessed: Assessed,
  clients: Parameters<typeof planChanges>[2],
  source: string,
): Promise<{ planned?: Planned; why?: string }> {
  try {
    // No secret is chosen yet: then none can be named in the plan.
    const { login } = assessed;
    const isUnnamed = 'secretArn' in login && login.secretArn === '';
    const isScramSecretAssociated = assessed.isScramSecretAssociated || isUnnamed;
    const now = new Date().toISOString();
    return { planned: await planChanges(request, { details, ...assessed, isScramSecretAssociated }, clients, now) };
  } catch (error) {
    if (error instanceof NeedsPersonError || error instanceof TransientError)
      return { why: whyUnknown(error, source) ?? error.message };
    throw error;
  }
}
