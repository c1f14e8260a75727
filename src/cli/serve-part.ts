import { Fault } from "./fault.ts";

/** What a part tells the `weft up` that started it. */
export type FromPart =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string; readonly cure?: string }
  | Done;

/** What `weft up` asks of a part. */
export type Wish =
  /** The trust has changed: take keys, certificates and users as they are now. */
  | "renew"
  /** Of the registry: have calls wait, the broker is about to be restarted. */
  | "pause"
  /** … and let them go on: it runs again. */
  | "resume";

/** The answer to a wish. */
export interface Done {
  readonly kind: "done";
  readonly wish: Wish;
  /** Of `pause` and `resume`: how many sidecars are not quiet, or not back. */
  readonly late?: number;
  /** Why not; absent when it was done. */
  readonly problem?: string;
}

interface Running {
  readonly url: string;
  renew(): Promise<void>;
  pause?(): Promise<number>;
  resume?(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Runs the authority or the registry as this process: started by hand until a signal comes, started by `weft up` until
 * that ends or says so, by closing the channel to it. A SIGHUP has it take up what a rotation changed.
 */
export async function servePart(start: () => Promise<Running>): Promise<void> {
  const parent = process.send !== undefined;
  const ended = untilTold(parent);
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    if (!parent) throw error;
    const { message } = error as Error;
    await tell({ kind: "failed", message, ...(error instanceof Fault ? { cure: error.cure } : {}) });
    process.exit(1);
  }
  if (parent) await tell({ kind: "ready", url: running.url });
  else process.stdout.write(`ready ${running.url}\n`);
  doAsTold(running);
  await ended;
  await running.close();
  process.exit(0);
}

function doAsTold(running: Running): void {
  const done = async (wish: Wish): Promise<Done> => {
    try {
      const late = await running[wish]?.();
      return { kind: "done", wish, ...(typeof late === "number" ? { late } : {}) };
    } catch (error) {
      return { kind: "done", wish, problem: (error as Error).message };
    }
  };
  process.on("message", (message) => {
    if (message === "renew" || message === "pause" || message === "resume") void done(message).then(tell);
  });
  process.on("SIGHUP", async () => {
    const { problem } = await done("renew");
    process.stderr.write(problem === undefined ? "renewed\n" : `not renewed: ${problem}\n`);
  });
}

function untilTold(parent: boolean): Promise<unknown> {
  return new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    // A Ctrl-C reaches every process of the terminal; who is a part waits for its turn.
    process.on("SIGINT", parent ? () => {} : resolve);
    if (parent) process.once("disconnect", resolve);
  });
}

const tell = (message: FromPart): Promise<void> =>
  new Promise((resolve) => {
    // Nobody to hear it: then `disconnect` says so, too.
    process.send!(message, undefined, {}, () => resolve());
  });
