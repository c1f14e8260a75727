import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import { locateServer } from "../broker/locate.ts";
import { closedLoopGenerator } from "./load/http-generator.ts";

/** Where figures come from; none of them means anything without it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly natsServer: string;
  readonly generator: string;
  readonly upstream: string;
  /** Load average over the minute before the run. */
  readonly loadBefore: number;
  readonly date: string;
}

export async function describeMachine(upstream: string): Promise<Machine> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    natsServer: (await locateServer()).version,
    generator: closedLoopGenerator(),
    upstream,
    loadBefore: loadavg()[0]!,
    date: new Date().toISOString(),
  };
}

/** In one sentence. */
export const machineSentence = (m: Machine): string =>
  `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.system}, Node ${m.node}, nats-server ${m.natsServer}; load by ${m.generator}, ` +
  `app: ${m.upstream}, all on this machine; load average before: ${m.loadBefore.toFixed(2)}`;
