import { painter } from "../cli/terminal.ts";

/** How the demo looks. */
export interface Show {
  title(text: string): void;
  /** Begins a chapter. */
  step(text: string): void;
  line(text: string): void;
  /** A call and its answer, on one line each. */
  call(request: string, status: number, answer: string): void;
  /** Text that is its own: a table, a body. */
  block(text: string): void;
}

export function createShow(out: NodeJS.WriteStream): Show {
  const paint = painter(out);
  let steps = 0;
  const write = (text: string) => void out.write(`${text}\n`);
  return {
    title: (text) => write(paint("bold", text)),
    step: (text) => write(`\n${paint("cyan", `${++steps}.`)} ${paint("bold", text)}`),
    line: (text) => write(`   ${text}`),
    call(request, status, answer) {
      write(`   ${paint("dim", request)}`);
      write(`   ${paint(status < 400 ? "green" : "yellow", String(status))} ${answer}`);
    },
    block: (text) => write(text.trimEnd().replace(/^/gm, "   ")),
  };
}
