import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "./child.ts";
import { BrokerError } from "./failure.ts";
import { logSince, logSize } from "./log.ts";

/**
 * Has a running nats-server read its configuration and its certificates again, and waits for its verdict, which it
 * gives in its log only.
 * @throws BrokerError with its own words when it refuses: it then goes on with what it had
 */
export async function reloadChild(child: Child, logFile: string, withinMs: number): Promise<void> {
  if (process.platform === "win32")
    throw new BrokerError("nats-server cannot reload on Windows: stop it and start it again");
  const from = logSize(logFile);
  child.signal("SIGHUP");
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt) {
    const said = logSince(logFile, from);
    const refusal = /\[ERR\] Failed to reload server configuration: (.*)/.exec(said)?.[1];
    if (refusal) throw new BrokerError(`nats-server refused the new configuration: ${refusal}`);
    if (/\[INF\] Reloaded server configuration/.test(said)) return;
    await delay(10);
  }
  throw new BrokerError(
    `nats-server said nothing about the reload within ${withinMs} ms; its log: ${logFile}`,
  );
}
