import type { MachineEvent } from '../../emulators/step-functions/execution.ts';

/** One row of the timeline: a state, or a wait loop from its first wait to its last check. */
export interface Row {
  state: string;
  type: 'Task' | 'Choice' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  enteredAt: Date;
  exitedAt?: Date | undefined;
  /** The duration of the function, in real milliseconds, over all attempts. */
  lambdaMs: number;
  /** The errors that were retried, in order. */
  retried: string[];
  /** The error that ended the state. */
  error?: string;
  /** The next state, after a choice or an error. */
  next?: string;
  loop?: { check: string; polls: number; observed: string[] };
}

/** From one state to another. */
export interface Transition {
  from: string;
  to: string;
}

/** Makes the rows of a timeline from the events of an execution. */
export class Timeline {
  readonly rows: Row[] = [];
  /** Each transition that was taken, once. */
  readonly transitions: Transition[] = [];
  readonly #observe: () => string | undefined;
  /** The choice that follows a check. It becomes a row only if it leaves the loop. */
  #choice: Row | undefined;
  #lastError = '';
  #lastState: string | undefined;

  /** @param observe returns the last state of the resource that a wait loop waits for, such as WORKING */
  constructor(observe: () => string | undefined = () => undefined) {
    this.#observe = observe;
  }

  /** The row that has not ended. */
  get current(): Row | undefined {
    return this.#choice ?? this.rows.at(-1);
  }

  add(event: MachineEvent): void {
    switch (event.type) {
      case 'StateEntered': {
        const { name: state, type } = event.state as { name: string; type: Row['type'] };
        this.#move(state);
        this.#enter({ state, type, enteredAt: event.at, lambdaMs: 0, retried: [] });
        break;
      }
      case 'TaskAnswered':
        this.#answered(event.milliseconds);
        break;
      case 'StateFailed':
        this.#lastError = event.Error;
        break;
      case 'StateRetried':
        this.current?.retried.push(this.#lastError);
        break;
      case 'StateCaught':
        this.#end({ error: this.#lastError, next: event.catch.catcher.Next });
        break;
      case 'StateExited':
        this.#end({ exitedAt: event.at });
        break;
      case 'ExecutionFailed':
        this.#end({ error: event.Error, exitedAt: event.at });
        break;
      case 'ExecutionAborted':
      case 'ExecutionTimeout':
        this.#end({ error: event.type, exitedAt: event.at });
        break;
    }
  }

  #move(to: string): void {
    const from = this.#lastState;
    this.#lastState = to;
    const isKnown = this.transitions.some((it) => it.from === from && it.to === to);
    if (from !== undefined && !isKnown) this.transitions.push({ from, to });
  }

  #enter(row: Row): void {
    const last = this.rows.at(-1);
    if (last?.loop && this.#continues(last, last.loop, row)) return;
    const choice = this.#choice ?? (last?.type === 'Choice' ? last : undefined);
    if (choice) choice.next = row.state;
    if (this.#choice) this.rows.push(this.#choice);
    this.#choice = undefined;
    this.rows.push(row.type === 'Wait' ? { ...row, loop: { check: '', polls: 0, observed: [] } } : row);
  }

  /** Whether this state belongs to the loop: its wait, its check, or the choice between the two. */
  #continues(last: Row, loop: NonNullable<Row['loop']>, row: Row): boolean {
    if (row.type === 'Choice' && !this.#choice) {
      this.#choice = row;
      return true;
    }
    const isCheck = row.type === 'Task' && !this.#choice && ['', row.state].includes(loop.check);
    if (!isCheck && row.state !== last.state) return false;
    if (isCheck) Object.assign(loop, { check: row.state, polls: loop.polls + 1 });
    this.#choice = undefined;
    last.exitedAt = undefined;
    return true;
  }

  #answered(milliseconds: number): void {
    const row = this.current;
    if (!row) return;
    row.lambdaMs += milliseconds;
    const observed = this.#observe();
    if (observed && observed !== row.loop?.observed.at(-1)) row.loop?.observed.push(observed);
  }

  #end(end: Pick<Row, 'error' | 'next' | 'exitedAt'>): void {
    if (this.current) Object.assign(this.current, end);
  }
}
