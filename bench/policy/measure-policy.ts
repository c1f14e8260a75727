import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { httpGenerator } from "../load/http-generator.ts";
import { answers } from "../mesh/answers.ts";
import { ask } from "../mesh/ask.ts";
import { RunningMesh, type RunningSidecar } from "../mesh/running-mesh.ts";
import type { Surroundings } from "../paths/path.ts";
import type { Scenario } from "../scenario.ts";
import { median } from "../statistics.ts";
import { rssMiB } from "../usage.ts";
import { waitUntil } from "../wait-until.ts";
import { type ManyRoutes, MOVED_PATH, MOVED_STATUS, nameOfService, writeRoutes } from "./many-routes.ts";
import { storedBytes } from "./stored-bytes.ts";

/** What much policy costs. */
export interface PolicyFigures {
  readonly routes: number;
  readonly services: number;
  readonly rounds: number;
  /** Of `weft apply`, from its start to its end, as a user waits for it. */
  readonly applyMs: number;
  /** From its end until a route acts on calls through a sidecar. */
  readonly actsAfterMs: number;
  /** Of the whole policy, as the registry keeps it. */
  readonly storedBytes: number;
  /** Services of which the sidecar calls something, and of which it has the policy. */
  readonly called: number;
  readonly known: number;
  /** What the sidecar grew by with the policy; undefined where the system does not tell. */
  readonly growthMiB: number | undefined;
}

export interface PolicyOptions extends ManyRoutes {
  /** How often it is applied and rolled back. */
  readonly rounds: number;
}

/** Services that the sidecar calls. */
const CALLED = 3;
/** A sidecar that has had no load yet grows with every call, whatever the policy. */
const WARMUP: Scenario = { load: { kind: "closed", connections: 64 }, bodyBytes: 0 };
const WARMUP_S = 1;
const SETTLE_MS = 500;
/** How exactly it is known when a route acts. */
const POLL_MS = 5;

/** Applies many routes to a mesh of its own with one sidecar, which calls few of the services. */
export async function measurePolicy(
  { self, weft, folder, upstream }: Surroundings,
  { rounds, ...size }: PolicyOptions,
): Promise<PolicyFigures> {
  const files = writeRoutes(folder, size);
  const mesh = new RunningMesh({ weft, folder, name: "policy" });
  try {
    await mesh.up();
    const sidecar = await mesh.sidecar("sidecar", nameOfService(0), upstream.port);
    await answers(sidecar.port, hostOf(0));
    const load = httpGenerator(self, folder, { port: sidecar.port, host: hostOf(0) });
    await load(WARMUP, { warmupS: 0, measureS: WARMUP_S }, () => {});
    const before = await memoryAfterCalls(sidecar);
    const applyMs: number[] = [];
    const actsAfterMs: number[] = [];
    let after: number | undefined;
    let known = 0;
    for (let round = 0; round < rounds; round++) {
      if (round > 0) {
        await mesh.weft("rollback");
        await acts(sidecar, false);
      }
      // The mesh has never seen most of the services: that is a warning for each route.
      applyMs.push(await elapsedMs(() => mesh.weft("apply", "-f", files, "--allow-unknown")));
      actsAfterMs.push(await elapsedMs(() => acts(sidecar, true)));
      if (round > 0) continue;
      after = await memoryAfterCalls(sidecar);
      known = servicesKnown(sidecar);
    }
    return {
      routes: size.services * size.routesEach,
      services: size.services,
      rounds,
      applyMs: median(applyMs),
      actsAfterMs: median(actsAfterMs),
      storedBytes: await storedBytes(mesh),
      called: CALLED,
      known,
      growthMiB: before === undefined || after === undefined ? undefined : after - before,
    };
  } finally {
    await mesh.stop();
  }
}

const hostOf = (service: number): string => `${nameOfService(service)}.mesh`;

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const acts = ({ port }: RunningSidecar, wanted: boolean): Promise<void> =>
  waitUntil(
    wanted ? "a route to act" : "a route to go",
    async () => {
      const { status } = await ask(port, hostOf(0), MOVED_PATH);
      return (status === MOVED_STATUS) === wanted ? undefined : `the answer is ${status}`;
    },
    POLL_MS,
  );

/** One call to each service makes the sidecar learn of it, also of those that have no instance. */
async function memoryAfterCalls({ port, pid }: RunningSidecar): Promise<number | undefined> {
  for (let i = 0; i < CALLED; i++) await ask(port, hostOf(i), MOVED_PATH);
  await delay(SETTLE_MS);
  return rssMiB(pid);
}

function servicesKnown({ policyFile }: RunningSidecar): number {
  const { services } = JSON.parse(readFileSync(policyFile, "utf8")) as {
    services: { routes: unknown[] }[];
  };
  return services.filter(({ routes }) => routes.length > 0).length;
}
