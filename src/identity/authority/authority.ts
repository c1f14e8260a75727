import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import fastify from "fastify";
import { needSecret } from "../keys/secret-files.ts";
import { type AuthorityEvent, recordEvents } from "../records/record-events.ts";
import { openAudit, openLedger } from "../records/records.ts";
import { expiries, expiryMetrics } from "../trust/expiries.ts";
import { AccessBook } from "./access-book.ts";
import { addRoutes } from "./authority-routes.ts";
import { loadGranter } from "./grant.ts";
import type { PlatformTokens } from "./platform/platform-tokens.ts";
import type { TrustedIssuer } from "./platform/trusted-issuers.ts";
import { TokenStore } from "./token-store.ts";

export interface AuthorityOptions {
  /** Where `bootstrap` made the trust. */
  readonly stateDir: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** `host:port` of each broker, handed to sidecars. */
  readonly brokers: readonly string[];
  /** `https://host:port` at which sidecars reach it; needed when `host` is no address to dial. */
  readonly publicUrl?: string;
  /** Whose tokens are taken in place of our own (`readTrustedIssuers`). */
  readonly trustIssuers?: readonly TrustedIssuer[];
  /** 1 hour. */
  readonly jwtLifeMs?: number;
  /** 24 hours. */
  readonly certLifeMs?: number;
  /** Unix time in ms. */
  readonly now?: () => number;
  readonly onEvent?: (event: AuthorityEvent) => void;
  /** Says what an operator should know of a trusted issuer. */
  readonly say?: (level: "info" | "warn", message: string, event: string) => void;
}

export interface Authority {
  /** `https://host:port` */
  readonly url: string;
  /** Reads keys and certificates anew, after the trust folder was changed; what is under way goes on. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

export class AuthorityStartError extends Error {
  override readonly name = "AuthorityStartError";
}

/** Every request here is a few hundred bytes and answered in milliseconds. */
const BODY_LIMIT = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Starts the authority: it grants identities for tokens and renews them, over HTTPS. It needs no broker, and nothing
 * needs it but enrolment and renewal.
 * @throws AuthorityStartError, SecretFileError with the cure
 */
export async function startAuthority(options: AuthorityOptions): Promise<Authority> {
  const { host, port, brokers, jwtLifeMs, certLifeMs } = options;
  const stateDir = resolve(options.stateDir);
  const now = options.now ?? Date.now;
  if (["0.0.0.0", "::"].includes(host) && options.publicUrl === undefined)
    throw new AuthorityStartError(
      `the authority listens on ${host}, which nobody can dial: say at which https://host:port sidecars reach it`,
    );
  const access = new AccessBook(stateDir);
  const load = () => ({ ...loadGranter(stateDir, { brokers, jwtLifeMs, certLifeMs }), access });
  const file = (name: string) =>
    needSecret(join(stateDir, "authority", name), 'start "weft up" once more, it makes it anew');
  let granter = load();
  const tls = () => ({
    cert: file("server.crt"),
    key: file("server.key"),
    ca: granter.rootCa,
    minVersion: "TLSv1.3" as const,
  });
  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    https: {
      ...tls(),
      handshakeTimeout: REQUEST_TIMEOUT_MS,
      // Asked for but not demanded: who enrols has none yet. Each route that needs one looks at it itself.
      requestCert: true,
      rejectUnauthorized: false,
    },
  });
  const record = recordEvents(openAudit(stateDir), now);
  const platform = options.trustIssuers && (await platformTokens(options.trustIssuers, stateDir, options));
  server.addHook("onClose", async () => platform?.close());
  let url = "";
  addRoutes(server, {
    get granter() {
      return granter;
    },
    access,
    tokens: new TokenStore(join(stateDir, "authority", "tokens"), now),
    platform,
    ledger: openLedger(stateDir),
    publicUrl: () => options.publicUrl ?? url,
    now,
    onEvent: (event) => {
      record(event);
      options.onEvent?.(event);
    },
  });
  server.get("/metrics", (_, reply) =>
    reply.type("text/plain; version=0.0.4").send(expiryMetrics(expiries(stateDir))),
  );
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    const { code } = error as NodeJS.ErrnoException;
    const what =
      code === "EADDRINUSE" ? `port ${port} is taken` : `it cannot listen on ${host}:${port} (${code})`;
    throw new AuthorityStartError(
      `the authority does not start: ${what}: give it another port (0 picks a free one) or stop what holds it`,
      { cause: error },
    );
  }
  const { port: bound } = server.server.address() as AddressInfo;
  url = `https://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  return {
    url,
    async renew() {
      granter = load();
      server.server.setSecureContext(tls());
    },
    close: () => server.close(),
  };
}

/** Loaded only by an authority that trusts a platform. */
async function platformTokens(
  issuers: readonly TrustedIssuer[],
  stateDir: string,
  { now = Date.now, say = () => {} }: AuthorityOptions,
): Promise<PlatformTokens> {
  const { PlatformTokens } = await import("./platform/platform-tokens.ts");
  return new PlatformTokens({ issuers, folder: join(stateDir, "authority", "platform"), now, say });
}
