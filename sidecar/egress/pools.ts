import { type AppClient, appClient } from "../http/app-client.ts";
import type { Sweep } from "../stack/sweep.ts";
import { type Outside, shown } from "./rules.ts";

const MOST_POOLS = 64;
/** Not on this machine, as an app is. */
const CONNECT_TIMEOUT_MS = 5000;
const MOST_CONNECTIONS = 256;

/** Kept connections to hosts outside, each to an address that was looked at before it was connected to. */
export class Pools {
  readonly #pools = new Map<string, AppClient>();
  readonly #sweep: Sweep;
  readonly #idleTimeoutMs: number;

  constructor(sweep: Sweep, idleTimeoutMs: number) {
    this.#sweep = sweep;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  of(to: Outside, address: string): AppClient {
    const { host, port } = to;
    const key = `${host} ${address} ${port}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#pools;
    if (oldest !== undefined && this.#pools.size >= MOST_POOLS) {
      oldest[1].close();
      this.#pools.delete(oldest[0]);
    }
    const pool = appClient({
      ...{ host: address, port, sweep: this.#sweep, idleTimeoutMs: this.#idleTimeoutMs },
      ...{ connectTimeoutMs: CONNECT_TIMEOUT_MS, maxConnections: MOST_CONNECTIONS },
      instance: shown(to),
    });
    this.#pools.set(key, pool);
    return pool;
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}
