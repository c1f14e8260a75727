import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { Say } from "../options.ts";
import { Certificates } from "./certificates.ts";
import type { CertificateFiles } from "./options.ts";

/** How often the files are looked at. */
const LOOK_MS = 1000;

/** TLS on connections that somebody else accepts. */
export interface Secure {
  /** Begins the handshake; a connection that ends it well goes to `secured`. */
  begin(socket: Socket): void;
  /** When the first of its certificates ends, in Unix ms. */
  readonly endsAt: number;
  close(): void;
}

/**
 * TLS 1.2 and 1.3 with HTTP/1.1 (RFC 7301: who can speak none of what is offered is turned away). A new certificate
 * is for new connections; those that are open go on.
 * @throws CertificateError
 */
export async function secure(
  files: readonly CertificateFiles[],
  handshakeMs: number,
  say: Say,
  secured: (socket: TLSSocket) => void,
): Promise<Secure> {
  const certificates = await Certificates.load(files, say, () => server.setSecureContext(settings()));
  const settings = () => ({ ...certificates.first, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
  // It accepts nothing itself: connections are counted before their handshake costs anything.
  const server = createServer({
    ...settings(),
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: handshakeMs,
    allowHalfOpen: true,
    SNICallback: (name, done) => done(null, certificates.context(name)),
  });
  certificates.watch(LOOK_MS);
  server.on("secureConnection", secured);
  // Node leaves it open: also when the time for the handshake is over.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return {
    begin: (socket) => void server.emit("connection", socket),
    get endsAt() {
      return certificates.endsAt;
    },
    close: () => certificates.close(),
  };
}
