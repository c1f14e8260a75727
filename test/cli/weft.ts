import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM } from "../support/program.ts";
import { newestServer } from "../support/servers.ts";
import { removeFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

/** A dashboard more for each mesh is a process that hardly a test looks at. */
export const FREE_PORTS = [
  ...["broker", "authority", "registry"].flatMap((part) => [`--${part}-port`, "0"]),
  "--no-dashboard",
];

/** Whole programs start and stop here, on a machine that may be busy. */
export const soon = <T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> =>
  until(condition, { withinMs: 20_000 });

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `weft` that runs. */
export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its line that begins with `ready`, or its object that does. */
  readonly ready: string;
  stdout(): string;
  stderr(): string;
  readonly done: Promise<Done>;
  end(signal?: NodeJS.Signals): Promise<Done>;
}

/** The program as a user has it, with a state folder of its own. */
export class Weft {
  readonly folder = mkdtempSync(join(tmpdir(), "weft-test-cli-"));
  readonly state = join(this.folder, "state");
  readonly env: NodeJS.ProcessEnv;
  readonly #running: Running[] = [];

  constructor(env: NodeJS.ProcessEnv = {}) {
    const { WEFT_TOKEN: _, ...inherited } = process.env;
    const server = { WEFT_NATS_SERVER: newestServer().path };
    this.env = { ...inherited, WEFT_STATE: this.state, NO_COLOR: "1", ...server, ...env };
  }

  /** Runs it to its end. */
  async run(args: readonly string[], stdin = ""): Promise<Done> {
    const running = await this.spawn(args);
    running.child.stdin!.end(stdin);
    return running.done;
  }

  /** Starts it and waits until it is ready. */
  async start(args: readonly string[]): Promise<Running> {
    const running = await this.spawn(args);
    const line = () =>
      `${running.stdout()}\n${running.stderr()}`
        .split("\n")
        .find((text) => /^(?:ready|\{"ready":true)/.test(text));
    const ready = await until(
      () => {
        if (running.child.exitCode !== null)
          throw new Error(`weft ${args.join(" ")} ended: ${running.stderr()}`);
        return line();
      },
      { withinMs: 20_000, what: `weft ${args.join(" ")} to be ready` },
    );
    return { ...running, ready };
  }

  async spawn(args: readonly string[]): Promise<Running> {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: this.env, cwd: this.folder });
    child.stdin.on("error", () => {}); // it may end without having read it
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
      });
    const done = new Promise<Done>((resolve) => child.once("close", (code) => resolve({ code, ...said })));
    const running: Running = {
      ...{ pid: child.pid!, child, ready: "", done },
      stdout: () => said.stdout,
      stderr: () => said.stderr,
      end(signal = "SIGTERM") {
        child.kill(signal);
        return done;
      },
    };
    this.#running.push(running);
    return running;
  }

  async close(): Promise<void> {
    for (const running of this.#running.reverse()) if (running.child.exitCode === null) await running.end();
    removeFolder(this.folder);
  }
}

/** A command that serves HTTP on $PORT with a line of JavaScript: `(q, r) => …`. */
export const app = (handler: string, more = ""): string[] => [
  process.execPath,
  "-e",
  `const app = require("node:http").createServer(${handler}).listen(process.env.PORT, "127.0.0.1"); ${more}`,
];

export const proxyOf = (ready: string): string => /proxy=http:\/\/(\S+)/.exec(ready)![1]!;

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
