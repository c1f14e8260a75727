import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpGenerator } from "../load/http-generator.ts";
import { answers } from "../mesh/answers.ts";
import { RunningMesh } from "../mesh/running-mesh.ts";
import { startServing } from "../roles.ts";
import type { Scenario } from "../scenario.ts";
import { CALLEE, ROUTE, ROUTED_BY } from "./mesh-route.ts";
import type { Path, StartPath, Surroundings } from "./path.ts";

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

/**
 * The plain one again, for the three below to be compared with: it is under load as seldom as they are. What is measured
 * with all scenarios is warmer, which made as much as all that they do.
 */
export const startUsualMesh: StartPath = (around) =>
  start(around, "mesh-usual", "two sidecars of the mesh, no TLS, for the next three", {
    ...{ flags: ["--no-tls"], unfit: forThroughput },
  });

/** The same, where every call is in the access log of both sidecars, and begins or goes on a sampled trace. */
export const startLoggedMesh: StartPath = (around) =>
  start(around, "mesh-logged", "two sidecars of the mesh, no TLS, every call logged, every trace sampled", {
    flags: ["--no-tls"],
    ...{ sidecarFlags: LOGGED, unfit: forThroughput },
  });

/** The same, where the spans of every call are sent out as well, to a receiver that forgets them. */
export const startTracedMesh: StartPath = async (around) => {
  const sink = await startServing(around.self, "otlp", "otlp-sink", {});
  const otlp = ["--otlp", `http://127.0.0.1:${sink.said.port}`];
  try {
    const path = await start(around, "mesh-traced", "the same, and the spans of every call sent by OTLP", {
      flags: ["--no-tls"],
      ...{ sidecarFlags: [...LOGGED, ...otlp], unfit: forThroughput },
    });
    const stop = async () => {
      await path.stop();
      await sink.stop();
    };
    return { ...path, processes: [...path.processes, sink], stop };
  } catch (error) {
    await sink.stop();
    throw error;
  }
};

/** The same with somebody who taps the service that is called, as fast as `weft tap` shows calls by default. */
export const startTappedMesh: StartPath = (around) =>
  start(around, "mesh-tapped", "two sidecars of the mesh, no TLS, a weft tap of the callee", {
    flags: ["--no-tls"],
    ...{ tap: true, unfit: forThroughput },
  });

const LOGGED = ["--access-log", "--trace-ratio", "1"];

const forThroughput = ({ load, bodyBytes }: Scenario): string | undefined =>
  load.kind === "closed" && load.connections === 64 && bodyBytes === 0
    ? undefined
    : "what it costs is asked of throughput alone";

interface Kind {
  readonly flags?: readonly string[];
  readonly sidecarFlags?: readonly string[];
  /** Whether a `weft tap` listens. */
  readonly tap?: boolean;
  readonly unfit?: Path["unfit"];
  /** Policy to be in force, as YAML. */
  readonly route?: string;
}

async function start(
  { self, weft, folder, upstream }: Surroundings,
  name: string,
  title: string,
  { flags = [], sidecarFlags = [], tap = false, unfit, route }: Kind,
) {
  const mesh = new RunningMesh({ weft, folder, name, flags });
  try {
    await mesh.up();
    const inbound = await mesh.sidecar("inbound", CALLEE, upstream.port, sidecarFlags);
    const outbound = await mesh.sidecar("outbound", "caller", undefined, sidecarFlags);
    await answers(outbound.port, HOST);
    if (route !== undefined) {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, route);
      await mesh.weft("apply", "-f", file);
      await mesh.inStep(2);
      await answers(outbound.port, HOST, ROUTED_BY);
    }
    const listener = tap ? [await mesh.tap(CALLEE)] : [];
    const target = { port: outbound.port, host: HOST };
    return {
      name,
      title,
      processes: [outbound, inbound, mesh.broker, ...listener],
      generate: httpGenerator(self, folder, target),
      ...(unfit ? { unfit } : { stream: target }),
      stop: () => mesh.stop(),
    };
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}
