import { request } from "node:http";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { AUTHORITY_NAME } from "../../bus/credentials.ts";
import type { ErrorAnswer } from "../wire.ts";

/** The authority said no, or could not be reached (`code` is `unreachable` or `untrusted`). */
export class AuthorityError extends Error {
  override readonly name = "AuthorityError";
  /** One of `RefusalCode`, or `unreachable`, `untrusted`, `bad-answer`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How one request to the authority is made: what it is checked with, and what we show it. PEM texts. */
export interface AuthorityTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

const TIMEOUT_MS = 10_000;
const MOST_ANSWER_BYTES = 1 << 20;

/** GET of what the authority tells anybody. @throws AuthorityError */
export const readAuthority = <Answer>(url: string, path: string, tls: AuthorityTls): Promise<Answer> =>
  askAuthority<Answer>(url, path, tls, () => undefined, "GET");

/**
 * One request on a connection of its own. The body is made once TLS stands and the authority's chain, name and dates have
 * been checked: before that nothing is sent, and the body may hold a proof bound to this connection.
 * @throws AuthorityError
 */
export async function askAuthority<Answer>(
  url: string,
  path: string,
  tls: AuthorityTls,
  body: (socket: TLSSocket) => unknown,
  method: "POST" | "PUT" | "GET" = "POST",
): Promise<Answer> {
  const socket = await openTls(url, { ...tls, servername: AUTHORITY_NAME, rejectUnauthorized: true });
  try {
    const { status, text } = await send(socket, method, url, path, JSON.stringify(body(socket)));
    if (status === 200) return JSON.parse(text) as Answer;
    const { code, message, cure } = JSON.parse(text) as ErrorAnswer;
    throw new AuthorityError(code, `the authority at ${url} refused: ${message}: ${cure}`);
  } catch (error) {
    if (error instanceof AuthorityError) throw error;
    const why = error instanceof SyntaxError ? "its answer is not JSON" : (error as Error).message;
    const code = error instanceof SyntaxError ? "bad-answer" : "unreachable";
    throw new AuthorityError(code, `the authority at ${url} did not answer as it should: ${why}`, {
      cause: error,
    });
  } finally {
    socket.destroy();
  }
}

/** A TLS 1.3 connection, after its handshake. @throws AuthorityError */
export function openTls(url: string, options: ConnectionOptions): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, host, port: Number(port || 443), minVersion: "TLSv1.3" });
    const fail = (error: Error) => {
      socket.destroy();
      // Set by node:tls when it was the certificate that it did not like.
      reject(explained(url, error, Boolean(socket.authorizationError)));
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

function send(
  socket: TLSSocket,
  method: string,
  url: string,
  path: string,
  body = "",
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    };
    const { host } = new URL(url);
    const outgoing = request({
      createConnection: () => socket,
      method,
      path,
      headers: { host, ...headers },
    });
    outgoing.once("error", reject);
    outgoing.setTimeout(TIMEOUT_MS, () =>
      outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    );
    outgoing.once("response", async (response) => {
      try {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) {
          text += chunk;
          if (text.length > MOST_ANSWER_BYTES) throw new Error("its answer is too long");
        }
        resolve({ status: response.statusCode ?? 0, text });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.end(body);
  });
}

const TRUST_PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired: start "weft up" once more there',
  CERT_NOT_YET_VALID: "its certificate is not valid yet: is this machine's clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: `its certificate is not for ${AUTHORITY_NAME}: is this the authority's address?`,
};

function explained(url: string, error: NodeJS.ErrnoException, chainRefused: boolean): AuthorityError {
  const why = error.code || error.message;
  const cause = { cause: error };
  if (!chainRefused)
    return new AuthorityError(
      "unreachable",
      `no connection to the authority at ${url}: ${why}: is it running, and can this machine reach it?`,
      cause,
    );
  const reason = TRUST_PROBLEMS[why] ?? `its certificate is not an authority's of this mesh (${why})`;
  return new AuthorityError("untrusted", `the authority at ${url} is not trusted: ${reason}`, cause);
}
