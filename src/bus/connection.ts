import { connect, type NatsConnection } from "nats";
import { MAX_MESSAGE_BYTES } from "../subjects/limits.ts";
import type { Credentials } from "./credentials.ts";

const CONNECT_TIMEOUT_MS = 3000;
const PING_INTERVAL_MS = 5000;
const RECONNECT_FLOOR_MS = 50;
/** The first wait is below this, each further one below twice as much: a broker that is restarted is back soon. */
const RECONNECT_FIRST_MS = 250;
const RECONNECT_CAP_MS = 2000;
/** After so long without a try the waits begin small again. */
const RECONNECT_AFRESH_MS = 10_000;

export class BusError extends Error {
  override readonly name = "BusError";
}

/**
 * Opens one connection to the broker. It reconnects for ever, with jitter, and proves itself anew each time.
 * @param name shows in the broker's own listings
 * @throws BusError that names the broker and the cure; a TLS refusal shows as a timeout, because the client library
 * swallows the alert that TLS 1.3 sends after the handshake
 */
export async function openConnection(credentials: Credentials, name: string): Promise<NatsConnection> {
  const servers = [...credentials.servers()];
  let connected = false;
  let tries = 0;
  /** A node that refuses us names the others of its cluster, and those name it again: that would go on for ever. */
  const prove = (nonce: string | undefined) => {
    if (!connected && ++tries > servers.length) throw new Error("authorization violation");
    return authenticate(credentials, nonce);
  };
  const pace = reconnectPace();
  try {
    const connection = await connect({
      name,
      servers,
      timeout: CONNECT_TIMEOUT_MS,
      // Half-open connections are found within two pings; the default of two minutes would look like a hang.
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: pace.wait,
      // It leaves the choice to the client; what counts is that it is called before each try.
      reconnectToServer: () => {
        pace.tried();
        return null;
      },
      // A JWT that expired while the authority was away must not close the connection for good.
      ignoreAuthErrorAbort: true,
      // Two stack traces for each message otherwise.
      noAsyncTraces: true,
      authenticator: prove,
      tls: tlsOptions(credentials),
    });
    connected = true;
    return connection;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BusError(`no connection to the broker at ${servers.join(", ")}: ${cause}. ${cureOf(cause)}`, {
      cause: error,
    });
  }
}

/** How long to wait before the next try: random, so that those who lost the same broker do not all come at once. */
function reconnectPace() {
  let triedAt = Number.NEGATIVE_INFINITY;
  let below = RECONNECT_FIRST_MS;
  // Drawn once for each try: the client asks several times, and would wait for the longest of its draws.
  let waitMs = 0;
  return {
    wait: () => waitMs,
    tried() {
      const now = performance.now();
      below =
        now - triedAt > RECONNECT_AFRESH_MS ? RECONNECT_FIRST_MS : Math.min(below * 2, RECONNECT_CAP_MS);
      triedAt = now;
      waitMs = RECONNECT_FLOOR_MS + Math.random() * (below - RECONNECT_FLOOR_MS);
    },
  };
}

/** The largest message in bytes: as the server says, and no larger than the limit in each of our users' JWTs. */
export const maxPayloadOf = (connection: NatsConnection): number =>
  Math.min(connection.info?.max_payload ?? 0, MAX_MESSAGE_BYTES);

function authenticate(credentials: Credentials, nonce: string | undefined) {
  const jwt = credentials.jwt();
  if (jwt === undefined || nonce === undefined) return { user: "", pass: "" };
  const signature = credentials.sign(Buffer.from(nonce));
  return { jwt, nkey: "", sig: Buffer.from(signature).toString("base64url") };
}

/** Getters, because the client reads them at each reconnect: a renewed leaf is then used without a new object. */
function tlsOptions(credentials: Credentials) {
  if (credentials.tls() === undefined) return null;
  const material = () => credentials.tls()!;
  return {
    servername: material().servername,
    get ca() {
      return material().ca;
    },
    get cert() {
      return material().cert;
    },
    get key() {
      return material().key;
    },
  };
}

function cureOf(cause: string): string {
  if (/refused/i.test(cause)) return "Is it running? `weft up` starts one.";
  if (/timeout/i.test(cause))
    return "If it is running, it refused the TLS certificate or has no room for more: its log says why (look for `TLS handshake error` and `maximum … connections exceeded`).";
  if (/authorization|expired/i.test(cause))
    return "It does not accept this identity: ask for a new token with `weft token`.";
  return "The broker's log may say more.";
}
