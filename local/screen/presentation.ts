import type { Cloud } from '../../emulators/cloud.ts';
import { factsOf } from './facts.ts';
import type { Beginning, Report } from './report.ts';
import { formatReport } from './report-format.ts';
import { liveScreen, type Output, plainScreen, type Screen } from './screen.ts';
import { coloured, columnsOf, type Layout, plain, type Style, wrap } from './text.ts';
import type { Timeline } from './timeline.ts';
import { formatHeader, formatRow } from './timeline-format.ts';

/** Shows a run while it is running, and a summary at its end. */
export class Presentation {
  readonly #output: Output;
  readonly #style: Style;
  readonly #screen: Screen;
  #cloud: Cloud | undefined;
  #timeline: Timeline | undefined;
  #printed = 0;

  /** @param isLive whether the last line can be redrawn: only on a terminal */
  constructor(output: Output, { isLive, isColoured }: { isLive: boolean; isColoured: boolean }) {
    this.#output = output;
    this.#style = isColoured ? coloured : plain;
    this.#screen = isLive ? liveScreen(output, (spinner) => this.#lastRow(spinner)) : plainScreen(output);
  }

  begin(cloud: Cloud, beginning: Beginning): void {
    this.#cloud = cloud;
    this.#print(this.#style('bold', 'msk-atlas-privatelink, run locally'), '');
    for (const [name, text] of factsOf(beginning)) {
      const [first = '', ...others] = wrap(text, this.#layout.columns - 16);
      this.#print(
        `  ${this.#style('dim', name.padEnd(10))}${first}`,
        ...others.map((line) => `${' '.repeat(12)}${line}`),
      );
    }
    this.#print('');
  }

  update(timeline: Timeline): void {
    this.#timeline = timeline;
    this.#printRows(timeline.rows.length - 1);
  }

  end(report: Report): void {
    this.#printRows(Number.POSITIVE_INFINITY);
    this.close();
    this.#print(...formatReport(report, this.#layout));
  }

  /** Restores the terminal. */
  close(): void {
    this.#screen.close();
  }

  #printRows(upTo: number): void {
    if (this.#printed === 0 && upTo > 0) this.#print(this.#style('dim', formatHeader(this.#layout)));
    const rows = this.#timeline?.rows ?? [];
    for (; this.#printed < Math.min(rows.length, upTo); this.#printed += 1) this.#print(...this.#row(this.#printed));
  }

  /** The row that has not ended, with a spinner as its mark. */
  #lastRow(spinner: string): string | undefined {
    const last = (this.#timeline?.rows.length ?? 0) - 1;
    return last >= this.#printed ? this.#row(last, this.#style('cyan', spinner))[0] : undefined;
  }

  #row(index: number, mark?: string): string[] {
    const [first, row] = [this.#timeline?.rows[0], this.#timeline?.rows[index]];
    if (!first || !row || !this.#cloud) return [];
    return formatRow(row, first.enteredAt, this.#cloud.clock.now(), this.#layout, mark);
  }

  /** The width of a terminal can change at any time. */
  get #layout(): Layout {
    return { style: this.#style, columns: columnsOf(this.#output) };
  }

  #print(...lines: string[]): void {
    for (const line of lines) this.#screen.print(line);
  }
}
