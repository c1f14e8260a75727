import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { AppAddress } from "../../sidecar/life/health.ts";
import type { Sidecar } from "../../sidecar/sidecar.ts";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { FREE_PORTS, Weft } from "../cli/weft.ts";
import { ask } from "../support/ask.ts";
import { joined } from "../support/joined.ts";
import { testApp } from "../support/mesh.ts";
import { type Relay, relayTo } from "../support/relay.ts";

const MINUTE_MS = 60_000;
/** Of the 60 minutes that a JWT is good for. */
const OVERSLEPT_MS = 50 * MINUTE_MS;
const SLOW_MS = 600;

const PAYMENTS = `apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: { name: payments }
spec: { authorization: { rules: [{ name: charging, from: { services: [web] } }] } }
`;

/** What a user has: a `weft up` with its dashboard, members with identities of their own, and calls that go on. */
export interface FaultyMesh {
  readonly weft: Weft;
  /** `http://host:port` */
  readonly dashboard: string;
  /** Where the caller that will be denied takes calls. */
  readonly spy: string;
  /** Admin addresses of the sidecars, but for those that will be dead or come late. */
  readonly admins: readonly string[];
  /** Of the sidecar that will be cut off. */
  readonly catalogAdmin: string;
  /** Makes all five faults, and goes on calling. */
  breakAll(): Promise<void>;
}

/**
 * `web` calls `orders` v1 and v2, `stock`, `payments` and `catalog`; `spy` calls `payments`. After `breakAll`: orders v2 is
 * slow, one of two instances of stock is killed, payments denies spy, catalog is cut off from the broker, and a `mailer`
 * is there whose JWT ends in ten minutes, because its authority is away.
 */
export async function faultyMesh(t: TestContext): Promise<FaultyMesh> {
  const weft = new Weft();
  t.after(() => weft.close());
  const ports = FREE_PORTS.filter((flag) => flag !== "--no-dashboard");
  await weft.start(["up", ...ports, "--dashboard-port", "0"]);
  const { state } = weft;
  const up = JSON.parse(readFileSync(join(state, "up.json"), "utf8"));
  const relay: Relay = await relayTo(t, Number(new URL(up.broker.urls[0]).port));

  const joins = (service: string, version: string, app?: AppAddress) =>
    joined(t, { state, authority: up.authority.url }, service, { version, ...(app && { app }) });
  /** Joins at another authority of the same mesh, which ends then. */
  const joinsElsewhere = async (
    service: string,
    options: { brokers: readonly string[]; now?: () => number },
    app?: AppAddress,
  ): Promise<Sidecar> => {
    const authority = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, ...options });
    const sidecar = await joined(t, { state, authority: authority.url }, service, app && { app });
    await authority.close();
    return sidecar;
  };

  let slowMs = 0;
  const quick = await testApp(t, (_, response) => response.end("ok"));
  const slow = await testApp(t, (_, response) => setTimeout(() => response.end("ok"), slowMs));
  const address = ({ host, port }: AppAddress) => ({ host, port });
  // One without a child, so that it can be killed alone.
  const doomed = weft.start([
    ...["sidecar", "stock", "--version", "1", "--listen", "127.0.0.1:0", "--no-admin"],
    ...["--app", `http://${quick.host}:${quick.port}`],
  ]);
  const [web, spy, catalog, ...others] = await Promise.all([
    joins("web", "1"),
    joins("spy", "1"),
    joinsElsewhere("catalog", { brokers: [`127.0.0.1:${relay.port}`] }, address(quick)),
    joins("orders", "1", address(quick)),
    joins("orders", "2", address(slow)),
    joins("stock", "1", address(quick)),
    joins("payments", "1", address(quick)),
  ]);
  const { child } = await doomed;

  const calls = [
    ...["v1.orders.mesh", "v2.orders.mesh", "stock.mesh", "payments.mesh", "catalog.mesh"].map(
      (host) => [web, host] as const,
    ),
    [spy, "payments.mesh"] as const,
  ];
  const underWay = new Set<Promise<unknown>>();
  const callAll = () => {
    for (const [from, host] of calls) {
      const call = ask(from.listen, host, "/").catch(() => {});
      underWay.add(call);
      void call.then(() => underWay.delete(call));
    }
  };
  let calling = setInterval(callAll, 250);
  t.after(async () => {
    clearInterval(calling);
    await Promise.all(underWay);
  });

  return {
    weft,
    dashboard: up.dashboard.url,
    spy: spy.listen,
    admins: [web, spy, catalog, ...others].map(({ admin }) => admin!),
    catalogAdmin: catalog.admin!,
    async breakAll() {
      writeFileSync(join(weft.folder, "payments.yaml"), PAYMENTS);
      const applied = await weft.run(["apply", "-f", "payments.yaml"]);
      if (applied.code !== 0) throw new Error(applied.stderr);
      child.kill("SIGKILL");
      slowMs = SLOW_MS;
      const brokers = [new URL(up.broker.urls[0]).host];
      await joinsElsewhere("mailer", { brokers, now: () => Date.now() - OVERSLEPT_MS });
      relay.sever();
      // Often enough that the slow calls soon outnumber those from before.
      clearInterval(calling);
      calling = setInterval(callAll, 100);
    },
  };
}
