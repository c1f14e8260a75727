import { median, spread } from "../statistics.ts";

/** One hot function, called so often in a row that the clock can tell. `run` does `times` of it. */
export interface Case {
  readonly name: string;
  /** The case that is contained in this one: its time is taken off, round by round. */
  readonly over?: string;
  readonly run: (times: number) => unknown;
}

export interface Timed {
  readonly name: string;
  readonly nsPerCall: number;
  readonly spread: number;
}

const ROUNDS = 9;
const ROUND_MS = 60;

/** Times each case in interleaved rounds, after a warm-up that also finds how often a round must call it. */
export async function timeCases(cases: readonly Case[]): Promise<Timed[]> {
  const times: number[] = [];
  for (const one of cases) times.push(await timesFor(one));
  const rounds: number[][] = cases.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, one] of cases.entries()) rounds[i]!.push((await elapsedMs(one, times[i]!)) / times[i]!);
  return cases.map(({ name, over }, i) => {
    const under = over === undefined ? -1 : cases.findIndex((one) => one.name === over);
    const own = rounds[i]!.map((ms, round) => ms - (rounds[under]?.[round] ?? 0));
    return { name, nsPerCall: median(own) * 1e6, spread: spread(own) };
  });
}

async function timesFor(one: Case): Promise<number> {
  let times = 1000;
  for (;;) {
    const ms = await elapsedMs(one, times);
    if (ms >= ROUND_MS / 2) return Math.ceil((times * ROUND_MS) / ms);
    times *= 4;
  }
}

async function elapsedMs({ run }: Case, times: number): Promise<number> {
  const startedAt = performance.now();
  await run(times);
  return performance.now() - startedAt;
}
