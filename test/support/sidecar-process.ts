import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestBroker } from "./broker.ts";
import { until } from "./until.ts";

const program = fileURLToPath(new URL("../mesh/sidecar-process.ts", import.meta.url));

export interface SidecarProcess {
  readonly listen: string;
  /** The lines of JSON that it printed, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: each test looks at a field or two.
  readonly printed: any[];
  /** SIGKILL: it says nothing to anybody. */
  kill(): void;
  /** SIGSTOP: it runs no more, and its sockets stay open, until `goOn`. */
  freeze(): void;
  goOn(): void;
  /** Ends it in order: it leaves, and goes when the calls that it has are answered. */
  stop(): Promise<void>;
}

/** Starts a sidecar in a process of its own, and waits until it is ready; `p1` is the name of its instance. */
export async function sidecarProcess(
  broker: TestBroker,
  service: string,
  appPort?: number,
  instance = "p1",
): Promise<SidecarProcess> {
  const args = ["--nats", broker.url, "--service", service, "--instance", instance];
  if (appPort !== undefined) args.push("--app-port", String(appPort));
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = () => {
    child.stdin.end();
    return ended;
  };
  broker.beforeEnd(stop);
  const lines = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  await until(() => child.exitCode !== null || lines().length > 0, {
    withinMs: 15_000,
    what: "a sidecar of its own to be ready",
  });
  return {
    listen: lines()[0].listen,
    get printed() {
      return lines();
    },
    kill: () => void child.kill("SIGKILL"),
    freeze: () => void child.kill("SIGSTOP"),
    goOn: () => void child.kill("SIGCONT"),
    stop,
  };
}
