import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenLoadResult } from "../load/open-load.ts";
import { answers } from "../mesh/answers.ts";
import { ask } from "../mesh/ask.ts";
import { RunningMesh } from "../mesh/running-mesh.ts";
import type { Surroundings } from "../paths/path.ts";
import { freePort, type Started } from "../processes.ts";
import { runLoad, startServing } from "../roles.ts";
import { percentileIndex, type Scenario } from "../scenario.ts";
import { shuffled } from "../statistics.ts";
import { BEHAVE_PATH } from "./app.ts";
import {
  behavioursIn,
  CELLS,
  type Cell,
  IN_TIME_MS,
  INSTANCES,
  policyText,
  RATE_PER_S,
  type Situation,
} from "./cells.ts";

/** What callers saw in one situation under one policy, in one round. */
export interface BalanceMeasurement extends Cell {
  readonly round: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Part of the offered calls that got a 2xx in time. */
  readonly goodput: number;
  /** Part of the calls to the apps that the instance had which is slow or failing; a fifth is its equal share. */
  readonly share: number;
}

export interface BalanceOptions {
  /** All when absent. */
  readonly cells?: readonly Cell[];
  readonly rounds: number;
  readonly warmupS: number;
  readonly measureS: number;
  /** Told what is measured. */
  readonly say: (text: string) => void;
  /** Waits for work, and rejects as soon as the run is to end. */
  readonly or: <T>(work: Promise<T>) => Promise<T>;
}

const SERVICE = "balanced";
const HOST = `${SERVICE}.mesh`;
/** Enough that a call never waits for a free one in the generator, but in what is overloaded. */
const CONNECTIONS = 512;
const SCENARIO: Scenario = {
  load: { kind: "open", connections: CONNECTIONS, ratePerS: RATE_PER_S },
  bodyBytes: 0,
};

/**
 * One caller and five instances of a service on a mesh of its own, without TLS: each policy in each situation. Each is
 * measured with a caller of its own, so that none begins with what another has learnt.
 */
export async function measureBalance(
  { self, weft, folder }: Pick<Surroundings, "self" | "weft" | "folder">,
  { cells = CELLS, rounds, warmupS, measureS, say, or }: BalanceOptions,
): Promise<BalanceMeasurement[]> {
  const mesh = new RunningMesh({ weft, folder, name: "balance", flags: ["--no-tls"] });
  const ports = await Promise.all(Array.from({ length: INSTANCES }, freePort));
  let app: Started | undefined;
  const measureOne = async ({ situation, policy }: Cell): Promise<Omit<BalanceMeasurement, "round">> => {
    const file = join(folder, "balance.yaml");
    writeFileSync(file, policyText(SERVICE, policy));
    await mesh.weft("apply", "-f", file);
    const caller = await mesh.sidecar("caller", "caller");
    try {
      await answers(caller.port, HOST);
      await behave(ports, situation);
      const target = { port: caller.port, host: HOST };
      const options = { target, scenario: SCENARIO, warmupS, measureS, inTimeMs: IN_TIME_MS };
      const result = await or(runLoad<OpenLoadResult>(self, "open-load", options, () => {}));
      const calls = await behave(ports, "all well");
      return { situation, policy, ...figuresOf(result), share: calls[0]! / sum(calls) };
    } finally {
      await caller.stop();
    }
  };
  try {
    app = await startServing(self, "balance-app", "balance-app", { ports });
    await mesh.up();
    for (const port of ports) await mesh.sidecar(`inbound-${port}`, SERVICE, port);
    const found: BalanceMeasurement[] = [];
    for (let round = 1; round <= rounds; round++)
      for (const cell of shuffled(cells)) {
        say(`balance, round ${round}/${rounds}: ${cell.situation}, ${cell.policy}`);
        found.push({ ...(await measureOne(cell)), round });
      }
    return found;
  } finally {
    await mesh.stop();
    await app?.stop();
  }
}

/** What was never answered has waited at least as long as it is counted with. */
function figuresOf({ requests, unanswered, inTime, percentilesUs }: OpenLoadResult) {
  const at = (percentile: 50 | 99): number => percentilesUs[percentileIndex(percentile)]! / 1000;
  return { p50Ms: at(50), p99Ms: at(99), goodput: inTime / (requests + unanswered) };
}

/** Tells each instance how to behave. @returns the calls that each had before */
const behave = (ports: readonly number[], situation: Situation): Promise<number[]> =>
  Promise.all(
    behavioursIn(situation).map(async (behaviour, i) => {
      const path = `${BEHAVE_PATH}${encodeURIComponent(JSON.stringify(behaviour))}`;
      return Number((await ask(ports[i]!, "app", path)).text);
    }),
  );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
