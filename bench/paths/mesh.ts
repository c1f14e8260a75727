import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpGenerator } from "../load/http-generator.ts";
import { answers } from "../mesh/answers.ts";
import { RunningMesh } from "../mesh/running-mesh.ts";
import { CALLEE, ROUTE, ROUTED_BY } from "./mesh-route.ts";
import type { StartPath, Surroundings } from "./path.ts";

const HOST = `${CALLEE}.mesh`;

/** A mesh of its own with a sidecar on each side, all defaults: TLS, metrics, 1 % of the calls traced. */
export const startMesh: StartPath = (around) =>
  start(around, "mesh", "two sidecars of the mesh, TLS to the broker", {});

/** The same without TLS, as the other pairs have none either. */
export const startPlainMesh: StartPath = (around) =>
  start(around, "mesh-plain", "two sidecars of the mesh, no TLS", { flags: ["--no-tls"] });

/** The same with a route of ten rules for the service that is called; calls take the last. */
export const startRoutedMesh: StartPath = (around) =>
  start(around, "mesh-routed", "two sidecars of the mesh, no TLS, a route of ten rules", {
    flags: ["--no-tls"],
    route: ROUTE,
  });

interface Kind {
  readonly flags?: readonly string[];
  /** Policy to be in force, as YAML. */
  readonly route?: string;
}

async function start(
  { self, weft, folder, upstream }: Surroundings,
  name: string,
  title: string,
  { flags = [], route }: Kind,
) {
  const mesh = new RunningMesh({ weft, folder, name, flags });
  try {
    await mesh.up();
    const inbound = await mesh.sidecar("inbound", CALLEE, upstream.port);
    const outbound = await mesh.sidecar("outbound", "caller");
    await answers(outbound.port, HOST);
    if (route !== undefined) {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, route);
      await mesh.weft("apply", "-f", file);
      await mesh.inStep(2);
      await answers(outbound.port, HOST, ROUTED_BY);
    }
    const target = { port: outbound.port, host: HOST };
    return {
      name,
      title,
      processes: [outbound, inbound, mesh.broker],
      generate: httpGenerator(self, folder, target),
      stream: target,
      stop: () => mesh.stop(),
    };
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}
