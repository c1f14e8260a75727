import { Agent } from "node:http";
import type { TestContext } from "node:test";
import { type Asked, ask } from "../../support/ask.ts";

/** How a call ended that was offered. */
export interface OfferedEnd {
  readonly id: string;
  readonly method: string;
  /** 0 when the connection to the sidecar failed. */
  readonly status: number;
  /** The mesh's, when it answered by itself. */
  readonly code: string | undefined;
  readonly headers: Asked["headers"];
  readonly text: string;
  /** In ms of the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface OfferOptions {
  readonly perSecond: number;
  /** Of the i-th call. */
  readonly method?: (i: number) => string;
  readonly headers?: Readonly<Record<string, string>>;
  /** First part of each id, and what its path begins with. */
  readonly prefix?: string;
  readonly host?: string;
  /** So many are under way at once at most: a machine that is too slow for the rate is offered less. */
  readonly mostUnderWay?: number;
}

const TICK_MS = 5;
/** After a pause of this process no more than this is made up for: that would be a burst that nobody asked for. */
const MOST_LATE_MS = 100;

/**
 * Offers calls at a rate, whatever becomes of those before them, as many users together do. Each has an id in its path,
 * and a POST has it as its body.
 */
export class Offered {
  readonly ends: OfferedEnd[] = [];
  readonly #options: OfferOptions;
  readonly #listens: readonly string[];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timer: NodeJS.Timeout;
  readonly #under = new Set<Promise<void>>();
  #count = 0;
  #due = 0;
  #at = performance.now();

  /** @param listens the callers' sidecars, each of which makes an equal part of the calls */
  constructor(t: TestContext, listens: readonly string[], options: OfferOptions) {
    this.#listens = listens;
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    t.after(() => {
      clearInterval(this.#timer);
      this.#agent.destroy();
    });
  }

  get count(): number {
    return this.#count;
  }

  /** Offers no more, and waits for those that are under way. */
  async stop(): Promise<readonly OfferedEnd[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#under);
    this.#agent.destroy();
    return this.ends;
  }

  #tick(): void {
    const now = performance.now();
    this.#due += (Math.min(now - this.#at, MOST_LATE_MS) / 1000) * this.#options.perSecond;
    this.#at = now;
    const { mostUnderWay = Number.POSITIVE_INFINITY } = this.#options;
    for (; this.#due >= 1; this.#due--) {
      if (this.#under.size >= mostUnderWay) continue;
      const call = this.#call(this.#count++).then(() => void this.#under.delete(call));
      this.#under.add(call);
    }
  }

  async #call(i: number): Promise<void> {
    const {
      prefix = "c",
      host = "orders.mesh",
      headers = {},
      method: methodOf = () => "GET",
    } = this.#options;
    const id = `${prefix}${i}`;
    const method = methodOf(i);
    const listen = this.#listens[i % this.#listens.length]!;
    const startedAt = performance.now();
    const body = method === "POST" || method === "PUT" ? id : "";
    const answer = await ask(listen, host, `/${id}`, { method, headers, body, agent: this.#agent }).catch(
      (error: Error): Asked => ({ status: 0, headers: {}, rawHeaders: [], text: error.message }),
    );
    const { status, text } = answer;
    const code = answer.headers["weft-error"] as string | undefined;
    this.ends.push({
      id,
      method,
      status,
      code,
      headers: answer.headers,
      text,
      startedAt,
      endedAt: performance.now(),
    });
  }
}

export const isGood = ({ status, id, text, method }: OfferedEnd): boolean =>
  status === 200 && (method === "HEAD" || text === id);

/** How many ended in each way: `200`, `503 overloaded`, … */
export function waysOf(ends: readonly OfferedEnd[]): Record<string, number> {
  const ways: Record<string, number> = {};
  for (const { status, code } of ends) {
    const way = code === undefined ? String(status) : `${status} ${code}`;
    ways[way] = (ways[way] ?? 0) + 1;
  }
  return ways;
}
