import type { IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { testApp } from "../../support/mesh.ts";

export interface WorkingApp {
  readonly host: string;
  readonly port: number;
  /** The attempts of each id that reached it, in their order. */
  readonly seen: Map<string, number[]>;
  /** Calls that it has now, and the most that it ever had at once. */
  readonly running: () => number;
  readonly most: () => number;
  /** Begins to count the most anew. */
  readonly countAnew: () => void;
  /** Ends it as a process that dies does, and resolves when nobody listens any more. */
  stop(): Promise<void>;
}

/**
 * An app that takes its time for each call, answers with its id, and notes what it saw.
 * @param takesMs for a call, while so many are under way, itself included
 */
export async function workingApp(
  t: TestContext,
  takesMs: (running: number, request: IncomingMessage) => number = () => 0,
): Promise<WorkingApp> {
  const seen = new Map<string, number[]>();
  let running = 0;
  let most = 0;
  const { host, port, server } = await testApp(t, async (request, response) => {
    const id = (request.url ?? "").slice(1);
    const attempts = seen.get(id) ?? [];
    attempts.push(Number(request.headers["weft-attempt"]));
    seen.set(id, attempts);
    most = Math.max(most, ++running);
    const ms = takesMs(running, request);
    let isOver = false;
    const over = () => {
      if (!isOver) running--;
      isOver = true;
    };
    response.once("close", over);
    request.resume();
    if (ms > 0) await delay(ms);
    // Before the answer: the sidecar may send the next call as soon as it has that.
    over();
    response.end(id);
  });
  return {
    ...{ host, port, seen },
    running: () => running,
    most: () => most,
    countAnew: () => {
      most = running;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** How often each id was seen by any of them. */
export function timesSeen(apps: readonly WorkingApp[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { seen } of apps)
    for (const [id, attempts] of seen) times.set(id, (times.get(id) ?? 0) + attempts.length);
  return times;
}

/** Ids that they saw more than once between them. */
export const seenTwice = (apps: readonly WorkingApp[]): string[] =>
  [...timesSeen(apps)].filter(([, times]) => times > 1).map(([id]) => id);
