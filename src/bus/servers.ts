import { askServers } from "./ask-servers.ts";
import type { Credentials } from "./credentials.ts";

/** One server of the cluster, as it says itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  /** Its clock less ours, in ms; off by no more than the answer took. */
  readonly skewMs: number;
}

/**
 * Asks every server of a cluster who it is (`$SYS.REQ.SERVER.PING`).
 * @param credentials of a user of the system account
 * @throws BusError when no broker can be reached, or none answers
 */
export const serversOf = (credentials: Credentials): Promise<ServerFacts[]> =>
  askServers(credentials, "the broker does not say who it is", async (ask) => {
    const askedAt = Date.now();
    const found: ServerFacts[] = [];
    await ask<Answer>("$SYS.REQ.SERVER.PING", "", ({ server: { name, ver, time } }) => {
      const skewMs = Date.parse(time) - (askedAt + Date.now()) / 2;
      found.push({ name, version: ver, skewMs });
    });
    return found;
  });

/** nats-server `server/events.go`, `ServerInfo`. */
interface Answer {
  readonly server: { readonly name: string; readonly ver: string; readonly time: string };
}
