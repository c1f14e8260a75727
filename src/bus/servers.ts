import { BusError, openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

/** One server of the cluster, as it says itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  /** Its clock less ours, in ms; off by no more than the answer took. */
  readonly skewMs: number;
}

const WITHIN_MS = 2000;
const NEXT_WITHIN_MS = 300;

/**
 * Asks every server of a cluster who it is (`$SYS.REQ.SERVER.PING`).
 * @param credentials of a user of the system account
 * @throws BusError when no broker can be reached, or none answers
 */
export async function serversOf(credentials: Credentials): Promise<ServerFacts[]> {
  const connection = await openConnection(credentials, "servers");
  try {
    const askedAt = Date.now();
    const how = { strategy: "stall", maxWait: WITHIN_MS, stall: NEXT_WITHIN_MS } as const;
    const found: ServerFacts[] = [];
    for await (const answer of await connection.requestMany("$SYS.REQ.SERVER.PING", "", how)) {
      const { server } = answer.json<Answer>();
      const skewMs = Date.parse(server.time) - (askedAt + Date.now()) / 2;
      found.push({ name: server.name, version: server.ver, skewMs });
    }
    return found;
  } catch (error) {
    throw new BusError(`the broker does not say who it is: ${(error as Error).message}`, { cause: error });
  } finally {
    await connection.close();
  }
}

/** nats-server `server/events.go`, `ServerInfo`. */
interface Answer {
  readonly server: { readonly name: string; readonly ver: string; readonly time: string };
}
