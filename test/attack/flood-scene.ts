import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import type { Agent } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { ask } from "../support/ask.ts";
import type { Client, SecuredMesh } from "../support/secured-mesh.ts";
import { until } from "../support/until.ts";
import type { Order } from "./flooder.ts";
import type { Stolen } from "./raw-client.ts";

export const stolenFrom = (
  { broker }: SecuredMesh,
  { service, instance, nkey, credentials, tls }: Identity,
): Stolen => ({
  ...{ port: broker.port, service, instance, jwt: credentials.jwt()!, seed: nkey.seed(), tls: { ...tls } },
});

/** A program of this folder in a process of its own, ended with the test. */
export function startProgram(t: TestContext, name: string): ChildProcess {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), { execArgv: ["--import", "tsx"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

export const told = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve) => child.once("message", (message) => resolve(message as T)));

/** A thief at work. */
export async function thief(t: TestContext, stolen: Stolen, attack: Order["attack"]) {
  const child = startProgram(t, "./flooder.ts");
  const said = new Map<string, number>();
  child.on("message", (word: string) => said.set(word, (said.get(word) ?? 0) + 1));
  child.send({ ...stolen, attack } satisfies Order);
  await until(() => said.has("begun"), { withinMs: 20_000 });
  return { times: (word: string) => said.get(word) ?? 0, end: () => child.kill("SIGKILL") };
}

/** A real sidecar with an identity of the mesh. */
export async function sidecarOf(t: TestContext, identity: Identity, app?: { host: string; port: number }) {
  const { mesh, service, instance, version, credentials } = identity;
  const bus = await connectBus(credentials, service);
  const sidecar = await startSidecar({
    ...{ mesh, service, instance, version, bus, listen: { host: "127.0.0.1", port: 0 } },
    ...(app && { app: { host: app.host, port: app.port } }),
  });
  t.after(async () => {
    await sidecar.close(0);
    await bus.close();
  });
  if (app) await until(() => sidecar.readiness().ready);
  await bus.flush();
  return { bus, listen: sidecar.listen };
}

/** Calls `orders` 250 times a second, whether they are answered or not. @returns ms that each took, in order */
export async function calls(listen: string, agent: Agent, forMs: number): Promise<number[]> {
  const underWay: Promise<number>[] = [];
  const call = async () => {
    const at = performance.now();
    const { status, text } = await ask(listen, "orders.mesh", "/", { agent });
    assert.deepEqual([status, text], [200, "ok"]);
    return performance.now() - at;
  };
  for (const ends = performance.now() + forMs; performance.now() < ends; await delay(4))
    underWay.push(call());
  return (await Promise.all(underWay)).sort((a, b) => a - b);
}

/** Those of one user's connections, as the server lists them. */
export async function connectionsOf(
  { nc }: Client,
  { nkey }: Identity,
): Promise<readonly { subscriptions: number }[]> {
  const answer = await nc.request("$SYS.REQ.SERVER.PING.CONNZ", '{"auth":true}', { timeout: 5000 });
  const { data } = answer.json<{
    data: { connections: { authorized_user: string; subscriptions: number }[] };
  }>();
  return data.connections.filter(({ authorized_user: user }) => user === nkey.publicKey);
}
