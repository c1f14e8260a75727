import { askServers } from "./ask-servers.ts";
import type { Credentials } from "./credentials.ts";

/** One client's connection, as its server lists it. */
export interface Connected {
  /** The name that the client gave itself. */
  readonly name: string;
  /** The user JWT that it connected with. */
  readonly jwt: string;
}

/** A JWT has about a kilobyte, a long list of permissions more; an answer has to fit into one message. */
const AT_ONCE = 256;

/**
 * All connections of an account's users, on all servers of a cluster (`$SYS.REQ.SERVER.PING.CONNZ`).
 * @param credentials of a user of the system account
 * @param account its public key
 * @throws BusError when no broker can be reached, or none answers
 */
export const connectionsOf = (credentials: Credentials, account: string): Promise<Connected[]> =>
  askServers(credentials, "the broker does not list its connections", async (ask) => {
    const found: Connected[] = [];
    for (let [offset, more] = [0, true]; more; offset += AT_ONCE) {
      const question = JSON.stringify({ acc: account, auth: true, limit: AT_ONCE, offset });
      more = false;
      await ask<{ data: Page }>("$SYS.REQ.SERVER.PING.CONNZ", question, ({ data }) => {
        found.push(...(data.connections ?? []));
        more ||= offset + AT_ONCE < data.total;
      });
    }
    return found;
  });

/** nats-server `server/monitor.go`, `Connz`. */
interface Page {
  readonly total: number;
  readonly connections?: readonly { readonly name: string; readonly jwt: string }[];
}
