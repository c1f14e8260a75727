import { Agent, request } from "node:http";
import type { TestContext } from "node:test";

export interface CallEnd {
  readonly id: string;
  /** 0 when the connection to the sidecar failed. */
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
  readonly tookMs: number;
}

/** Calls without a pause, until stopped; each has an id in its path, so that the app can say what it saw. */
export class Load {
  readonly ends: CallEnd[] = [];
  readonly #agent: Agent;
  readonly #workers: Promise<void>[];
  readonly #listen: string;
  #count = 0;
  #stopped = false;

  /** @param workers how many calls are under way at a time */
  constructor(t: TestContext, listen: string, workers: number, method = "POST") {
    this.#listen = listen;
    this.#agent = new Agent({ keepAlive: true, maxSockets: workers });
    this.#workers = Array.from({ length: workers }, () => this.#work(method));
    t.after(() => {
      this.#stopped = true;
      this.#agent.destroy();
    });
  }

  /** Lets the calls under way end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  get failed(): CallEnd[] {
    return this.ends.filter(({ id, status, text }) => status !== 200 || text !== id);
  }

  async #work(method: string): Promise<void> {
    while (!this.#stopped) this.ends.push(await this.#call(method, `c${this.#count++}`));
  }

  #call(method: string, id: string): Promise<CallEnd> {
    const [host = "", port = ""] = this.#listen.split(":");
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const end = (status: number, code: string | undefined, text: string) =>
        resolve({ id, status, code, text, tookMs: performance.now() - startedAt });
      const options = {
        host,
        port,
        method,
        path: `/${id}`,
        headers: { host: "orders.mesh" },
        agent: this.#agent,
      };
      const sent = request(options, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => end(response.statusCode!, response.headers["weft-error"] as string, text));
        response.on("error", (error) => end(0, undefined, error.message));
      });
      sent.on("error", (error) => end(0, undefined, error.message));
      sent.end(method === "POST" ? id : undefined);
    });
  }
}

/** What an app has to do for `Load`, and a note of each id that it saw. */
export function answersIds() {
  const seen = new Map<string, number>();
  return {
    seen,
    /** Ids that the app saw more than once. */
    twice: () => [...seen].filter(([, times]) => times > 1).map(([id]) => id),
    handle: (request: { url?: string | undefined }, response: { end(text: string): void }) => {
      const id = (request.url ?? "").slice(1);
      seen.set(id, (seen.get(id) ?? 0) + 1);
      response.end(id);
    },
  };
}
