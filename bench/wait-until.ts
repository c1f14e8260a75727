import { setTimeout as delay } from "node:timers/promises";
import { BenchError } from "./processes.ts";

const WITHIN_MS = 20_000;
const EVERY_MS = 20;

/**
 * Tries again and again until nothing is missing.
 * @param missing what is missing still; undefined when nothing is
 * @throws BenchError with what is missing still after 20 s
 */
export async function waitUntil(
  what: string,
  missing: () => Promise<string | undefined>,
  everyMs = EVERY_MS,
): Promise<void> {
  const endsAt = performance.now() + WITHIN_MS;
  for (;;) {
    const still = await missing();
    if (still === undefined) return;
    if (performance.now() > endsAt)
      throw new BenchError(`waited ${WITHIN_MS / 1000} s for ${what}, and still: ${still}`);
    await delay(everyMs);
  }
}
