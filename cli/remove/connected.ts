import { withCommand } from '../../shared/command.ts';
import { startCommand } from '../../shared/executions.ts';
import { oneLine } from '../../shared/foreign-text.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { tagCommand } from '../../shared/msk/tag-commands.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { monthlyDollars } from '../../shared/outcomes.ts';
import { hasCreated, type RegistryRecord } from '../../shared/registry/record.ts';
import { wishWithoutTag } from '../../shared/registry/untagged.ts';
import { dollars } from '../dollars.ts';
import type { Registered } from '../registry-table.ts';

interface Stack {
  stage: string;
  region: string;
  /** The first part of the names of its machines. */
  prefix: string;
}

/**
 * Why a stack must not be removed yet: clusters are connected, a run is at work, or something of ours is left. Without the stack, no run
 * removes it.
 *
 * @returns undefined if it may be removed
 */
export function whyNotRemoved({ records, unreadable }: Registered, stack: Stack): string | undefined {
  const left = records.filter(isLeft);
  const items = [
    ...left.map(adviceFor),
    ...unreadable.map(({ clusterArn, error }) => `${nameOf(clusterArn)}: ${oneLine(error)}`),
  ];
  if (items.length === 0) return undefined;
  const { stage, region } = stack;
  return [
    `Stage ${stage} is not removed, because ${items.length === 1 ? '1 cluster is' : `${items.length} clusters are`} not disconnected:`,
    '',
    ...items.flatMap((item) => [...item.split('\n').map((line) => `  ${line}`), '']),
    'This command shows what is still recorded:',
    `  npm run status -- --stage ${stage} --region ${region}`,
    '',
    `To remove the stack all the same, add --force. Then what the runs created stays in Atlas and in the cluster policies. A private link costs about ${dollars(monthlyDollars('privateLink'))} a month.`,
    ...otherDeployment(left, stack),
  ].join('\n');
}

/** A cluster whose last verification failed is still connected, also if everything was adopted. */
const isLeft = (record: RegistryRecord): boolean =>
  record.holder !== undefined || hasCreated(record) || wishWithoutTag(record) === 'connect';

const nameOf = (clusterArn: string): string => parseClusterArn(clusterArn)?.clusterName ?? clusterArn;

/** What a person does about a cluster. The commands stand on lines of their own. */
function adviceFor(record: RegistryRecord): string {
  const { clusterArn, status = 'not connected', holder, action, detail, missingSince } = record;
  const name = nameOf(clusterArn);
  const execution = executionOf(record);
  if (holder && action === 'disconnect')
    return `${name}: a run is disconnecting it. Wait until it has ended:\n  ${oneLine(holder)}`;
  if (missingSince && execution)
    return withCommand(
      `${name}: MSK no longer has this cluster, and something that a run created is left. This run removes it:`,
      startCommand(execution, `'${JSON.stringify({ clusterArn })}'`, 'disconnect'),
    );
  if (status === 'disconnected')
    return `${name}: it is disconnected, but something that a run created is left. The sweep tries again. The last run says: ${oneLine(detail ?? 'nothing')}`;
  return withCommand(
    `${name}: it is ${status}${holder ? ', and a run is at work' : ''}. Disconnect it:`,
    tagCommand(clusterArn, { [triggerTag]: 'disconnect' }),
  );
}

/** A person copies it in a command, so anything but the ARN of an execution of a deployment counts as none. */
const executionOf = ({ holder, lastExecution, lastFailure }: RegistryRecord): string | undefined =>
  [holder ?? lastExecution ?? lastFailure?.executionArn ?? ''].find((arn) =>
    /^arn:[\w-]+:states:[\w-]+:\d{12}:execution:[\w-]+-(connect|disconnect):[^:]*$/.test(arn),
  );

/** An account and Region has one registry. A stack that could not be created because of it has no records of its own. */
function otherDeployment(records: RegistryRecord[], { stage, prefix }: Stack): string[] {
  const executions = records.flatMap((record) => executionOf(record) ?? []);
  const isOwn = (arn: string) => arn.includes(`:${prefix}-connect:`) || arn.includes(`:${prefix}-disconnect:`);
  if (executions.length === 0 || executions.some(isOwn)) return [];
  const other = /:execution:(.*)-(?:connect|disconnect):/.exec(executions[0] ?? '')?.[1] ?? 'another deployment';
  return [
    '',
    `All of this was recorded by ${other}, and not by ${prefix}. If the stack of stage ${stage} does not own the registry, because its deployment failed, --force is safe.`,
  ];
}
