import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `condition` gives something truthy, and hands it back.
 * @param withinMs how long to wait, 5 s by default
 * @throws Error that says what was waited for
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 5000, what = condition.toString() }: { withinMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    if (performance.now() > endsAt) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await delay(10);
  }
}
