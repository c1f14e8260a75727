import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Streamed bytes between two collections; about four times as many bytes of buffers have died by then. */
const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

let streamedBytes = 0;
let collect: (() => void) | undefined;

/**
 * Called for each part of a body that streams through. V8 sees only the small objects in front of buffers, and lets
 * tens of MiB of dead ones pile up before it collects by itself; a young collection, which takes about a millisecond,
 * every few MiB keeps a sidecar small however much flows. Small calls never get here.
 */
export function bufferDied(bytes: number): void {
  streamedBytes += bytes;
  if (streamedBytes < COLLECT_EVERY_BYTES) return;
  streamedBytes = 0;
  collect ??= youngCollection();
  collect();
}

function youngCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: { type: "minor" }) => void;
  return () => gc({ type: "minor" });
}
