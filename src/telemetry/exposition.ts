import { Registry } from "prom-client";
import type { Family } from "./family.ts";

/*
 * Loaded at the first scrape. A file of its own, because a bundle hands a CommonJS package to `import()` without its
 * names; a static import has them.
 */

/** The text exposition of these families, read anew at each scrape. */
export function expositionOf(families: readonly Family[]): { metrics(): Promise<string> } {
  const registry = new Registry();
  for (const { name, help, type, read } of families) {
    const metric = { name, help, type, get: async () => ({ name, help, type, values: [...read()] }) };
    // A registry only calls `get` and reads `name`; its declared type asks for one of prom-client's own classes.
    registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  }
  return registry;
}
