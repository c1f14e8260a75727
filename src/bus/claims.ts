import { askServers } from "./ask-servers.ts";
import type { Credentials } from "./credentials.ts";

/** What one server said to an account's new JWT. */
export interface ClaimsAnswer {
  readonly server: string;
  readonly accepted: boolean;
  readonly message: string;
}

/**
 * Tells all servers of a cluster the new JWT of an account (`$SYS.REQ.CLAIMS.UPDATE`, which servers with a full
 * resolver answer, each for itself). It acts at once: users that it revokes are cut off.
 * @param credentials of a user of the system account
 * @returns what each that answered said; nobody when the servers keep no accounts (`resolver: MEMORY`)
 * @throws BusError when no broker can be reached
 */
export const pushClaims = (credentials: Credentials, jwt: string): Promise<ClaimsAnswer[]> =>
  askServers(credentials, "the broker did not take the account's JWT", async (ask) => {
    const answers: ClaimsAnswer[] = [];
    await ask<Answer>("$SYS.REQ.CLAIMS.UPDATE", jwt, ({ server, data, error }) => {
      const { code = error?.code ?? 500, message = "", description = "" } = { ...error, ...data };
      answers.push({ server: server.name, accepted: code === 200, message: message || description });
    });
    return answers;
  });

/** nats-server `server/accounts.go`, `respondToUpdate`. */
interface Answer {
  readonly server: { readonly name: string };
  readonly data?: { readonly code: number; readonly message: string };
  readonly error?: { readonly code: number; readonly description: string };
}
