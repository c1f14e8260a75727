import type { IpcSocketConnectOpts, TcpSocketConnectOpts } from "node:net";
import { meaningOf } from "../../src/protocol/code.ts";
import type { Call, Service } from "../stack/call.ts";
import { failed, type Outcome, refused } from "../stack/outcome.ts";
import { Sweep } from "../stack/sweep.ts";
import { AppConnection, IDEMPOTENT } from "./app-connection.ts";

/** Where the app listens: `{host, port}`, or `{path}` of a unix socket. */
export type AppAddress = Pick<TcpSocketConnectOpts, "host" | "port"> | IpcSocketConnectOpts;

export type AppClientOptions = AppAddress & {
  /** Connections to the app at a time; 1024, Envoy's default. */
  readonly maxConnections?: number;
  /** Calls that may wait for one of them; 1024, then `overflow`. */
  readonly maxWaiting?: number;
  /** 1 s, Linkerd's default: the app is on this machine, or next to it. */
  readonly connectTimeoutMs?: number;
  /** How long an unused connection is kept; 4 s, because node:http closes after 5 s, and others soon after. */
  readonly keepMs?: number;
  /** How long the body of an answer, or a tunnel, may stand still; 5 min (semantics.md). */
  readonly idleTimeoutMs?: number;
  /** Unused connections that are kept; 256. */
  readonly maxIdle?: number;
  /** Of a response head; 64 KiB and 256 fields: more than a request's, since the app is not a stranger. */
  readonly headBytes?: number;
  readonly maxFields?: number;
  /** Stands in each answer as who gave it. */
  readonly instance?: string;
  /** Allows to ask the app again for a call that a kept connection died under; asked once for each, where it is safe. */
  readonly mayAskAgain?: (call: Call) => boolean;
  readonly sweep?: Sweep;
};

export interface AppClient {
  /** Sends a call to the app. */
  readonly service: Service;
  /** Calls under way or waiting. */
  readonly busy: number;
  /** Calls that were sent once more, on a new connection, because the app had closed a kept one. */
  readonly askedAgain: number;
  /** Drops the connections at rest; those in use end after their call. */
  close(): void;
}

/** A call, and whoever waits for its outcome. */
export class Job {
  readonly call: Call;
  readonly resolve: (outcome: Outcome) => void;
  /** A kept connection died under it already. */
  retried = false;

  constructor(call: Call, resolve: (outcome: Outcome) => void) {
    this.call = call;
    this.resolve = resolve;
  }
}

/** Speaks HTTP/1.1 with the app over kept connections; the one used last is used first. */
export function appClient(options: AppClientOptions): AppClient {
  const pool = new AppPool(options);
  return {
    service: (call) => new Promise((resolve) => pool.take(new Job(call, resolve))),
    get busy() {
      return pool.busy;
    },
    get askedAgain() {
      return pool.askedAgain;
    },
    close: () => pool.close(),
  };
}

/**
 * What cannot be asked again goes only by a connection that did not rest for longer: apps close kept ones after two seconds
 * (gunicorn) or five (Node, uvicorn), and one that is busy may do so late, when the request is there already.
 */
const FRESH_MS = 1000;

export class AppPool {
  readonly address: AppAddress;
  readonly connectTimeoutMs: number;
  readonly keepMs: number;
  readonly idleTimeoutMs: number;
  readonly headBytes: number;
  readonly maxFields: number;
  readonly instance: string;
  readonly mayAskAgain: (call: Call) => boolean;
  readonly sweep: Sweep;
  /** Calls that have a connection; the connections count them. */
  active = 0;
  askedAgain = 0;
  readonly #maxConnections: number;
  readonly #maxWaiting: number;
  readonly #maxIdle: number;
  readonly #idle: AppConnection[] = [];
  readonly #waiting: Job[] = [];
  #open = 0;
  #closed = false;

  constructor(options: AppClientOptions) {
    this.address = "path" in options ? { path: options.path } : { host: options.host, port: options.port };
    this.connectTimeoutMs = options.connectTimeoutMs ?? 1000;
    this.keepMs = options.keepMs ?? 4000;
    this.idleTimeoutMs = options.idleTimeoutMs ?? 300_000;
    this.headBytes = options.headBytes ?? 64 * 1024;
    this.maxFields = options.maxFields ?? 256;
    this.instance = options.instance ?? "";
    this.mayAskAgain = options.mayAskAgain ?? (() => true);
    this.sweep = options.sweep ?? new Sweep();
    this.#maxConnections = options.maxConnections ?? 1024;
    this.#maxWaiting = options.maxWaiting ?? 1024;
    this.#maxIdle = options.maxIdle ?? 256;
  }

  get busy(): number {
    return this.active + this.#waiting.length;
  }

  get name(): string {
    return "path" in this.address ? this.address.path : `${this.address.host}:${this.address.port}`;
  }

  take(job: Job): void {
    const { call } = job;
    const kept = call.cancelled === undefined ? this.#kept(call) : undefined;
    if (kept !== undefined) kept.begin(job);
    else if (call.cancelled !== undefined)
      job.resolve(failed(call.cancelled, "no", meaningOf(call.cancelled).cause));
    else if (this.#open < this.#maxConnections) this.takeFresh(job);
    else if (this.#waiting.length < this.#maxWaiting) this.#wait(job);
    else
      job.resolve(
        refused("overflow", `${this.#waiting.length} calls wait for a connection to the app already`),
      );
  }

  /** The one that rested for the shortest time, unless that is too long for this call. */
  #kept({ head }: Call): AppConnection | undefined {
    while (this.#idle.at(-1)?.usable === false) this.#idle.pop();
    if (!IDEMPOTENT.has(head.method)) {
      const kept = this.#idle.at(-1);
      if (kept === undefined || this.sweep.now() - kept.restsSince > FRESH_MS) return undefined;
    }
    return this.#idle.pop();
  }

  /** On a new connection, because the kept ones may all have been closed by the app at the same time. */
  takeAgain(job: Job): void {
    job.retried = true;
    this.askedAgain++;
    this.takeFresh(job);
  }

  takeFresh(job: Job): void {
    this.#open++;
    new AppConnection(this).begin(job);
  }

  #wait(job: Job): void {
    // One that rested too long for this call makes room.
    this.#idle.pop()?.destroy();
    this.#waiting.push(job);
    job.call.onCancel = (code) => {
      this.#waiting.splice(this.#waiting.indexOf(job), 1);
      job.resolve(
        failed(code, "no", `${meaningOf(code).cause}; the call waited for a connection to the app`),
      );
    };
  }

  /** A connection has done its call, and can do another one. */
  release(connection: AppConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) connection.begin(next);
    else if (this.#closed || this.#idle.length >= this.#maxIdle) connection.destroy();
    else this.#idle.push(connection);
  }

  /** A connection has closed. */
  gone(connection: AppConnection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#open--;
    const next = this.#open < this.#maxConnections ? this.#waiting.shift() : undefined;
    if (next !== undefined) this.takeFresh(next);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }
}
