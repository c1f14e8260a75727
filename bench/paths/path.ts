import { spawn } from "node:child_process";
import type { Generator } from "../load/result.ts";
import type { Watched } from "../processes.ts";
import type { Scenario } from "../scenario.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** What every path is started with. */
export interface Surroundings {
  /** The command line that starts this program's bench; roles are started with it. */
  readonly self: readonly string[];
  /** The command line of `weft` itself, for the mesh. */
  readonly weft: readonly string[];
  /** For configurations and logs; removed at the end. */
  readonly folder: string;
  readonly upstream: Upstream;
}

/** One way from the generator to the app. */
export interface Path {
  readonly name: string;
  /** For people: what it is made of. */
  readonly title: string;
  /** The processes whose CPU time and memory count, without the upstream and the generator. */
  readonly processes: readonly Watched[];
  readonly generate: Generator;
  /** Why a scenario makes no sense here; undefined when it does. */
  readonly unfit?: (scenario: Scenario) => string | undefined;
  /** Where streams can be sent through, when this path is asked to carry them. */
  readonly stream?: { readonly port: number; readonly host: string };
  stop(): Promise<void>;
}

/** A path that cannot be measured on this machine, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export type StartPath = (around: Surroundings) => Promise<Path | Skipped>;

export const isSkipped = (path: Path | Skipped): path is Skipped => "reason" in path;

/** The first line that a program prints with `args`; empty when it cannot be run. */
export function firstLineOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.once("error", () => resolve(""));
    child.once("close", () => resolve(text.trim().split("\n", 1)[0] ?? ""));
  });
}
