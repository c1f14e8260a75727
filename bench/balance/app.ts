import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface AppOptions {
  /** One for each instance. */
  readonly ports: readonly number[];
}

/** How an instance answers its calls from now on. */
export interface Behaviour {
  /** Work that each call takes. */
  readonly workMs: number;
  /** Anything but 200 is answered at once. */
  readonly status: number;
}

/** Asked of the app itself, past the mesh; the answer is how many calls the instance had since it was last asked. */
export const BEHAVE_PATH = "/behave?";

/** Calls that an instance works on at once; more wait for their turn. */
export const WORKERS = 8;

/** The instances of one service, in one process: they wait for most of the time. */
export async function balanceAppRole({ ports }: AppOptions, say: (line: object) => void): Promise<void> {
  await Promise.all(
    ports.map((port) => {
      const instance = new Instance();
      const server = createServer((request, response) => instance.serve(request, response));
      return new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    }),
  );
  say({ ready: true });
  await new Promise(() => {});
}

class Instance {
  #behaviour: Behaviour = { workMs: 0, status: 200 };
  #calls = 0;
  #working = 0;
  readonly #waiting = new Set<ServerResponse>();

  serve({ url = "" }: IncomingMessage, response: ServerResponse): void {
    if (url.startsWith(BEHAVE_PATH)) {
      this.#behaviour = JSON.parse(decodeURIComponent(url.slice(BEHAVE_PATH.length))) as Behaviour;
      answer(response, 200, String(this.#calls));
      this.#calls = 0;
      return;
    }
    this.#calls++;
    if (this.#behaviour.status !== 200) {
      answer(response, this.#behaviour.status);
      return;
    }
    // Whoever was left by its caller before it was its turn takes no turn.
    response.once("close", () => this.#waiting.delete(response));
    this.#waiting.add(response);
    this.#next();
  }

  #next(): void {
    if (this.#working === WORKERS) return;
    const [response] = this.#waiting;
    if (response === undefined) return;
    this.#waiting.delete(response);
    this.#working++;
    setTimeout(() => {
      this.#working--;
      answer(response, 200);
      this.#next();
    }, this.#behaviour.workMs);
  }
}

const answer = (response: ServerResponse, status: number, text = ""): void =>
  void response.writeHead(status, { "content-length": text.length }).end(text);
