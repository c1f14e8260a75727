import { Fault } from "./fault.ts";

/** What a part tells the `weft up` that started it. */
export type FromPart =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string; readonly cure?: string };

interface Running {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Runs the authority or the registry as this process: started by hand until a signal comes, started by `weft up` until
 * that ends or says so, by closing the channel to it.
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
  await ended;
  await running.close();
  process.exit(0);
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
