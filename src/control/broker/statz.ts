import * as z from "zod/mini";

/** What one server of the broker has counted of the mesh's account since its start, as it says itself. */
export interface ServerCounts {
  readonly server: string;
  readonly version: string;
  /** Its clock, in Unix ms. */
  readonly time: number;
  /** Now. */
  readonly connections: number;
  /** All that there were. */
  readonly connects: number;
  /** Now; servers before 2.10 do not say. */
  readonly subscriptions?: number;
  readonly slowConsumers: number;
  /** From the server's side: what it has got, and what it has sent on. */
  readonly received: Flow;
  readonly sent: Flow;
}

export interface Flow {
  readonly msgs: number;
  readonly bytes: number;
}

const count = z.number().check(z.minimum(0));
const flow = z.object({ msgs: count, bytes: count });
const account = z.object({
  ...{ conns: count, total_conns: count, num_subscriptions: z.optional(count) },
  ...{ sent: flow, received: flow, slow_consumers: count },
});
/** nats-server `server/events.go`, `ServerInfo` and `AccountStatz`. */
const answer = z.object({
  server: z.object({ name: z.string().check(z.minLength(1)), ver: z.string(), time: z.string() }),
  data: z.object({ account_statz: z.array(account).check(z.minLength(1)) }),
});

/** Longer than any server's answer about one account. */
const MAX_BYTES = 16 * 1024;
const MAX_NAME = 128;

/** Gives undefined for what is no answer to `accountStats`; it never throws. */
export function readStatz(data: Buffer): ServerCounts | undefined {
  if (data.length > MAX_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return undefined;
  }
  const { success, data: read } = answer.safeParse(value);
  if (!success) return undefined;
  const { name, ver, time } = read.server;
  const [stats] = read.data.account_statz;
  const { conns, total_conns, num_subscriptions, sent, received, slow_consumers } = stats!;
  return {
    server: name.slice(0, MAX_NAME),
    version: ver.slice(0, MAX_NAME),
    time: Date.parse(time),
    connections: conns,
    connects: total_conns,
    ...(num_subscriptions === undefined ? {} : { subscriptions: num_subscriptions }),
    slowConsumers: slow_consumers,
    ...{ received, sent },
  };
}
