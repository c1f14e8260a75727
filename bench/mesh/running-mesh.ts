import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, listensOn, type Started, startProgram, type Watched } from "../processes.ts";
import { waitUntil } from "../wait-until.ts";

/*
 * The only file of the bench that knows how a mesh is started: by the command line that users have.
 *   weft up --state DIR --broker-port 0 --authority-port 0 --registry-port 0 --no-dashboard [--no-tls]    prints "ready…"
 *   weft sidecar SERVICE --version V --listen HOST:PORT [--app URL] --state DIR
 *   weft tap SERVICE -o json --for 1h --state DIR                                        says "tapping…"
 */

const run = promisify(execFile);

export interface MeshOptions {
  /** The command line of `weft`. */
  readonly weft: readonly string[];
  /** For its state and its logs. */
  readonly folder: string;
  readonly name: string;
  /** For `weft up`. */
  readonly flags?: readonly string[];
}

export interface RunningSidecar extends Started {
  /** Where its app reaches the mesh. */
  readonly port: number;
  /** The policy that it last knew. */
  readonly policyFile: string;
}

/** As much of `up.json` as the bench reads. */
interface UpRecord {
  readonly mesh: string;
  readonly broker: { readonly urls: readonly string[]; readonly pid: number };
  readonly registry: { readonly url: string };
}

/** A mesh of its own: `weft up`, and sidecars as they are asked for. */
export class RunningMesh {
  readonly state: string;
  readonly #options: MeshOptions;
  readonly #started: Started[] = [];
  #record: UpRecord | undefined;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.state = join(options.folder, options.name);
  }

  /** @throws BenchError when it does not come up */
  async up(): Promise<void> {
    const { name, folder, flags = [] } = this.#options;
    const ports = ["--broker-port", "0", "--authority-port", "0", "--registry-port", "0", "--no-dashboard"];
    const ready = (output: () => string) => /^ready/m.test(output());
    const command = this.#command("up", ...ports, ...flags);
    this.#started.push(await startProgram("up", command, { name: `${name}-up`, folder, ready }));
    this.#record = JSON.parse(readFileSync(join(this.state, "up.json"), "utf8")) as UpRecord;
  }

  /** What `weft up` says of itself. */
  get record(): UpRecord {
    return this.#record!;
  }

  /** The broker's process, which is a child of `weft up`. */
  get broker(): Watched {
    return { role: "broker", pid: this.record.broker.pid };
  }

  /** @param appPort of its app; a pure caller when absent @param flags more of them */
  async sidecar(
    role: string,
    service: string,
    appPort?: number,
    flags: readonly string[] = [],
  ): Promise<RunningSidecar> {
    const { name, folder } = this.#options;
    const port = await freePort();
    const app = appPort === undefined ? [] : ["--app", `http://127.0.0.1:${appPort}`];
    const command = this.#command(
      "sidecar",
      service,
      "--version",
      "1",
      "--listen",
      `127.0.0.1:${port}`,
      ...app,
      ...flags,
    );
    const one = await startProgram(role, command, {
      name: `${name}-${role}`,
      folder,
      ready: listensOn(port),
    });
    this.#started.push(one);
    const policyFile = join(this.state, "sidecars", `${service}-${port}`, "policy.json");
    return { role, pid: one.pid, port, policyFile, stop: one.stop };
  }

  /** Somebody who taps a service, for as long as one may. */
  async tap(service: string): Promise<Started> {
    const { name, folder } = this.#options;
    const command = this.#command("tap", service, "-o", "json", "--for", "1h");
    const ready = (output: () => string) => output().includes("tapping");
    const one = await startProgram("tap", command, { name: `${name}-tap`, folder, ready });
    this.#started.push(one);
    return one;
  }

  /** Runs a verb to its end, as a user would. @throws Error with what it printed, when it fails */
  async weft(...args: readonly string[]): Promise<void> {
    const [program, ...rest] = this.#command(...args);
    await run(program!, rest, { maxBuffer: 64 * 1024 ** 2 });
  }

  /** Resolves when so many sidecars are known, and none lags behind the policy that is in force. */
  async inStep(sidecars: number): Promise<void> {
    await waitUntil("all sidecars to run the policy", async () => {
      const answer = await fetch(`${this.record.registry.url}/v1/sidecars`);
      const { sidecars: rows } = (await answer.json()) as { sidecars: { lagging: boolean }[] };
      const lagging = rows.filter((row) => row.lagging).length;
      return rows.length >= sidecars && lagging === 0 ? undefined : `${lagging} of ${rows.length} lag behind`;
    });
  }

  async stop(): Promise<void> {
    for (const one of this.#started.splice(0).reverse()) await one.stop();
  }

  #command(...args: readonly string[]): readonly string[] {
    return [...this.#options.weft, ...args, "--state", this.state];
  }
}
