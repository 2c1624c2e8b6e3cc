import type { PageRules } from '../pages.ts';
import type { Execution } from './execution.ts';
import { stepFunctionsError, validationError } from './validation.ts';

const maxSize = 1000;

/**
 * Documented: a page has at most 1000 items, and 100 if the caller says nothing or 0; a token is unique, needs the other arguments
 * unchanged, and expires after 24 hours, with InvalidToken. The texts are assumed.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
 */
export const pageRules: PageRules = {
  minSize: 0,
  maxSize,
  defaultSize: 100,
  tokenLastsMs: 24 * 3_600_000,
  refuseSize: (size) => validationError(`Value '${size}' at 'maxResults' must be from 0 to ${maxSize}`),
  refuseToken: (token) => stepFunctionsError('InvalidToken', `Invalid Token: '${token}'`),
};

/** The parameters of ListExecutions that select executions. */
interface Selection {
  stateMachineArn?: string;
  mapRunArn?: string;
  statusFilter?: string;
  redriveFilter?: string;
}

const statuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

/**
 * Documented: a state machine or a Map Run, not both; and for a state machine neither PENDING_REDRIVE nor a `redriveFilter`. Our machines
 * have no Map Run, so none is found. The texts are assumed.
 *
 * @throws Refusal ValidationException, ResourceNotFound
 */
export function validateSelection({ stateMachineArn, mapRunArn, statusFilter, redriveFilter }: Selection): void {
  if (stateMachineArn !== undefined && mapRunArn !== undefined)
    throw validationError("Specify 'stateMachineArn' or 'mapRunArn', not both");
  if (mapRunArn !== undefined) throw stepFunctionsError('ResourceNotFound', `Resource not found: '${mapRunArn}'`);
  if (statusFilter === 'PENDING_REDRIVE' || redriveFilter !== undefined)
    throw validationError("'PENDING_REDRIVE' and 'redriveFilter' need 'mapRunArn'");
  if (statusFilter !== undefined && !statuses.includes(statusFilter))
    throw validationError(`Value '${statusFilter}' at 'statusFilter' must be one of ${statuses.join(', ')}`);
}

/**
 * Documented: the most recent first; executions that run by the time of their start or redrive, the others by the time of their end.
 */
export const mostRecentFirst = (executions: Execution[]): Execution[] =>
  executions.toReversed().sort((one, other) => timeOf(other).getTime() - timeOf(one).getTime());

const timeOf = ({ ended, redrives, startDate }: Execution): Date => ended?.at ?? redrives.at(-1) ?? startDate;
