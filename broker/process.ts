import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostPort } from "./conf-text.ts";
import { type BrokerConfig, renderConfig } from "./config.ts";
import { BrokerError } from "./failure.ts";
import { forget, remember, stopLeftBehind } from "./left-behind.ts";
import { keepLogsPruned } from "./log.ts";
import { freePort, reachable } from "./ports.ts";
import { reloadChild } from "./reload.ts";
import { type BrokerEvent, type Patience, Supervisor } from "./supervisor.ts";

export { BrokerError } from "./failure.ts";
export type { BrokerEvent } from "./supervisor.ts";

/** What `startBroker` decides itself is left out. */
export type BrokerSettings = Omit<BrokerConfig, "dataDir" | "logFile" | "portsDir">;

export type BrokerOptions = {
  /** Path of a nats-server, from `locateServer`. */
  server: string;
  /** Holds everything of this broker: configuration, log, data. Made with mode 0700. */
  folder: string;
  /** `port: 0` picks a free one; so does a cluster's. */
  config: BrokerSettings;
  onEvent?: (event: BrokerEvent) => void;
  patience?: Partial<Patience>;
};

export type Broker = {
  host: string;
  port: number;
  /** `nats://host:port`, or `tls://host:port` */
  url: string;
  /** The cluster port, when there is a cluster. */
  routePort: number | undefined;
  /** Of the process that runs now: changes when it is restarted. */
  pid(): number;
  version: string;
  logFile: string;
  configFile: string;
  /** Resolves when the broker has been stopped, rejects with a BrokerError when it kept crashing. */
  exited: Promise<void>;
  /** Has the server read new settings, or its files again; connections stay. Ports, name and folder cannot change. */
  reload(config?: BrokerSettings): Promise<void>;
  /** As `reload`, for settings that a running server does not take, such as another operator: connections break. */
  restart(config: BrokerSettings): Promise<void>;
  /** SIGTERM, and SIGKILL when that was not enough. May be called twice. */
  stop(): Promise<void>;
};

const PATIENCE: Patience = {
  readyWithinMs: 15_000,
  stopWithinMs: 10_000,
  restartAfterMs: 100,
  crashes: 5,
  crashesWithinMs: 60_000,
};

/** How often another free port is tried when somebody was quicker. */
const PORT_TRIES = 5;

/**
 * Writes the configuration, starts nats-server, waits until it accepts connections, and restarts it when it crashes.
 * @throws BrokerError with the reason and the cure: a taken port, a bad certificate, a folder in use
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const folder = resolve(options.folder);
  const files = {
    configFile: join(folder, "nats-server.conf"),
    logFile: join(folder, "nats-server.log"),
    portsDir: join(folder, "run"),
  };
  const patience = { ...PATIENCE, ...options.patience };
  const onEvent = options.onEvent ?? (() => {});
  for (const path of [folder, files.portsDir]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  }
  const stale = await stopLeftBehind(folder, files.configFile, patience.stopWithinMs);
  if (stale !== undefined) onEvent({ kind: "stopped-left-behind", pid: stale });
  const stopPruning = keepLogsPruned(files.logFile);

  const write = (config: BrokerSettings): void =>
    writeFileSync(files.configFile, renderConfig({ ...config, ...files, dataDir: folder }), { mode: 0o600 });
  for (let tries = 1; ; tries++) {
    const config = await withPorts(options.config);
    write(config);
    const supervisor = new Supervisor({
      server: options.server,
      files,
      place: config,
      patience,
      onEvent,
      spawned: (pid) => remember(folder, pid),
    });
    try {
      await supervisor.start();
    } catch (error) {
      forget(folder);
      const asked = [options.config.port, options.config.cluster?.port];
      const lostARace = error instanceof BrokerError && error.takenPort && !asked.includes(error.takenPort);
      if (lostARace && tries < PORT_TRIES) continue;
      stopPruning();
      throw error;
    }
    let current = config;
    const change = async (next: BrokerSettings, take: () => Promise<void>): Promise<void> => {
      const before = current;
      current = keepPorts(next, config);
      try {
        write(current);
        await take();
      } catch (error) {
        current = before;
        write(before); // a restart must not trip over what was refused
        throw error;
      }
    };
    const exited = supervisor.exited.finally(() => {
      stopPruning();
      forget(folder);
    });
    exited.catch(() => {}); // for whoever asks; nobody has to
    return {
      host: config.host,
      port: config.port,
      url: `${config.tls ? "tls" : "nats"}://${hostPort(reachable(config.host), config.port)}`,
      routePort: config.cluster?.port,
      version: supervisor.child.info.version,
      ...files,
      pid: () => supervisor.child.pid,
      exited,
      stop: async () => {
        await supervisor.stop();
        await exited.catch(() => {});
      },
      reload: (next = current) =>
        change(next, () => reloadChild(supervisor.child, files.logFile, patience.readyWithinMs)),
      restart: (next) => change(next, () => supervisor.restart()),
    };
  }
}

/** Ports are chosen here, not by the server, so that it has the same ones after a crash. */
async function withPorts(config: BrokerSettings): Promise<BrokerSettings> {
  const { cluster } = config;
  const port = config.port || (await freePort(config.host));
  if (!cluster) return { ...config, port };
  return { ...config, port, cluster: { ...cluster, port: cluster.port || (await freePort(cluster.host)) } };
}

function keepPorts(next: BrokerSettings, now: BrokerSettings): BrokerSettings {
  const cluster = next.cluster && { ...next.cluster, port: now.cluster?.port ?? next.cluster.port };
  return { ...next, host: now.host, port: now.port, serverName: now.serverName, ...(cluster && { cluster }) };
}
