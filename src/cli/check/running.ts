import { fitted } from "../../../sidecar/join.ts";
import { connectBus } from "../../bus/nats-bus.ts";
import { type ServerFacts, serversOf } from "../../bus/servers.ts";
import { folderCredentials } from "../../identity/keys/folder-credentials.ts";
import type { PartName } from "../../identity/keys/spiffe-id.ts";
import { readAuthority } from "../../identity/member/authority-client.ts";
import { PART_NAMES, partFolder } from "../../identity/trust/parts.ts";
import { loadRoots } from "../../identity/trust/roots.ts";
import type { HealthAnswer } from "../../identity/wire.ts";
import { bareAddress, type UpRecord } from "../up/record.ts";
import { type Check, type Finding, fail, ok, warn } from "./check.ts";

const SKEW_WARN_MS = 5000;
/** Certificates are good from five minutes before they are issued. */
const SKEW_FAIL_MS = 240_000;

export const up: Check = {
  what: "up",
  run: ({ up }) =>
    up === undefined
      ? [fail("up", "no mesh runs from this state folder", "start it with weft up")]
      : [ok("up", `process ${up.up.pid}, since ${up.startedAt}`)],
};

/** Of a process that is there and says nothing. */
const hung = (part: string, pid: number | undefined): string =>
  pid === undefined
    ? `does the ${part} hang, or is it stopped? see to that on its machine`
    : `it hangs, or is stopped: kill -9 ${pid} ends it, and weft up starts it again`;

const BROKER_LOG = "look into broker/nats-server.log of the state folder";

/** Each part's own user and certificate, tried on the broker. */
export const broker: Check = {
  what: "broker",
  late: ({ up }) => hung("broker", up?.broker.pid),
  async run(scene) {
    if (scene.up === undefined) return [];
    const { urls } = scene.up.broker;
    const refused = await Promise.all(PART_NAMES.map((name) => refusalOf(scene.state, scene.up!, name)));
    const reasons = [...new Set(refused)].filter((why) => why !== undefined);
    if (reasons.length === 0) return [ok("broker", `${urls.join(", ")} takes ${PART_NAMES.join(", ")}`)];
    // The same for all of them is no matter of who comes.
    if (reasons.length === 1 && !refused.includes(undefined))
      return [
        fail(
          "broker",
          reasons[0]!,
          /timeout/i.test(reasons[0]!)
            ? `${BROKER_LOG}; when that says nothing, ${hung("broker", scene.up.broker.pid)}`
            : BROKER_LOG,
        ),
      ];
    return PART_NAMES.flatMap((name, i) =>
      refused[i] === undefined ? [] : [fail("broker", `as ${name}: ${refused[i]}`, BROKER_LOG)],
    );
  },
};

export const clocks: Check = {
  what: "clock",
  asks: "broker",
  async run({ state, up }) {
    if (up === undefined) return [];
    return (await serversOf(credentialsOf(state, up, "system"))).map(clockOf);
  },
};

function clockOf({ name, version, skewMs }: ServerFacts): Finding {
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1);
  const says = `${name} (nats-server ${version}) is ${seconds} s ${skewMs < 0 ? "behind" : "ahead"}`;
  const cure = "set the clocks of both machines by NTP: certificates and JWTs are good for a time";
  if (Math.abs(skewMs) >= SKEW_FAIL_MS) return fail("clock", says, cure);
  return Math.abs(skewMs) >= SKEW_WARN_MS ? warn("clock", says, cure) : ok("clock", says);
}

export const authority: Check = {
  what: "authority",
  late: ({ up }) => hung("authority", up?.authority.pid),
  async run({ state, up }) {
    if (up === undefined) return [];
    const { url } = up.authority;
    await readAuthority<HealthAnswer>(url, "/healthz", { ca: loadRoots(state).rootCa });
    return [ok("authority", `${url} answers with its certificate`)];
  },
};

export const registry: Check = {
  what: "registry",
  late: ({ up }) => hung("registry", up?.registry.pid),
  async run({ up, ask }) {
    if (up === undefined) return [];
    const { url } = up.registry;
    const { broker, store } = await ask<Health>("/v1/health");
    if (broker.state !== "connected")
      return [
        fail(
          "registry",
          `${url} has no connection to the broker`,
          "look into registry.log of the state folder",
        ),
      ];
    if (store.state !== "kept")
      return [warn("registry", `${url}: its store is ${store.state}`, "it needs JetStream, with a leader")];
    return [ok("registry", `${url} is connected, and keeps what it knows`)];
  },
};

interface Health {
  readonly broker: { readonly state: string };
  readonly store: { readonly state: string };
}

const credentialsOf = (state: string, { broker }: UpRecord, part: PartName) =>
  fitted(folderCredentials(partFolder(state, part), broker.urls.map(bareAddress)));

async function refusalOf(state: string, record: UpRecord, part: PartName): Promise<string | undefined> {
  try {
    const bus = await connectBus(credentialsOf(state, record, part), "weft check");
    await bus.close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
