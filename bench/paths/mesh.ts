import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { httpGenerator } from "../load/http-generator.ts";
import { freePort, listensOn, type Started, startProgram, type Watched } from "../processes.ts";
import type { StartPath, Surroundings } from "./path.ts";

/*
 * The only file of the bench that knows how a mesh is started: by the command line that users have.
 *   weft up --state DIR --broker-port 0 --authority-port 0 --registry-port 0 [--no-tls]    prints "ready…"
 *   weft sidecar SERVICE --version V --listen HOST:PORT [--app URL] --state DIR
 */

const CALLEE = "echo";
const HOST = `${CALLEE}.mesh`;

/** A mesh of its own with a sidecar on each side, all defaults: TLS, metrics, 1 % of the calls traced. */
export const startMesh: StartPath = (around) =>
  start(around, "mesh", "two sidecars of the mesh, TLS to the broker", []);

/** The same without TLS, as the other pairs have none either. */
export const startPlainMesh: StartPath = (around) =>
  start(around, "mesh-plain", "two sidecars of the mesh, no TLS", ["--no-tls"]);

async function start(
  { self, weft, folder, upstream }: Surroundings,
  name: string,
  title: string,
  flags: readonly string[],
) {
  const state = join(folder, name);
  const started: Started[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.toReversed()) await one.stop();
  };
  const sidecar = async (role: string, service: string, app: readonly string[]) => {
    const port = await freePort();
    const command = [...weft, "sidecar", service, "--version", "1", "--listen", `127.0.0.1:${port}`, ...app];
    const one = await startProgram(role, [...command, "--state", state], {
      name: `${name}-${role}`,
      folder,
      ready: listensOn(port),
    });
    started.push(one);
    return { role, pid: one.pid, port };
  };
  try {
    const ports = ["--broker-port", "0", "--authority-port", "0", "--registry-port", "0"];
    const up = [...weft, "up", "--state", state, ...ports, ...flags];
    started.push(
      await startProgram("up", up, {
        name: `${name}-up`,
        folder,
        ready: (output) => /^ready/m.test(output()),
      }),
    );
    const inbound = await sidecar("inbound", CALLEE, ["--app", `http://127.0.0.1:${upstream.port}`]);
    const outbound = await sidecar("outbound", "caller", []);
    await answers(outbound.port);
    const target = { port: outbound.port, host: HOST };
    return {
      name,
      title,
      processes: [outbound, inbound, brokerOf(state)],
      generate: httpGenerator(self, folder, target),
      stream: target,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The broker's process, which is a child of `weft up`. */
function brokerOf(state: string): Watched {
  const { broker } = JSON.parse(readFileSync(join(state, "up.json"), "utf8")) as { broker: { pid: number } };
  return { role: "broker", pid: broker.pid };
}

/** Waits until a call gets through: the sidecars are up, and the app is registered. */
async function answers(port: number): Promise<void> {
  const endsAt = performance.now() + 20_000;
  for (;;) {
    const answer = await ask(port);
    if (answer === "200") return;
    if (performance.now() > endsAt) throw new Error(`no call got through the mesh in 20 s: ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    request(
      { host: "127.0.0.1", port, path: "/0", headers: { host: HOST }, agent: false },
      async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        resolve(response.statusCode === 200 ? "200" : `${response.statusCode} ${body.slice(0, 400)}`);
      },
    )
      .once("error", (error) => resolve(error.message))
      .end();
  });
}
