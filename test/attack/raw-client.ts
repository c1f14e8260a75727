import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { NKey } from "../../src/identity/keys/nkey.ts";

/** What a thief of a sidecar's folder has. */
export interface Stolen {
  readonly port: number;
  readonly service: string;
  readonly instance: string;
  readonly jwt: string;
  readonly seed: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** A connection to the broker that keeps to no manners of a client library: any bytes, any size, never read. */
export async function rawClient({ port, jwt, seed, tls }: Stolen): Promise<TLSSocket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const [greeting] = (await once(socket, "data")) as [Buffer];
  const { nonce } = JSON.parse(greeting.toString().slice("INFO ".length)) as { nonce: string };
  const secure = connectTls({ socket, ...tls, servername: "nats.mesh" });
  secure.on("error", () => {});
  await once(secure, "secureConnect");
  const sig = Buffer.from(NKey.fromSeed(seed).sign(Buffer.from(nonce))).toString("base64url");
  const options = { verbose: false, pedantic: false, jwt, sig, headers: true, no_responders: true };
  secure.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`);
  let said = "";
  while (!/PONG|-ERR/.test(said)) {
    const [data] = (await Promise.race([once(secure, "data"), once(secure, "close")])) as [Buffer | boolean];
    if (typeof data === "boolean") throw new Error(said || "closed");
    said += data.toString();
  }
  if (said.includes("-ERR")) throw new Error(said);
  return secure;
}
