import { pino } from "pino";

/** Where lines go; each ends with its line feed. */
export interface Lines {
  write(line: string): void;
  /** Hands on what is still held back. */
  flush(): void;
}

const GATHERED = 32 * 1024;
const WAIT_MS = 1000;
/** What a reader that stands still may make us hold; further lines are lost, and counted. */
const MOST_WAITING = 4 << 20;

/**
 * Lines to a stream of this process, many in one write: a system call for each would cost more than the line. pino's
 * destination writes (it goes on after a part of a write, waits for a pipe that is full, and writes the rest at the end of
 * the process), but gathers nothing: for each string it measures all that it holds, which took 5 µs a line.
 * @param lost makes the line that tells how many were lost
 */
export function linesTo(stream: "stdout" | "stderr", lost: (count: number) => string): Lines {
  const out = pino.destination({
    dest: stream === "stdout" ? 1 : 2,
    ...{ sync: false, contentMode: "buffer", maxLength: MOST_WAITING },
  });
  let [text, count, dropped] = ["", 0, 0];
  let timer: NodeJS.Timeout | undefined;
  out.on("drop", () => {
    dropped += count;
  });
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (text === "") return;
    // Typed for strings alone; in this mode it takes nothing else than bytes.
    const write = out.write as unknown as (bytes: Buffer) => boolean;
    const before = dropped;
    write.call(out, Buffer.from(text));
    [text, count] = ["", 0];
    if (before > 0 && dropped === before) {
      text = lost(dropped);
      dropped = 0;
    }
  };
  return {
    write(line) {
      text += line;
      count++;
      if (text.length >= GATHERED) flush();
      else timer ??= setTimeout(flush, WAIT_MS).unref();
    },
    flush,
  };
}
