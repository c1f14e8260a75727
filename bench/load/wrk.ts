import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchError } from "../processes.ts";
import { PERCENTILES, type Scenario } from "../scenario.ts";
import type { Generator, HttpTarget, LoadResult } from "./result.ts";

const run = promisify(execFile);

/** Asks wrk (its SCRIPTING page) for exact percentiles in µs, and for every kind of error. */
const SCRIPT = `
local bytes = tonumber(os.getenv("WEFT_BENCH_BODY"))
wrk.path = "/" .. bytes
if bytes > 0 then
  wrk.method = "POST"
  wrk.body = string.rep("x", bytes)
end

function done(summary, latency, requests)
  local at = {}
  for p in string.gmatch(os.getenv("WEFT_BENCH_PERCENTILES"), "[^,]+") do
    at[#at + 1] = string.format("%d", latency:percentile(tonumber(p)))
  end
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"errors":%d,"percentilesUs":[%s]}\\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    table.concat(at, ",")))
end
`;

/**
 * Closed loop by wrk, with one thread. Its percentiles are corrected for coordinated omission by wrk itself: an answer
 * that took longer than twice the mean stands for those that could not be asked meanwhile.
 */
export function wrkGenerator(wrk: string, folder: string, target: HttpTarget): Generator {
  const script = join(folder, "load.lua");
  writeFileSync(script, SCRIPT, { mode: 0o600 });
  return async (scenario, { warmupS, measureS }, measuring) => {
    const { args, env } = invocation(script, target, scenario, measureS);
    // wrk counts in whole seconds, but ends at once when it is interrupted; what it then says is not needed.
    if (warmupS > 0)
      await run(wrk, args, { env, timeout: warmupS * 1000, killSignal: "SIGINT" }).catch(() => {});
    measuring();
    const { stdout } = await run(wrk, args, { env });
    return read(stdout);
  };
}

function invocation(
  script: string,
  { port, host }: HttpTarget,
  { load, bodyBytes }: Scenario,
  seconds: number,
) {
  return {
    args: [
      "-t1",
      `-c${load.connections}`,
      `-d${Math.max(1, Math.round(seconds))}s`,
      "--timeout",
      "10s",
      "-s",
      script,
      "-H",
      `Host: ${host}`,
      `http://127.0.0.1:${port}/`,
    ],
    env: {
      ...process.env,
      WEFT_BENCH_BODY: String(bodyBytes),
      WEFT_BENCH_PERCENTILES: PERCENTILES.join(","),
    },
  };
}

function read(stdout: string): LoadResult {
  const json = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (json === undefined) throw new BenchError(`wrk gave no result: ${stdout.slice(-400)}`);
  return JSON.parse(json) as LoadResult;
}
