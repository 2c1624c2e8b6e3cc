import type { Cloud } from '../../emulators/cloud.ts';
import { ownershipOf, type Piece, RegistryRecord } from '../../shared/registry/record.ts';
import { maxSweeps, pass, sweepOnce } from './sweeps.ts';
import type { UseCase } from './use-case.ts';

/** The statements for Atlas in the cluster policy. A cluster that is gone has none. */
export const statementsOf = ({ world: { msk, cluster } }: Cloud) =>
  msk.clusters.has(cluster.arn)
    ? [cluster.policy?.document.Statement ?? []].flat().filter(({ Sid }) => Sid?.startsWith('Atlas'))
    : [];

async function recordOf(cloud: Cloud): Promise<RegistryRecord | undefined> {
  const item = await cloud.registry.get(cloud.world.cluster.arn);
  return item && RegistryRecord.parse(item);
}

/** Sweeps until no execution that has ended holds the cluster. */
export async function releaseBySweeps(cloud: Cloud): Promise<void> {
  for (let sweep = 0; sweep < maxSweeps && (await recordOf(cloud))?.holder; sweep++) {
    await pass(cloud, 15);
    await sweepOnce(cloud);
  }
}

/**
 * What is wrong with the registry's record. At any time, it must name everything that we have created. At the end, it must equal
 * reality, and no execution may hold the cluster.
 */
export async function wrongRecord(cloud: Cloud, useCase: UseCase, isDone: boolean): Promise<string[]> {
  const record = await recordOf(cloud);
  const found = {
    privateLink: liveLink(cloud)?.id,
    connection: connection(cloud)?.id,
    statement: statementsOf(cloud)[0]?.Sid,
  };
  const wrong = (['privateLink', 'connection', 'statement'] as const).flatMap((what) => {
    const piece = what === 'statement' ? asPiece(record?.statement) : record?.[what];
    const isTheirs = what !== 'statement' && useCase.theirs?.includes(what);
    const isAdopted = what !== 'statement' && useCase.adopted?.includes(what);
    const id = found[what];
    const shown = JSON.stringify(piece);
    if (id === undefined) return isDone && piece ? [`the registry still has the ${what} ${shown}`] : [];
    if (isDone && isAdopted)
      // A disconnect may forget what it leaves.
      return !piece || piece.ownership === 'adopted' ? [] : [`the registry says of an adopted ${what}: ${shown}`];
    if (isTheirs && !isDone) return [];
    const isRecorded = piece && (isDone ? piece.ownership : ownershipOf(id, piece)) === 'created';
    // After another attempt, the recorded id is that of an earlier one.
    const isSame = !piece?.ownership || (piece.id ?? id) === id;
    return isRecorded && isSame ? [] : [`the ${what} ${id} is orphaned; the registry says ${shown}`];
  });
  if (!isDone) return wrong;
  const status = record ? record.status : 'no record';
  return [
    ...wrong,
    ...(status === useCase.status ? [] : [`the status in the registry is ${status}, not ${useCase.status}`]),
    ...(record?.holder ? [`${record.holder} still holds the cluster`] : []),
    ...(record?.status === 'connected' && record.failures ? [`${record.failures} failures are recorded`] : []),
  ];
}

/** A Sid is the id of a statement. */
const asPiece = (statement: RegistryRecord['statement']): Piece | undefined =>
  statement && {
    id: statement.sid,
    // An attempt is ours if a statement under its Sid exists.
    ownership: statement.ownership ?? (statement.attemptedAt === undefined ? undefined : 'created'),
  };

const liveLink = ({ world: { cluster, project } }: Cloud) =>
  project.links.find(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted);

const connection = ({ world: { project } }: Cloud) =>
  project.connections('streams').find(({ settings }) => settings.name === 'orders');
