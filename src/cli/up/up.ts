import { join, relative, resolve } from "node:path";
import type { Say } from "../../../sidecar/options.ts";
import { bootstrap } from "../../identity/trust/bootstrap.ts";
import { keptElsewhere } from "../../identity/trust/kept-elsewhere.ts";
import { Fault, UsageFault } from "../fault.ts";
import { lockFolder } from "../lock-folder.ts";
import { ownMark } from "../process-mark.ts";
import { type MeshBroker, ownBroker, usersBroker } from "./broker.ts";
import { followTrust, roundOf } from "./follow-trust.ts";
import { type Part, type PartOptions, startPart } from "./part.ts";
import { type FollowedTrust, removeUp, writeUp } from "./record.ts";

export interface UpOptions {
  readonly state: string;
  readonly mesh?: string;
  /** The address that the broker and the authority listen on. */
  readonly listen: string;
  /** Names and addresses under which other machines reach this one. */
  readonly host?: readonly string[];
  readonly brokerPort: number;
  readonly authorityPort: number;
  readonly registryPort: number;
  readonly dashboardPort: number;
  /** False: none is served. */
  readonly dashboard: boolean;
  /** The user's own servers; then none is started. */
  readonly natsUrl?: readonly string[];
  /** File with platforms whose tokens the authority takes. */
  readonly trustIssuers?: string;
  /** False: plain text between sidecars and broker. */
  readonly tls: boolean;
  readonly logFormat: "text" | "json";
}

export interface Mesh {
  readonly broker: MeshBroker;
  readonly authority: Part;
  /** SHA-256 of the root CA's public key: what tells the authority from an impostor. */
  readonly pin: string;
  readonly registry: Part;
  readonly dashboard?: Part;
  /** Stops all parts in order: those that depend on others first. */
  stop(): Promise<void>;
}

/**
 * Starts broker, authority, registry and dashboard from a state folder, and watches them.
 * @param say told what an operator should know
 * @throws Fault and the parts' own errors, all with the cure; what had been started is stopped then
 */
export async function startMesh(options: UpOptions, say: Say): Promise<Mesh> {
  const state = resolve(options.state);
  const advertised = checkPlace(options);
  const unlock = lockFolder(
    state,
    "up.lock",
    (pid) =>
      new Fault(
        `a mesh runs from ${relative(".", state) || "."} already (process ${pid})`,
        `use it, stop it (kill ${pid}), or give this one another folder with --state DIR and other ports`,
      ),
  );
  const stops: (() => Promise<void>)[] = [
    async () => {
      removeUp(state);
      unlock();
    },
  ];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    removeUp(state);
    const trustOptions = {
      hosts: options.host ?? [],
      ...(options.mesh === undefined ? {} : { mesh: options.mesh }),
    };
    const round = roundOf(state);
    const trust = await bootstrap(state, trustOptions);

    for (const { file, needed } of keptElsewhere(state))
      say("info", `${file} is kept elsewhere: ${needed}`, "kept-elsewhere");

    const broker = options.natsUrl
      ? await usersBroker(trust, options.natsUrl)
      : await ownBroker(
          trust,
          { host: options.listen, port: options.brokerPort, advertised, tls: options.tls },
          (line) => say("info", line, "server-fetched"),
          (event) => {
            if (event.kind === "crashed") {
              const why = event.lastWords && ` (${event.lastWords})`;
              say("error", `the broker ${event.how}${why}: it is started again`, "broker-crashed");
            }
            if (event.kind === "stopped-left-behind")
              say("warn", `stopped a broker that was left behind (${event.pid})`, "broker-left-behind");
            if (event.kind === "restarted") {
              say("info", `the broker runs again (${event.pid})`, "broker-again");
              record();
            }
          },
        );
    stops.push(() => broker.stop());

    const brokers = broker.addresses.flatMap((address) => ["--broker", address]);
    const part = (name: PartOptions["name"], port: number, args: (port: number) => readonly string[]) =>
      startPart({
        name,
        port,
        args: (onPort) => ["--state", state, ...args(onPort)],
        logFile: join(state, `${name}.log`),
        onEvent: (event) => {
          if (event.kind === "crashed")
            say("error", `the ${name} ${event.how}: it is started again`, `${name}-crashed`);
          else {
            say("info", `the ${name} runs again (${event.pid})`, `${name}-again`);
            record();
          }
        },
      });
    const [authority, registry] = await allOrNone([
      part("authority", options.authorityPort, (port) => [
        ...brokers,
        ...["--listen", hostPort(options.listen, port)],
        ...(advertised === options.listen ? [] : ["--host", advertised]),
        ...(options.trustIssuers === undefined ? [] : ["--trust-issuers", resolve(options.trustIssuers)]),
      ]),
      part("registry", options.registryPort, (port) => [
        ...brokers,
        ...["--listen", `127.0.0.1:${port}`],
        ...["--mesh", trust.mesh],
      ]),
    ]);
    stops.push(async () => void (await Promise.all([authority.stop(), registry.stop()])));
    const dashboard = options.dashboard
      ? await part("dashboard", options.dashboardPort, (port) => [
          ...["--listen", `127.0.0.1:${port}`],
          ...["--registry", registry.url],
        ])
      : undefined;
    if (dashboard) stops.push(() => dashboard.stop());

    const startedAt = new Date().toISOString();
    let followed: FollowedTrust = { round: 0 };
    let { pin } = trust;
    const record = () =>
      writeUp(state, {
        ...{ up: ownMark(), startedAt, mesh: trust.mesh, trust: followed },
        broker: {
          ...(options.natsUrl && { external: true as const }),
          urls: broker.urls,
          version: broker.version,
          ...(broker.pid && { pid: broker.pid() }),
          ...(broker.config === undefined ? {} : { config: broker.config }),
        },
        authority: { url: authority.url, pin, pid: authority.pid() },
        registry: { url: registry.url, pid: registry.pid() },
        ...(dashboard && { dashboard: { url: dashboard.url, pid: dashboard.pid() } }),
      });
    const unfollow = followTrust({
      ...{ state, trustOptions, round, broker, say, authority, registry },
      onFollowed(now, trustNow) {
        followed = now;
        pin = trustNow?.pin ?? pin;
        record();
      },
    });
    stops.push(async () => unfollow());
    return { broker, authority, pin: trust.pin, registry, ...(dashboard && { dashboard }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns the host under which sidecars are told to reach broker and authority */
function checkPlace({ listen, host, tls, natsUrl }: UpOptions): string {
  const everywhere = ["0.0.0.0", "::"].includes(listen);
  if (everywhere && !host?.length)
    throw new UsageFault(
      `--listen ${listen} is every address of this machine, and sidecars must be told one of them`,
      `give the name or address that they reach: --host ${"mesh.example.org"}`,
    );
  if (!tls && natsUrl)
    throw new UsageFault(
      "--no-tls is for a broker of weft's own",
      "leave out one of --no-tls and --nats-url",
    );
  if (!tls && !/^(?:127\.|::1$|localhost$)/.test(listen))
    throw new UsageFault(
      `--no-tls would send everything in plain text over ${listen}`,
      "it is for measurements on 127.0.0.1",
    );
  return host?.[0] ?? listen;
}

const hostPort = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** Both parts, or neither: the one that did start is stopped when the other does not. */
async function allOrNone(starting: readonly [Promise<Part>, Promise<Part>]): Promise<readonly [Part, Part]> {
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const one of await Promise.allSettled(starting))
      if (one.status === "fulfilled") await one.value.stop();
    throw error;
  }
}
