import { PolicyRefused, PrerequisitesNotMet, PrivateLinkFailed } from '../errors.ts';
import { type Check, checkIds } from './checks.ts';

/** What is known about one check. `unmet`: complaints, each with its remedy; none: it is met. */
export interface Finding {
  unmet: string[];
  /** Why the check could not be made. */
  unknown?: string;
}

/** What becomes of an error while a check is made. */
export interface Judge {
  /** Whether checks are also made that a run leaves to its later states. */
  isThorough: boolean;
  /** Why a check could not be made; undefined if the error says something else. */
  whyUnknown(error: unknown, check: Check): string | undefined;
  /** What is not met; undefined if the error ends everything. */
  complaintOf(error: unknown): string | undefined;
}

/** In a run, an error that isn't a complaint ends the state, which the machine may retry. */
const ofRun: Judge = {
  isThorough: false,
  whyUnknown: () => undefined,
  complaintOf: (error) =>
    error instanceof PrerequisitesNotMet || error instanceof PrivateLinkFailed || error instanceof PolicyRefused
      ? error.message
      : undefined,
};

/** Collects what checks find. */
export class Findings {
  readonly #judge: Judge;
  readonly #found = new Map<Check, Finding>();

  constructor(judge = ofRun) {
    this.#judge = judge;
  }

  get isThorough(): boolean {
    return this.#judge.isThorough;
  }

  of(check: Check): Finding | undefined {
    return this.#found.get(check);
  }

  /** All complaints, in the order of the checks. */
  get unmet(): string[] {
    return checkIds.flatMap((check) => this.#found.get(check)?.unmet ?? []);
  }

  /** A check that was made is met unless there is a complaint, here or before. */
  report(check: Check, ...complaints: (string | false | undefined)[]): void {
    const found = this.#found.get(check);
    if (found?.unknown !== undefined) return;
    const sentences = complaints.filter((complaint) => typeof complaint === 'string');
    this.#found.set(check, { unmet: [...(found?.unmet ?? []), ...sentences] });
  }

  /**
   * Reads what checks need.
   *
   * @param all the checks that cannot be made without it. A complaint is about the first one
   * @param complaintOf about an error that usually isn't a complaint
   * @returns undefined if there was an error, which is a finding now
   * @throws the error if it is neither a complaint nor a reason why the checks could not be made
   */
  async look<Value>(
    all: Check | [Check, ...Check[]],
    read: () => Promise<Value>,
    complaintOf: (error: unknown) => string | undefined = () => undefined,
  ): Promise<Value | undefined> {
    const [first, ...others] = [all].flat() as [Check, ...Check[]];
    try {
      return await read();
    } catch (error) {
      const unknown = this.#judge.whyUnknown(error, first);
      const complaint = complaintOf(error) ?? this.#judge.complaintOf(error);
      if (unknown !== undefined) for (const check of [first, ...others]) this.#found.set(check, { unmet: [], unknown });
      else if (complaint !== undefined) this.report(first, complaint);
      else throw error;
      return undefined;
    }
  }
}
