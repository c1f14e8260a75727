import type { NatsConnection } from "nats";
import { BusError, openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

/** What one server said to an account's new JWT. */
export interface ClaimsAnswer {
  readonly server: string;
  readonly accepted: boolean;
  readonly message: string;
}

/** How long to wait for the first server, and then for each further one of a cluster. */
const FIRST_WITHIN_MS = 3000;
const NEXT_WITHIN_MS = 500;

/**
 * Tells all servers of a cluster the new JWT of an account (`$SYS.REQ.CLAIMS.UPDATE`, which servers with a full
 * resolver answer, each for itself). It acts at once: users that it revokes are cut off.
 * @param credentials of a user of the system account
 * @returns what each that answered said; nobody when the servers keep no accounts (`resolver: MEMORY`)
 * @throws BusError when no broker can be reached
 */
export async function pushClaims(credentials: Credentials, jwt: string): Promise<ClaimsAnswer[]> {
  const connection = await openConnection(credentials, "claims");
  try {
    return await gathered(connection, jwt);
  } catch (error) {
    throw new BusError(`the broker did not take the account's JWT: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await connection.close();
  }
}

async function gathered(connection: NatsConnection, jwt: string): Promise<ClaimsAnswer[]> {
  const answers: ClaimsAnswer[] = [];
  const replies = await connection.requestMany("$SYS.REQ.CLAIMS.UPDATE", jwt, {
    strategy: "stall",
    maxWait: FIRST_WITHIN_MS,
    stall: NEXT_WITHIN_MS,
  });
  for await (const reply of replies) {
    const { server, data, error } = reply.json<Answer>();
    const { code = error?.code ?? 500, message = "", description = "" } = { ...error, ...data };
    answers.push({ server: server.name, accepted: code === 200, message: message || description });
  }
  return answers;
}

/** nats-server `server/accounts.go`, `respondToUpdate`. */
interface Answer {
  readonly server: { readonly name: string };
  readonly data?: { readonly code: number; readonly message: string };
  readonly error?: { readonly code: number; readonly description: string };
}
