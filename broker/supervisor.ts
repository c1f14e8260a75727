import { type Child, type ChildFiles, type Ended, startChild } from "./child.ts";
import { BrokerError } from "./failure.ts";
import { lastError, logSince, logSize } from "./log.ts";

export type BrokerEvent =
  | { kind: "stopped-left-behind"; pid: number }
  /** With what its log says of the reason; empty when a signal ended it, or it did not say. */
  | { kind: "crashed"; how: string; lastWords: string }
  | { kind: "restarted"; pid: number }
  | { kind: "gave-up"; error: BrokerError };

export type Patience = {
  /** From the start of the process to its first greeting. */
  readyWithinMs: number;
  /** From SIGTERM to SIGKILL. */
  stopWithinMs: number;
  /** Pause before the first restart; it doubles with each further crash. */
  restartAfterMs: number;
  /** So many crashes … */
  crashes: number;
  /** … within this time are too many. */
  crashesWithinMs: number;
};

export type SupervisorOptions = {
  server: string;
  files: ChildFiles;
  place: { host: string; port: number };
  patience: Patience;
  onEvent: (event: BrokerEvent) => void;
  spawned: (pid: number) => void;
};

interface Asked {
  readonly done: () => void;
  readonly failed: (error: BrokerError) => void;
}

/** Keeps one nats-server running until it is told to stop, or until it crashes too often. */
export class Supervisor {
  readonly exited: Promise<void>;
  readonly #options: SupervisorOptions;
  #child: Child | undefined;
  #stopping = false;
  /** Called with how a restart that was asked for ended. */
  #asked: Asked | undefined;
  #crashedAt: number[] = [];
  #wake: () => void = () => {};
  #settle!: { resolve: () => void; reject: (error: BrokerError) => void };

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.exited = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.exited.catch(() => {}); // whoever does not ask is not bothered; the event tells too
  }

  get child(): Child {
    if (!this.#child) throw new BrokerError("the broker has not been started");
    return this.#child;
  }

  /** @throws BrokerError when the first start fails: that is not retried */
  async start(): Promise<void> {
    process.once("exit", this.#killAtExit);
    try {
      this.#child = await this.#launch();
    } catch (error) {
      process.off("exit", this.#killAtExit);
      throw error;
    }
    void this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    this.#child?.signal("SIGTERM");
    const force = setTimeout(() => this.#child?.signal("SIGKILL"), this.#options.patience.stopWithinMs);
    await this.exited.catch(() => {}); // it had already given up: there is nothing left to stop
    clearTimeout(force);
  }

  /**
   * Ends the server and starts it again at once, as new settings may need it; that is no crash.
   * @throws BrokerError when it does not come up again; it is tried on and on then, as after a crash
   */
  restart(): Promise<void> {
    return new Promise((done, failed) => {
      this.#asked = { done, failed };
      this.child.signal("SIGTERM");
    });
  }

  #launch(): Promise<Child> {
    const { server, files, place, patience, spawned } = this.#options;
    return startChild(server, files, place, { readyWithinMs: patience.readyWithinMs, spawned });
  }

  /** A stop while a restart is under way is seen on the next turn: the new server is told to end, and awaited here. */
  async #watch(): Promise<void> {
    const { files, onEvent } = this.#options;
    for (;;) {
      const logStart = logSize(files.logFile);
      const ended = await this.child.ended;
      if (this.#stopping) break;
      if (this.#asked) {
        if (await this.#restartAsAsked(this.#asked)) continue;
      } else this.#crash(how(ended), ended.signal ? "" : lastError(logSince(files.logFile, logStart)));
      const error = await this.#restart();
      if (error) {
        onEvent({ kind: "gave-up", error });
        process.off("exit", this.#killAtExit);
        return this.#settle.reject(error);
      }
    }
    process.off("exit", this.#killAtExit);
    this.#settle.resolve();
  }

  async #restartAsAsked({ done, failed }: Asked): Promise<boolean> {
    this.#asked = undefined;
    try {
      this.#child = await this.#launch();
    } catch (error) {
      this.#crash("it did not start again", (error as Error).message);
      failed(error as BrokerError);
      return false;
    }
    this.#options.onEvent({ kind: "restarted", pid: this.#child.pid });
    done();
    if (this.#stopping) this.#child.signal("SIGTERM");
    return true;
  }

  /** Tries until it runs, or nobody wants it any more. Returns the error when it has crashed too often. */
  async #restart(): Promise<BrokerError | undefined> {
    const { patience, onEvent, files } = this.#options;
    for (let why = "it kept crashing"; !this.#stopping; ) {
      if (this.#crashedAt.length >= patience.crashes)
        return new BrokerError(
          `nats-server crashed ${patience.crashes} times within ${patience.crashesWithinMs / 1000} s and is not started again: ${why}\nthe whole log: ${files.logFile}`,
        );
      await this.#pause(patience.restartAfterMs * 2 ** (this.#crashedAt.length - 1));
      if (this.#stopping) return undefined;
      try {
        this.#child = await this.#launch();
        onEvent({ kind: "restarted", pid: this.#child.pid });
        if (this.#stopping) this.#child.signal("SIGTERM");
        return undefined;
      } catch (error) {
        why = (error as Error).message;
        this.#crash("it did not start again", why);
      }
    }
    return undefined;
  }

  #crash(how: string, words: string): void {
    const now = performance.now();
    this.#crashedAt = [
      ...this.#crashedAt.filter((at) => now - at < this.#options.patience.crashesWithinMs),
      now,
    ];
    this.#options.onEvent({ kind: "crashed", how, lastWords: words });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** When Weft ends without having stopped it, by a bug, the server must not stay. */
  readonly #killAtExit = (): void => this.#child?.signal("SIGTERM");
}

function how({ code, signal }: Ended): string {
  return signal ? `ended by ${signal}` : `ended with code ${code}`;
}
