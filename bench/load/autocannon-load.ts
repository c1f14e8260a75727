import autocannon from "autocannon";
import { requestOf, type Scenario } from "../scenario.ts";
import { type HttpTarget, percentilesOf, type Timing } from "./result.ts";
import { Samples } from "./samples.ts";

export interface AutocannonOptions extends Timing {
  readonly target: HttpTarget;
  readonly scenario: Scenario;
}

/**
 * Closed loop by autocannon, where wrk is not installed. Its own latency histogram counts in whole milliseconds, so
 * the exact times that it gives with each answer are kept instead.
 */
export async function autocannonRole(options: AutocannonOptions, say: (line: object) => void): Promise<void> {
  const { target, scenario, warmupS, measureS } = options;
  const samples = new Samples();
  if (warmupS > 0) await run(target, scenario, warmupS, () => {});
  say({ measuring: true });
  const { errors, non2xx, seconds } = await run(target, scenario, measureS, (ms) => samples.add(ms * 1000));
  say({
    requests: samples.count,
    seconds,
    errors: errors + non2xx,
    percentilesUs: percentilesOf(samples.values()),
  });
}

interface Run {
  readonly errors: number;
  readonly non2xx: number;
  readonly seconds: number;
}

function run(
  { port, host }: HttpTarget,
  scenario: Scenario,
  seconds: number,
  answered: (latencyMs: number) => void,
): Promise<Run> {
  const { method, path } = requestOf(scenario);
  const options: autocannon.Options = {
    url: `http://127.0.0.1:${port}${path}`,
    method,
    headers: { host },
    ...(scenario.bodyBytes === 0 ? {} : { body: "x".repeat(scenario.bodyBytes) }),
    connections: scenario.load.connections,
    duration: seconds,
    sampleInt: 100, // it only looks for the end of its time at each sample
  };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const instance = autocannon(options, (error: Error | null, { errors, non2xx }) =>
      error ? reject(error) : resolve({ errors, non2xx, seconds: (performance.now() - startedAt) / 1000 }),
    );
    instance.on("response", (_client, _status, _bytes, latencyMs) => answered(latencyMs));
  });
}
