import type { NatsConnection } from "nats";
import { BusError, openConnection } from "./connection.ts";
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
const FIRST_WITHIN_MS = 3000;
const NEXT_WITHIN_MS = 300;

/**
 * All connections of an account's users, on all servers of a cluster (`$SYS.REQ.SERVER.PING.CONNZ`).
 * @param credentials of a user of the system account
 * @param account its public key
 * @throws BusError when no broker can be reached, or none answers
 */
export async function connectionsOf(credentials: Credentials, account: string): Promise<Connected[]> {
  const connection = await openConnection(credentials, "connections");
  try {
    const found: Connected[] = [];
    for (let [offset, more] = [0, true]; more; offset += AT_ONCE) {
      const pages = await pagesAt(connection, account, offset);
      found.push(...pages.flatMap(({ connections = [] }) => connections));
      more = pages.some(({ total }) => offset + AT_ONCE < total);
    }
    return found;
  } catch (error) {
    throw new BusError(`the broker does not list its connections: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await connection.close();
  }
}

async function pagesAt(connection: NatsConnection, account: string, offset: number): Promise<Page[]> {
  const question = JSON.stringify({ acc: account, auth: true, limit: AT_ONCE, offset });
  const answers = await connection.requestMany("$SYS.REQ.SERVER.PING.CONNZ", question, {
    strategy: "stall",
    maxWait: FIRST_WITHIN_MS,
    stall: NEXT_WITHIN_MS,
  });
  const pages: Page[] = [];
  for await (const answer of answers) pages.push(answer.json<{ data: Page }>().data);
  return pages;
}

/** nats-server `server/monitor.go`, `Connz`. */
interface Page {
  readonly total: number;
  readonly connections?: readonly { readonly name: string; readonly jwt: string }[];
}
