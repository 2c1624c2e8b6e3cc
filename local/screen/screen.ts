import { stripVTControlCharacters } from 'node:util';

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseLine = '\r\u001b[2K';

export interface Output {
  write(text: string): unknown;
  columns?: number;
}

/** Prints lines and, on a terminal, redraws a live line below them. */
export interface Screen {
  print(line: string): void;
  close(): void;
}

export function plainScreen(output: Output): Screen {
  return { print: (line) => output.write(`${line}\n`), close: () => {} };
}

/** @param render makes the live line with this frame of the spinner; undefined if there is no live line */
export function liveScreen(output: Output, render: (spin: string) => string | undefined): Screen {
  let frame = 0;
  let isClosed = false;
  const draw = () => {
    const line = render(spinner[frame % spinner.length] ?? '');
    output.write(`${eraseLine}${line === undefined ? '' : fit(line, output.columns || 80)}`);
  };
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, frameMs);
  output.write(hideCursor);
  return {
    print: (line) => {
      output.write(isClosed ? `${line}\n` : `${eraseLine}${line}\n`);
      if (!isClosed) draw();
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      output.write(`${eraseLine}${showCursor}`);
    },
  };
}

/** Cuts a line that is too long, because a wrapped line cannot be erased. The cut line loses its colours. */
function fit(line: string, columns: number): string {
  const text = stripVTControlCharacters(line);
  return text.length < columns ? line : text.slice(0, columns - 1);
}
