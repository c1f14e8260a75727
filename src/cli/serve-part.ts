import { Fault } from "./fault.ts";

/** What a part tells the `weft up` that started it. */
export type FromPart =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string; readonly cure?: string }
  | Renewed;

/** The answer to `RENEW`. */
export interface Renewed {
  readonly kind: "renewed";
  /** Why not; absent when it was. */
  readonly problem?: string;
}

/** What `weft up` tells a part: the trust has changed, take keys, certificates and users as they are now. */
export const RENEW = "renew";

interface Running {
  readonly url: string;
  renew(): Promise<void>;
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
  renewWhenTold(running);
  await ended;
  await running.close();
  process.exit(0);
}

function renewWhenTold(running: Running): void {
  const renewed = (): Promise<Renewed> =>
    running.renew().then(
      () => ({ kind: "renewed" }),
      (error: Error) => ({ kind: "renewed", problem: error.message }),
    );
  process.on("message", (message) => {
    if (message === RENEW) void renewed().then(tell);
  });
  process.on("SIGHUP", async () => {
    const { problem } = await renewed();
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
