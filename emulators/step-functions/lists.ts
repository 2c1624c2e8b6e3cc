import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Execution } from './execution.ts';
import { stepFunctionsError, validationError } from './validation.ts';

/** What the input of a list operation has for its pages. */
interface PageInput {
  maxResults?: number;
  nextToken?: string;
}

/** What a token stands for. */
interface Rest {
  items: unknown[];
  /** What the list was asked for. */
  query: string;
  expiresAt: number;
}

const maxPageSize = 1000;
const defaultPageSize = 100;
const tokenLastsMs = 24 * 3_600_000;

/**
 * The pages of lists. Documented: a page has at most 1000 items, and 100 if the caller says nothing or 0; a token is unique, needs the
 * other arguments unchanged, and expires after 24 hours, with InvalidToken. Assumed: a token that was not given, or was given for other
 * arguments, is refused in the same way; and what has changed since the first page is not in the later ones. The texts are assumed.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
 */
export class Pages {
  readonly #clock: Clock;
  readonly #rests = new Map<string, Rest>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param query what the list was asked for, without the page
   * @param all every item of the list; called only for its first page
   * @throws Refusal ValidationException, InvalidToken
   */
  page<Item>({ maxResults = 0, nextToken }: PageInput, query: string, all: () => Item[]) {
    if (!Number.isInteger(maxResults) || maxResults < 0 || maxResults > maxPageSize)
      throw validationError(`Value '${maxResults}' at 'maxResults' must be from 0 to ${maxPageSize}`);
    const rest = nextToken === undefined ? all() : (this.#restOf(nextToken, query) as Item[]);
    const size = maxResults || defaultPageSize;
    const [items, others] = [rest.slice(0, size), rest.slice(size)];
    return { items, ...(others.length > 0 && { nextToken: this.#tokenFor(others, query) }) };
  }

  #restOf(token: string, query: string): unknown[] {
    const rest = this.#rests.get(token);
    if (!rest || rest.query !== query || rest.expiresAt <= this.#clock.now().getTime())
      throw stepFunctionsError('InvalidToken', `Invalid Token: '${token}'`);
    return rest.items;
  }

  #tokenFor(items: unknown[], query: string): string {
    const token = randomUUID();
    this.#rests.set(token, { items, query, expiresAt: this.#clock.now().getTime() + tokenLastsMs });
    return token;
  }
}

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
