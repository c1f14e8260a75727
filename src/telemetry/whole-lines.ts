import { pino } from "pino";

/** What a reader that stands still may make us hold; further lines are lost, and counted. */
const MOST_WAITING = 4 << 20;

/**
 * Writes lines to a stream of this process, each in whole or not at all. pino's destination does it (it goes on after a part
 * of a write, waits for a pipe that is full, and writes the rest at the end of the process), but should be given many
 * at once: for each string it measures all that it holds, which took 5 µs a line.
 * @param lost makes the line that tells how many were lost
 * @returns takes so many lines, each with its line feed
 */
export function wholeLines(
  stream: "stdout" | "stderr",
  lost: (count: number) => string,
): (lines: Buffer, count: number) => void {
  const out = pino.destination({
    dest: stream === "stdout" ? 1 : 2,
    ...{ sync: false, contentMode: "buffer", maxLength: MOST_WAITING },
  });
  // Typed for strings alone; in this mode it takes nothing else than bytes.
  const write = out.write.bind(out) as unknown as (bytes: Buffer) => boolean;
  let [dropped, isDropped] = [0, false];
  out.on("drop", () => {
    isDropped = true;
  });
  return (lines, count) => {
    isDropped = false;
    write(dropped > 0 ? Buffer.concat([Buffer.from(lost(dropped)), lines]) : lines);
    dropped = isDropped ? dropped + count : 0;
  };
}
