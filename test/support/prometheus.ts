import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../broker/ports.ts";
import { until } from "./until.ts";

const has = (command: string): boolean => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

/** For `test(name, { skip }, …)`: why there is no Prometheus, or false. */
export const skip: string | false =
  !(has("prometheus") && has("promtool")) && "no prometheus and promtool on PATH: apt-get install prometheus";

export interface Prometheus {
  /** The series that a query of PromQL gives now; none while it starts. @throws Error when it is not PromQL */
  ask(query: string): Promise<readonly Series[]>;
  /** The alerts that fire now, with their labels. */
  firing(): Promise<readonly Series["metric"][]>;
  stop(): Promise<void>;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/**
 * Starts a real Prometheus on what `weft grafana` wrote into a folder, hurried: it scrapes and judges once a second, rates
 * are of 15 s in place of 5 min, and an alert fires at once (`for: 0s`). Nothing else of the rules is changed.
 */
export async function startPrometheus(folder: string): Promise<Prometheus> {
  const change = (file: string, by: readonly (readonly [RegExp, string])[]) => {
    const path = join(folder, file);
    const text = by.reduce((text, [what, to]) => text.replace(what, to), readFileSync(path, "utf8"));
    writeFileSync(path, text);
  };
  change("prometheus.yaml", [[/(scrape|evaluation)_interval: 5s/g, "$1_interval: 1s"]]);
  change("alerts.yaml", [
    [/\[\d+m\]/g, "[15s]"],
    [/for: \S+/g, "for: 0s"],
  ]);
  const port = await freePort("127.0.0.1");
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const get = async <T>(path: string): Promise<T | undefined> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined);
    // While it starts it answers 503, in plain text.
    if (response === undefined || response.status === 503) return undefined;
    const body = (await response.json()) as { status: string; error?: string; data: T };
    if (body.status === "error") throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
  const prometheus: Prometheus = {
    async ask(query) {
      const answer = await get<{ result: Series[] }>(`query?query=${encodeURIComponent(query)}`);
      return answer?.result ?? [];
    },
    async firing() {
      type Alert = { readonly state: string; readonly labels: Series["metric"] };
      const answer = await get<{ alerts: Alert[] }>("alerts");
      return (answer?.alerts ?? []).filter(({ state }) => state === "firing").map(({ labels }) => labels);
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
  await until(async () => (await prometheus.ask("up == 1")).length > 0, {
    what: "Prometheus to have scraped something",
    withinMs: 20_000,
  });
  return prometheus;
}
