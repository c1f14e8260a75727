import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes of a log that are taken along. */
const TAIL_BYTES = 512 * 1024;

/** The last lines of a file. A line that was cut is left out: half a secret would not be known as one. */
export function tail(file: string, bytes = TAIL_BYTES): string {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - bytes);
    const data = Buffer.alloc(size - from);
    const read = readSync(fd, data, 0, data.length, from);
    const text = data.subarray(0, read).toString();
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(fd);
  }
}
