import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { BenchError, type Started, stopChild } from "./processes.ts";

/**
 * Parts of the bench that run in a process of their own, so that their CPU time is seen apart and they disturb nobody.
 * A role is started as `<self> role <name> <json>` and talks in lines of JSON on stdout.
 */
export type Role = (options: never, say: (line: object) => void) => Promise<void>;

/** Loaded by name, so that no role carries the code of another. */
export const ROLES: Readonly<Record<string, () => Promise<Role>>> = {
  upstream: async () => (await import("./upstream/node-upstream.ts")).upstreamRole,
  "otlp-sink": async () => (await import("./upstream/otlp-sink.ts")).otlpSinkRole,
  "relay-out": async () => (await import("./floor/relay-out.ts")).relayOutRole,
  "relay-in": async () => (await import("./floor/relay-in.ts")).relayInRole,
  "nats-responder": async () => (await import("./floor/responder.ts")).responderRole,
  "nats-load": async () => (await import("./load/nats-load.ts")).natsLoadRole,
  "autocannon-load": async () => (await import("./load/autocannon-load.ts")).autocannonRole,
  "balance-app": async () => (await import("./balance/app.ts")).balanceAppRole,
  "open-load": async () => (await import("./load/open-load.ts")).openLoadRole,
};

/** Runs a role in this process. */
export async function runRole(name: string, json: string): Promise<void> {
  const load = ROLES[name];
  if (!load) throw new BenchError(`the bench has no role ${name}; it has ${Object.keys(ROLES).join(", ")}`);
  const role = await load();
  // Whoever started it holds the other end of stdin: when that goes, however it goes, the role has no purpose left.
  process.stdin.resume().once("close", () => process.exit());
  await role(JSON.parse(json) as never, (line) => process.stdout.write(`${JSON.stringify(line)}\n`));
}

interface RoleProcess {
  readonly child: ChildProcess;
  /** The next line it says; rejects when it ends instead. */
  next(): Promise<Record<string, unknown>>;
}

function startRole(self: readonly string[], name: string, options: object): RoleProcess {
  const [command, ...args] = [...self, "role", name, JSON.stringify(options)];
  const child = spawn(command!, args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-800);
  });
  const ended = new Promise<never>((_, reject) =>
    child
      .once("error", reject)
      .once("close", (code) => reject(new BenchError(`the bench's ${name} ended (${code}): ${said}`))),
  );
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async next() {
      const { value, done } = await lines.next();
      return done ? ended : (JSON.parse(value) as Record<string, unknown>);
    },
  };
}

/** Starts a role that serves; resolves when it says that it is ready, with what it said. */
export async function startServing(
  self: readonly string[],
  role: string,
  name: string,
  options: object,
): Promise<Started & { said: Record<string, unknown> }> {
  const { child, next } = startRole(self, name, options);
  try {
    const said = await next();
    return { role, pid: child.pid!, said, stop: () => stopChild(child) };
  } catch (error) {
    await stopChild(child);
    throw error;
  }
}

/** Runs a role that generates load: it says one line when it begins to measure, and one with the result. */
export async function runLoad<T>(
  self: readonly string[],
  name: string,
  options: object,
  measuring: () => void,
): Promise<T> {
  const { child, next } = startRole(self, name, options);
  try {
    await next();
    measuring();
    return (await next()) as T;
  } finally {
    await stopChild(child);
  }
}
