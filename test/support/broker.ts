import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { dieWithParent } from "../../broker/die-with-parent.ts";
import { newestServer, type TestServer } from "./servers.ts";
import { removeFolder } from "./state.ts";
import { until } from "./until.ts";

export type TestBroker = {
  /** `nats://127.0.0.1:<port>` */
  url: string;
  port: number;
  pid: number;
  /** The server's folder, for further files; it goes away with the test. */
  folder: string;
  log(): string;
  /** SIGTERM, then waits for the end. The test's end does this too. */
  stop(): Promise<void>;
  /** Runs at the test's end while the broker is still there: clients close in no time then. */
  beforeEnd(close: () => Promise<void>): void;
};

export type TestBrokerOptions = {
  server?: TestServer;
  /** The port, when a test starts a broker again at the same place. A free one by default. */
  port?: number;
  /** nats-server.conf text besides `listen`: accounts, TLS, limits. Without it anybody may do anything. */
  config?: string;
};

/** Starts a real nats-server on a free loopback port and stops it when the test ends. */
export async function testBroker(t: TestContext, options: TestBrokerOptions = {}): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-broker-"));
  const conf = join(folder, "nats-server.conf");
  const listen = `listen: "127.0.0.1:${options.port ?? -1}"\nports_file_dir: ${JSON.stringify(folder)}\n`;
  writeFileSync(conf, listen + (options.config ?? ""), { mode: 0o600 });

  const logFile = join(folder, "log");
  const { path } = options.server ?? newestServer();
  // A test runner that is killed must not leave servers behind.
  const [program, ...args] = [...dieWithParent(), path, "-c", conf, "-l", logFile];
  const child = spawn(program!, args, { stdio: "ignore" });
  const log = (): string => {
    try {
      return readFileSync(logFile, "utf8");
    } catch {
      return "";
    }
  };
  const stop = (): Promise<void> => end(child);
  const closes: (() => Promise<void>)[] = [];
  t.after(async () => {
    await Promise.all(closes.map((close) => close()));
    await stop();
    removeFolder(folder);
  });
  await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));

  const port = await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`the test's nats-server ended:\n${log()}`);
      const port = options.port ?? portIn(folder, child.pid!);
      return port !== undefined && (await accepts(port)) ? port : undefined;
    },
    { what: "the test's nats-server to listen", withinMs: 10_000 },
  );
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    folder,
    log,
    stop,
    beforeEnd: (close) => closes.push(close),
  };
}

/** Reads the file `<name of the binary>_<pid>.ports`, which the server writes when it listens. */
function portIn(folder: string, pid: number): number | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith(`_${pid}.ports`));
  if (!file) return undefined;
  try {
    const { nats } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { nats?: string[] };
    return nats?.[0] ? Number(new URL(nats[0]).port) : undefined;
  } catch {
    return undefined; // half written
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    const force = setTimeout(() => child.kill("SIGKILL"), 5000);
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
