import assert from "node:assert/strict";
import { Agent } from "node:http";
import type { TestContext } from "node:test";

/** Makes many calls, some at a time, on connections that stay open. */
export async function crowd<T>(
  t: TestContext,
  times: number,
  call: (i: number, agent: Agent) => Promise<T>,
  workers = 8,
): Promise<T[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: workers });
  t.after(() => agent.destroy());
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    for (let i = next++; i < times; i = next++) results[i] = await call(i, agent);
  };
  await Promise.all(Array.from({ length: workers }, work));
  agent.destroy();
  return results;
}

/** Five standard deviations of the binomial distribution either way: by chance alone it fails once in two million runs. */
export function assertShare(count: number, of: number, share: number): void {
  const expected = of * share;
  const allowed = 5 * Math.sqrt(of * share * (1 - share));
  assert.ok(
    Math.abs(count - expected) <= allowed,
    `${count} of ${of} were met, where ${expected} ± ${Math.round(allowed)} are right`,
  );
}
