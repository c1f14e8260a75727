import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { Fault } from "../fault.ts";
import { selfCommand } from "../self.ts";
import type { Done, FromPart, Wish } from "../serve-part.ts";

export interface PartOptions {
  /** The verb that runs it. */
  readonly name: "authority" | "registry" | "dashboard";
  /** Its flags, when it is to listen on a port. */
  readonly args: (port: number) => readonly string[];
  /** 0 for a free one; it keeps the one that it got. */
  readonly port: number;
  readonly logFile: string;
  readonly onEvent: (event: PartEvent) => void;
}

export type PartEvent =
  | { readonly kind: "crashed"; readonly how: string }
  | { readonly kind: "restarted"; readonly pid: number };

/** A part of the mesh in a process of its own, kept running. */
export interface Part {
  readonly url: string;
  pid(): number;
  /** @returns its answer. @throws Fault when it cannot, or does not answer */
  ask(wish: Wish): Promise<Done>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;
const DONE_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 5000;
const RESTART_FLOOR_MS = 100;
const RESTART_CAP_MS = 10_000;
/** A part that ran this long starts afresh with short pauses. */
const STEADY_MS = 60_000;
const LOG_SIZE_LIMIT = 10 << 20;

/** @throws Fault with the part's own words when the first start fails */
export async function startPart(options: PartOptions): Promise<Part> {
  const { name, onEvent } = options;
  let running = await launch(options, options.port);
  const { url } = running;
  const port = Number(new URL(url).port);
  let stopping = false;
  let wake = () => {};
  let crashes = 0;

  const watch = async (): Promise<void> => {
    for (;;) {
      const since = performance.now();
      const how = await running.ended;
      if (stopping) return;
      if (performance.now() - since > STEADY_MS) crashes = 0;
      onEvent({ kind: "crashed", how });
      for (let up = false; !up && !stopping; ) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(RESTART_CAP_MS, RESTART_FLOOR_MS * 2 ** crashes++));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        if (stopping) return;
        up = await launch(options, port).then(
          (fresh) => {
            running = fresh;
            return true;
          },
          (error: Error) => {
            onEvent({ kind: "crashed", how: error.message });
            return false;
          },
        );
      }
      if (stopping) running.end();
      else onEvent({ kind: "restarted", pid: running.pid });
    }
  };
  const watched = watch();

  return {
    url,
    pid: () => running.pid,
    ask: (wish) => running.ask(wish),
    async stop() {
      stopping = true;
      wake();
      running.end();
      await watched;
      await running.ended;
    },
  };

  async function launch(of: PartOptions, onPort: number): Promise<Launched> {
    const log = openLog(of.logFile);
    const [command, ...args] = [...selfCommand(), name, ...of.args(onPort)];
    const child = spawn(command!, args, { stdio: ["ignore", "ignore", log, "ipc"] });
    closeSync(log);
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) =>
        resolve(signal ? `ended by ${signal}` : `ended with code ${code}`),
      );
    });
    const end = () => endChild(child, ended);
    const ask = async (wish: Wish): Promise<Done> => {
      const done = await asked(child, ended, wish);
      if (done.problem === undefined) return done;
      throw new Fault(
        `the ${name} did not do what it was asked (${wish}): ${done.problem}`,
        `see its log, ${of.logFile}`,
      );
    };
    const said = await firstWord(child, ended);
    if (said.kind === "ready") return { url: said.url, pid: child.pid!, ended, ask, end };
    end();
    if (said.kind !== "failed") throw new Error(`the ${name} said ${said.kind} first`);
    throw new Fault(
      `the ${name} does not start: ${said.message.replace(`the ${name} does not start: `, "")}`,
      said.cure ?? `weft up tells it its port with --${name}-port; its log is ${of.logFile}`,
    );
  }
}

interface Launched {
  readonly url: string;
  readonly pid: number;
  /** Resolves with how. */
  readonly ended: Promise<string>;
  ask(wish: Wish): Promise<Done>;
  end(): void;
}

/** A part ends when its channel closes, so it also does when this process is killed. */
function endChild(child: ChildProcess, ended: Promise<string>): void {
  if (child.connected) child.disconnect();
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  void ended.then(() => clearTimeout(force));
}

/** One that ends meanwhile reads its files anew when it starts again: that is no problem. */
function asked(child: ChildProcess, ended: Promise<string>, wish: Wish): Promise<Done> {
  return new Promise((resolve) => {
    const problem = `it has not answered after ${DONE_WITHIN_MS / 1000} s`;
    const late = setTimeout(() => settle({ kind: "done", wish, problem }), DONE_WITHIN_MS);
    const settle = (done: Done) => {
      clearTimeout(late);
      child.off("message", hear);
      resolve(done);
    };
    const hear = (message: FromPart) => {
      if (message.kind === "done" && message.wish === wish) settle(message);
    };
    child.on("message", hear as (message: unknown) => void);
    if (child.connected) child.send(wish, () => {});
    void ended.then(() => settle({ kind: "done", wish }));
  });
}

function firstWord(child: ChildProcess, ended: Promise<string>): Promise<FromPart> {
  return new Promise((resolve) => {
    const late = setTimeout(
      () => resolve({ kind: "failed", message: `it is not ready after ${READY_WITHIN_MS / 1000} s` }),
      READY_WITHIN_MS,
    );
    child.once("message", (message) => {
      clearTimeout(late);
      resolve(message as FromPart);
    });
    void ended.then((how) => {
      clearTimeout(late);
      resolve({ kind: "failed", message: `its process ${how}` });
    });
  });
}

function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_SIZE_LIMIT)
    renameSync(file, `${file}.old`);
  return openSync(file, "a", 0o600);
}
