import { type LookupAddress, promises } from "node:dns";
import type { BlockList } from "node:net";
import { isIP } from "node:net";
import { mayConnect } from "./addresses.ts";

/** How long an answer is good; many short ones are what DNS rebinding lives on, and a lookup costs a thread. */
const KEEP_MS = 10_000;
const MOST_KEPT = 512;
const WAIT_MS = 5000;

export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

/** As the system does it, so that hosts files and search lists count as for the app itself. */
const systemLookup: Lookup = (host) => promises.lookup(host, { all: true, verbatim: true });

export interface ResolverOptions {
  /** Monotonic, in ms. */
  readonly now: () => number;
  readonly lookup?: Lookup;
}

interface Kept {
  readonly addresses: Promise<readonly LookupAddress[]>;
  readonly until: number;
}

/**
 * Finds the addresses of hosts, once for all who ask at the same time. What it gives is what is connected to: the name is
 * not resolved again, so it cannot become another address between the look and the connection (DNS rebinding).
 */
export class Resolver {
  readonly #now: () => number;
  readonly #lookup: Lookup;
  readonly #kept = new Map<string, Kept>();

  constructor({ now, lookup = systemLookup }: ResolverOptions) {
    this.#now = now;
    this.#lookup = lookup;
  }

  /**
   * @param ranges that policy names; undefined for all public addresses
   * @returns those that may be connected to; `denied` when there are only others, `unknown` when there is none
   */
  async addresses(
    host: string,
    ranges: BlockList | undefined,
  ): Promise<readonly LookupAddress[] | "denied" | "unknown"> {
    const family = isIP(host);
    const all = family === 0 ? await this.#resolved(host) : [{ address: host, family }];
    if (all.length === 0) return "unknown";
    const allowed = all.filter(({ address }) => mayConnect(address, ranges));
    return allowed.length === 0 ? "denied" : allowed;
  }

  #resolved(host: string): Promise<readonly LookupAddress[]> {
    const known = this.#kept.get(host);
    const now = this.#now();
    if (known !== undefined && known.until > now) return known.addresses;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const addresses = within(WAIT_MS, this.#lookup(host)).catch(() => []);
    this.#kept.set(host, { addresses, until: now + KEEP_MS });
    return addresses;
  }
}

/** Gives up after a while; the lookup itself cannot be stopped. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
