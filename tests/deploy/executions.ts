import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';

export async function executionsOf(sfn: SFNClient, stateMachineArn: string): Promise<string[]> {
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.map(({ executionArn = '' }) => executionArn);
}

/** Waits for the end of an execution. @param meanwhile runs once a second */
export async function follow(sfn: SFNClient, executionArn: string, meanwhile: () => Promise<void>) {
  for (;;) {
    const { status, output, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    await meanwhile();
    if (status !== 'RUNNING') {
      const history = await historyOf(sfn, executionArn);
      const states = history.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
      const failed = history.flatMap(({ taskFailedEventDetails }) => taskFailedEventDetails ?? []);
      return {
        status,
        states,
        output: JSON.parse(output ?? 'null'),
        why: JSON.stringify([{ error, cause }, ...failed], null, 2),
      };
    }
    await pause(1_000);
  }
}

async function historyOf(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken }));
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return events;
}
