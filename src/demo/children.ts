import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Fault } from "../cli/fault.ts";
import { selfCommand } from "../cli/self.ts";

const READY_WITHIN_MS = 60_000;
const END_WITHIN_MS = 20_000;

/** A `weft …` that was started and is ready. */
export interface Child {
  /** Its line that begins with `ready`. */
  readonly ready: string;
  end(): Promise<void>;
}

/** Starts `weft` commands as a user would, and ends them all, the last first. */
export class Children {
  readonly #running: { child: ChildProcess; ended: Promise<unknown> }[] = [];
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /**
   * @param line told each line that it prints
   * @throws Fault with its own words when it ends instead
   */
  async start(args: readonly string[], line: (text: string) => void = () => {}): Promise<Child> {
    const [command, ...rest] = [...selfCommand(), ...args];
    // Its own group, so that a Ctrl-C reaches the demo alone; the channel closes when the demo ends, however it does.
    const child = spawn(command!, rest, {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: process.platform !== "win32",
    });
    const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    const one = { child, ended };
    this.#running.push(one);
    const said: string[] = [];
    const ready = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) =>
        reject(
          new Fault(
            `weft ${args.slice(0, 2).join(" ")} ${why}:\n${said.slice(-5).join("\n")}`,
            "mend what it names, then start the demo again",
          ),
        );
      const late = setTimeout(() => fail(`is not ready after ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
      void ended.then(() => fail("ended"));
      for (const stream of [child.stdout!, child.stderr!])
        createInterface({ input: stream }).on("line", (text) => {
          line(text);
          said.push(text);
          if (!text.startsWith("ready")) return;
          clearTimeout(late);
          resolve(text);
        });
    });
    return { ready, end: () => this.#end(one) };
  }

  /** Runs a `weft` command to its end. @returns what it printed @throws Fault when it fails */
  async run(args: readonly string[]): Promise<string> {
    const [command, ...rest] = [...selfCommand(), ...args];
    const child = spawn(command!, rest, { env: this.#env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) text += chunk;
    const code = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
    if (code === 0) return text;
    throw new Fault(`weft ${args.join(" ")} ended with ${code}`, "what it printed above says why");
  }

  /** Runs a `weft` command with the terminal as its own. @returns its exit code */
  async show(args: readonly string[]): Promise<number> {
    const [command, ...rest] = [...selfCommand(), ...args];
    const child = spawn(command!, rest, { env: this.#env, stdio: "inherit" });
    const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
    const one = { child, ended };
    this.#running.push(one);
    return ended;
  }

  async endAll(): Promise<void> {
    for (const one of this.#running.splice(0).reverse()) await this.#end(one);
  }

  async #end({ child, ended }: { child: ChildProcess; ended: Promise<unknown> }): Promise<void> {
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS);
    await ended;
    clearTimeout(force);
  }
}
