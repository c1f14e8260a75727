import { BusError, openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

/** How long to wait for the first server, and then for each further one of a cluster. */
const FIRST_WITHIN_MS = 10_000;
const NEXT_WITHIN_MS = 500;

/** Puts one question to all servers of a cluster. @param heard told each answer when it comes */
export type AskAll = <Answer>(
  subject: string,
  question: string,
  heard: (answer: Answer) => void,
) => Promise<void>;

/**
 * Opens a connection for questions that every server answers for itself (`$SYS.REQ.…`), and closes it when they have been
 * put.
 * @param credentials of a user of the system account
 * @param trouble begins the error's message: what could not be done
 * @throws BusError when no broker can be reached, or it does not answer
 */
export async function askServers<Result>(
  credentials: Credentials,
  trouble: string,
  put: (ask: AskAll) => Promise<Result>,
): Promise<Result> {
  const connection = await openConnection(credentials, "system");
  const ask: AskAll = async <Answer>(subject: string, question: string, heard: (answer: Answer) => void) => {
    const how = { strategy: "stall", maxWait: FIRST_WITHIN_MS, stall: NEXT_WITHIN_MS } as const;
    for await (const answer of await connection.requestMany(subject, question, how))
      heard(answer.json<Answer>());
  };
  try {
    return await put(ask);
  } catch (error) {
    throw new BusError(`${trouble}: ${(error as Error).message}`, { cause: error });
  } finally {
    await connection.close();
  }
}
